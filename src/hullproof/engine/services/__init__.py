"""The services that run beside the booted container: a project's own compose file, made harmless.

Nothing has a fixed name, publishes a port, mounts a folder of this machine or outlives the run, so that any
number of runs can have the same services at once, on an engine that may be elsewhere.
"""

from __future__ import annotations

from hullproof.engine.services.running import read, start

__all__ = ["read", "start"]
