"""`hullproof init`: looks at a project, and writes what it is missing for an image that can be proven."""

from __future__ import annotations

from hullproof.init.door import init

__all__ = ["init"]
