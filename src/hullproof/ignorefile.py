"""Which ignore file a build reads, and its patterns. What they match is the real builder's to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Pattern:
    """One line that counts. `exception` is a line that begins with `!`; `text` comes without it."""

    text: str
    raw: str
    line: int
    exception: bool


@dataclass(frozen=True)
class IgnoreFile:
    """The ignore file in effect. `name` is relative to the context where it lies inside."""

    path: Path
    name: str
    patterns: tuple[Pattern, ...]
    overrides: Path | None = None
    """A `.dockerignore` at the root of the context that this file puts out of effect."""

    @property
    def exceptions(self) -> tuple[Pattern, ...]:
        """The lines that let something back in."""
        return tuple(pattern for pattern in self.patterns if pattern.exception)

    @property
    def is_allow_list(self) -> bool:
        """Whether it first shuts out everything and then lets things in by name."""
        return any(not p.exception and p.text.strip("/") in {"*", "**"} for p in self.patterns)


def find(context: Path, dockerfile: Path) -> IgnoreFile | None:
    """Find the ignore file of a build: `<Dockerfile>.dockerignore` beside it comes before `.dockerignore`.

    None if there is neither. Raises OSError if it cannot be read.
    """
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    common = context / ".dockerignore"
    if own.is_file():
        return read(own, context, overrides=common if common.is_file() else None)
    return read(common, context) if common.is_file() else None


def read(path: Path, context: Path, overrides: Path | None = None) -> IgnoreFile:
    """Read one ignore file."""
    name = str(path.relative_to(context)) if path.is_relative_to(context) else str(path)
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    return IgnoreFile(path, name, patterns(text), overrides)


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
