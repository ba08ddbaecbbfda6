"""Which ignore file a build reads, and its patterns. What they match is the real builder's to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.project import projectfiles

if TYPE_CHECKING:
    from pathlib import Path

_COMMON = ".dockerignore"


@dataclass(frozen=True)
class Pattern:
    """One line that counts. `exception` is a line that begins with `!`; `text` comes without it."""

    text: str
    raw: str
    line: int
    exception: bool


@dataclass(frozen=True)
class IgnoreFile:
    """The ignore file in effect. `name` is its path within the project."""

    name: str
    patterns: tuple[Pattern, ...]
    overrides: str | None = None
    """A `.dockerignore` at the root of the context that this file puts out of effect."""

    @property
    def exceptions(self) -> tuple[Pattern, ...]:
        """The lines that let something back in."""
        return tuple(pattern for pattern in self.patterns if pattern.exception)

    @property
    def is_allow_list(self) -> bool:
        """Whether it first shuts out everything and then lets things in by name."""
        return any(not p.exception and p.text.strip("/") in {"*", "**"} for p in self.patterns)


def find(folder: Path, dockerfile: str, home: Path | None = None) -> IgnoreFile | None:
    """Find the ignore file of a build: `<Dockerfile>.dockerignore` beside it comes before `.dockerignore`.

    `folder` is the context; `dockerfile` is a path within `home`, by default the context as well. None where there is neither file.
    Raises ProjectFileError for what cannot be read.
    """
    own = f"{dockerfile}.dockerignore"
    places = {own: home or folder, _COMMON: folder}
    contents = {path: projectfiles.read_if_any(place, path) for path, place in places.items()}
    for path, content in contents.items():
        if content is not None:
            overrides = _COMMON if path == own and contents[_COMMON] is not None else None
            return IgnoreFile(path, patterns(content.decode("utf-8-sig", "surrogateescape")), overrides)
    return None


def patterns(text: str) -> tuple[Pattern, ...]:
    """List the patterns of an ignore file's text, in order: the last that matches wins in a build."""
    found = []
    for number, raw in enumerate(text.split("\n"), start=1):
        # Only a `#` in the first column makes a comment: BuildKit looks before it trims.
        stripped = raw.strip()
        if raw.startswith("#") or not stripped:
            continue
        exception = stripped.startswith("!")
        pattern = stripped[1:].strip() if exception else stripped
        found.append(Pattern(pattern, stripped, number, exception))
    return tuple(found)
