"""The report of a project whose Dockerfile no build would take: there is no release to prove anything of."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hullproof import __version__
from hullproof.facts import Config
from hullproof.model import DEFAULT_PROFILE, BuildError, ProjectInfo, Proof, Report, Verdict
from hullproof.runner.choice import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullproof.errors import DockerfileError


def report_of_unreadable(
    error: DockerfileError, *, profile: str | None, only: Sequence[str] | None, experiments: bool
) -> Report:
    """Make the report of a project whose Dockerfile no build would take: its build fails, and nothing is shown by it."""
    config = Config(profile=profile or DEFAULT_PROFILE)
    practices, left_out = choose(config, only, experiments=experiments)
    found = re.match(re.escape(error.dockerfile) + r":(\d+): (.*)", str(error), re.DOTALL)
    reason = found[2] if found else str(error).removeprefix(f"{error.dockerfile}: ")
    return Report(
        project=ProjectInfo(name=error.name[:200], dockerfile=error.dockerfile),
        image=None,
        engine=None,
        hullproof_version=__version__,
        started_at=datetime.now(timezone.utc),
        duration_s=0.0,
        proofs=tuple(
            Proof(
                each.id,
                each.family,
                each.title,
                Verdict.UNPROVEN,
                f"The project's own build fails at {error}".rstrip("?.") + ".",
                explanation=each.explanation,
            )
            for each in practices
        ),
        build_error=BuildError(None, int(found[1]) if found else None, (), reason),
        left_out=tuple(each.id for each in left_out),
        profile=config.profile,
    )
