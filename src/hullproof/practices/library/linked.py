"""Packages that were installed as a link to their sources (editable), where those are not in the release."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import install_commands
from hullproof.practices.library.lines import instead, text_of

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts

_MISSED = re.compile(r"\bNo module named '?(\w+)")
_EDITABLE = re.compile(r"(?<=\s)(?:-e|--editable)[ =](?=\S)")
_NO_EDITABLE = frozenset({"uv", "pdm"})
_COPY_WHOLE = "Install it whole, not as a link to where it was built (no -e, --no-editable), or copy its sources to that place."


def left_behind(files: FileFacts | None, log: tuple[str, ...]) -> str | None:
    """Name the module that a log misses, where its package is a link to sources that the release does not have.

    Such a package's RECORD lists a .pth, and none of its modules:
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    found = [match[1] for line in log if (match := _MISSED.search(line)) is not None]
    for layer in files.added_layers if files is not None and found else ():
        for path, text in layer.texts.items():
            if path.endswith(".dist-info/RECORD") and _is_link(text):
                name = path.rsplit("/", 2)[1].partition("-")[0]
                if name.lower() == found[-1].lower():
                    return found[-1]
    return None


def _is_link(record: str) -> bool:
    rows = [row[0] for row in csv.reader(record.splitlines()) if row]
    modules = [each for each in rows if each.endswith(".py") and not each.startswith("__editable__")]
    return any(each.endswith(".pth") for each in rows) and not modules


def to_install_whole(release: Release) -> str:
    """Say how the step that made the link installs the package itself."""
    for stage in release.needed:
        for step in reversed(stage.instructions):
            text = text_of(step) or ""
            own = [each for each in install_commands(step) if each.installs_project]
            meant = _EDITABLE.sub("", text)
            if meant == text and any(each.tool in _NO_EDITABLE for each in own) and len(own) == 1:
                command = own[0].command.text
                meant = text.replace(command, f"{command} --no-editable", 1)
            if own and meant != text and "--no-editable" not in text:
                return instead(release, step.line, meant) or _COPY_WHOLE
    return _COPY_WHOLE
