"""Writes down what a project accepts as broken, into the file that has its settings, and changes nothing else there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.project import projectfiles
from hullproof.project.config.model import Accepted
from hullproof.project.config.reading import OWN_FILE

_SECTION = re.compile(r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*hullproof[ \t]*\][ \t]*(?:#.*)?$\n?")
_LIST = re.compile(r"(?m)^[ \t]*accept[ \t]*=[ \t]*\[")


def write_accepted(folder: Path, entries: Sequence[Accepted]) -> str:
    """Add entries to the settings of the project in `folder`; return the file's name.

    That is pyproject.toml where it has our table, else hullproof.toml, which is made where there is none.
    Raises UsageError, with the lines to add by hand, where the file is written in a way that cannot be added to
    safely, and where it cannot be written.
    """
    name, text = _settings(folder)
    lines = "".join(f"  {_line(each)},\n" for each in entries)
    changed = _changed(text, lines, starts_at=_SECTION if name != OWN_FILE else None)
    if changed is None or _accepted(changed) != sorted(
        [*_accepted(text), *_accepted(f"accept = [\n{lines}]")]
    ):
        by_hand = " ".join(_line(each) + "," for each in entries)
        raise UsageError(f"{name}: cannot be added to safely; add to `accept` by hand: {by_hand}")
    try:
        (folder / name).write_text(changed, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{name}: cannot be written ({error.strerror})") from error
    return name


def _settings(folder: Path) -> tuple[str, str]:
    """Return the name and the text of the file that has, or is to have, the project's settings."""
    metadata = _text(folder, "pyproject.toml")
    is_there = "hullproof" in toml.table(toml.loads(metadata), "tool")
    return ("pyproject.toml", metadata) if is_there else (OWN_FILE, _text(folder, OWN_FILE))


def _text(folder: Path, name: str) -> str:
    text = (projectfiles.read_if_any(folder, name) or b"").decode("utf-8")
    return text if text.endswith("\n") or not text else text + "\n"


def _changed(text: str, lines: str, *, starts_at: re.Pattern[str] | None) -> str | None:
    """Return the text with the lines in its list `accept`, which is made where there is none; None where that fails."""
    section = starts_at.search(text) if starts_at else None
    if starts_at and section is None:
        return None
    start = section.end() if section else 0
    found = _LIST.search(text, start)
    if found and not re.search(r"(?m)^[ \t]*\[", text[start : found.start()]):
        return f"{text[: found.end()]}\n{lines}{text[found.end() :].lstrip(' ')}"
    return f"{text[:start]}accept = [\n{lines}]\n{text[start:]}"


def _accepted(text: str) -> list[tuple[str, str]]:
    """Return what a text accepts and until when, sorted; nothing for what is no TOML."""
    try:
        table = toml.loads(text)
    except toml.TomlError:
        return []
    entries = table.get("accept") or toml.table(table, "tool", "hullproof").get("accept") or []
    return sorted((str(each["practice"]), str(each["until"])) for each in entries)


def _line(entry: Accepted) -> str:
    # JSON's strings are TOML's, but for DEL: https://toml.io/en/v1.0.0#string
    reason = json.dumps(entry.reason, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f'{{ practice = "{entry.practice}", reason = {reason}, until = "{entry.until}" }}'
