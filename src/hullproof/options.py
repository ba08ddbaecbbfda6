"""How options are spelled, whichever way they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from hullproof.text import clean

_SHOWN = 200


def pairs(values: Iterable[str]) -> dict[str, str]:
    """Read NAME=VALUE, later ones over earlier ones. Raises ValueError, one line, for what is none."""
    found = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name or "\0" in value:
            raise ValueError(f"{clean(repr(value), _SHOWN)} must be NAME=VALUE")
        found[name] = text
    return found


def files(values: Iterable[str]) -> dict[str, str]:
    """Read ID=PATH, later ones over earlier ones, as whole paths. Raises ValueError, one line, for what is none."""
    return _places(values, "ID=PATH", Path.is_file, "file")


def folders(values: Iterable[str]) -> dict[str, str]:
    """Read NAME=PATH, later ones over earlier ones, as whole paths. Raises ValueError, one line, for what is none."""
    return _places(values, "NAME=PATH", Path.is_dir, "folder")


def _places(values: Iterable[str], form: str, is_one: Callable[[Path], bool], kind: str) -> dict[str, str]:
    found = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name or not text or "\0" in value:
            raise ValueError(f"{clean(repr(value), _SHOWN)} must be {form}")
        if not is_one(path(text)):
            raise ValueError(f"{clean(text, _SHOWN)}: there is no such {kind}")
        found[name] = str(Path(text).absolute())
    return found


def path(text: str | Path) -> Path:
    """Take a path, whether or not anything is there. Raises ValueError, one line, for what no system looks up."""
    found = Path(text)
    try:
        found.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return found
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it has a NUL"
        raise ValueError(f"{clean(str(text), _SHOWN)}: is no path ({reason}); give another") from error
    return found


def names(value: str | None) -> list[str] | None:
    """Read ID,...; None where nothing was said, which is not the same as naming none."""
    return None if value is None else [each.strip() for each in value.split(",") if each.strip()]
