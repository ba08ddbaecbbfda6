"""The lab: experiments on scratch copies, rebuilt through the same cache. The user's tree is never written."""

from __future__ import annotations

from hullproof.lab.lab import Lab

__all__ = ["Lab"]
