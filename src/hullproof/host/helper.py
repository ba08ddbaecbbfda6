"""The image that our own scripts run in beside the container: one whose content is known, whatever the project names.

A base is the project's choice and may be anybody's. What is known are the official images of Python, the stand-ins
that are made here of Debian's packages, and what the user, not the project, says may be trusted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hullproof.engine.container.sidecar import Helper
from hullproof.engine.plugins import numbers
from hullproof.errors import EndingError, EngineError
from hullproof.host.bases import provide_bases
from hullproof.host.standinplan import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.engine.connection import Engine
    from hullproof.host.bases import Base, BaseSet

OWN = "HULLPROOF_SIDECAR_IMAGE"
"""The environment variable that names another image to trust."""

_DEFAULT = "python:3-slim"
_OLDEST = (3, 10)  # the same as Hullproof's own


def provide_helper(
    engine: Engine, bases: BaseSet, *, say: Callable[[str], None], owner: str = ""
) -> Helper | str:
    """Return the helper: what the user names, a known base of the build, else `python:3-slim`, found, pulled or made.

    Where there is none, the reason is returned: what would have been seen with it is unproven. `owner` is the run that
    it is for.
    """
    own = os.environ.get(OWN)
    known = None if own else next((base for base in bases.bases if _is_known(base)), None)
    try:
        base = known or provide_bases(engine, [own or _DEFAULT], say=say, owner=owner).bases[0]
    except EndingError:
        raise
    except EngineError as error:
        return f"no image to look at the container from: {error}; or name one with Python 3.10 by {OWN}"
    return Helper(base.known.id, base.image)


def _is_known(base: Base) -> bool:
    """Whether it is an official image of Python, or stands in for one, and new enough."""
    if parse_reference(base.reference).official != "python" and not base.stand_in:
        return False
    return numbers(base.known.env.get("PYTHON_VERSION", "")) >= _OLDEST
