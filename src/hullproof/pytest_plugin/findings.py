"""Findings that fail a test: what pytest shows of them is their text, without a traceback of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hullproof.text import line

if TYPE_CHECKING:
    from hullproof.engine.model.container import ContainerFacts


class Finding(Exception):  # noqa: N818 - about the image under test, no fault of ours
    """What was found, in a line. `details` are what else there is to say: a heading, and lines below it."""

    def __init__(self, summary: str, **details: Sequence[str]) -> None:
        """Take what was found, and the details by their headings, `_` for blanks; those without lines are left out."""
        super().__init__(line(summary))
        self.details = {
            heading.replace("_", " "): "\n".join(map(line, lines))
            for heading, lines in details.items()
            if lines
        }

    def details_once(self) -> Mapping[str, str]:
        """Return the details at the first call, nothing later: all tests that use one fixture get the same finding."""
        details, self.details = self.details, {}
        return details

    def __init_subclass__(cls) -> None:
        """Be shown by its bare name."""
        cls.__module__ = "builtins"


class Broken(Finding):
    """A practice does not hold."""


class Unproven(Finding):
    """A practice could not be shown either way."""


class BuildFailed(Finding):
    """The project's own build fails."""


class NotReady(Finding):
    """The container ended, or did not get ready in time."""


def why_not_ready(facts: ContainerFacts) -> str | None:
    """Say why a container is not ready; None where it is."""
    if facts.start_error is not None:
        return f"the container cannot be started: {facts.start_error}"
    if facts.limit is not None and not facts.ready:
        return f"the container is not ready: {facts.limit}"
    if facts.exit_code is not None:
        after = "" if facts.lived_s is None else f" after {facts.lived_s:.1f} s"
        return f"the container ended with exit code {facts.exit_code}{after}"
    if facts.unobservable is not None:
        return f"whether the container is ready cannot be seen: {facts.unobservable}"
    slowed = f"; {facts.slowed}" if facts.slowed else ""
    return None if facts.ready else f"the container is not ready: {facts.ready_by}{slowed}"
