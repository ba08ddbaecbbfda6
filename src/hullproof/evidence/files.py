"""Files that the command line names: evidence, keys, reports."""

from __future__ import annotations

from pathlib import Path

from hullproof.errors import UsageError


def read_file(path: Path, most: int, *, option: str = "") -> bytes:
    """Return a file of `most` bytes at the most, whole. Raises UsageError, one line that names the option, where it cannot."""
    name = f"{option} {path}".lstrip()
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "its name has a NUL"
        raise UsageError(f"{name}: cannot be read ({said})") from None
    if len(content) > most:
        raise UsageError(f"{name}: is larger than {most:,} bytes; give a smaller one")
    return content
