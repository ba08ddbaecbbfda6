"""What output must never be: a command to a CI service, or characters that act on a terminal or deceive its reader.

The commands are recognised as the services do it, rather too often than too seldom: whatever a command is called, and
whatever its case.
"""

from __future__ import annotations

import re
import unicodedata

COMMANDS = (
    "::error file=app.py,line=1::taken over",
    "::stop-commands::pause",
    " \t::set-output name=verdict::proven",
    "\u3000\u00a0::add-mask::proven",
    "\u2028::debug::",
    "\r::endgroup::",
    "##[group]folded",
    "said ##[error]gone",
    "##vso[task.setvariable variable=PATH]/tmp",
    "##teamcity[buildStatus status='SUCCESS']",
    "section_start:1560896352:hidden\r\x1b[0K",
)
"""Lines that a runner of GitHub, an agent of Azure or TeamCity, or GitLab's log would act on."""

MARKS = (
    "\x1b[2J \x1b]0;title\x07 \x9b2J \x90q\x9c \x00 \x7f\b\v\f\x1c\x85 "
    "\u061c\u180e\u200b\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff "
    "\u2028\u2029 \u00ad\u034f\u115f\u3164\uffa0 \udcff \ufffe \U000e0041 \ue000"
)
"""Characters that move, colour, hide, reverse or end what is written, and some that are none."""

TEXTS = (*COMMANDS, MARKS)

_CONTROLLING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_NET_SPACE = re.compile(r"[\s\u0085\u00a0\u180e\u200b\ufeff]*")


def commands(output: str) -> list[str]:
    """Return the lines of output that a CI service would take for a command."""
    return [each for each in re.split(r"\r\n|\n|\r", output) if _is_command(each)]


def _is_command(line: str) -> bool:
    # https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs: TryParseV2, then TryParse.
    trimmed = line[_NET_SPACE.match(line).end() :]  # type: ignore[union-attr] # it matches nothing, too
    if trimmed.startswith("::") and "::" in trimmed[2:]:
        return True
    # The same anywhere in a line: `##[`, `##vso[` and `##teamcity[`; and the marks of a section in GitLab's log.
    return re.search(r"##\w*\[|section_(start|end):\d+:[^\r]*\r\x1b\[0K", line, re.IGNORECASE) is not None


def marks(output: str, allowed: str = "\n") -> set[str]:
    """Return the characters of output that act or deceive, by their escapes; `allowed` are let pass."""
    return {
        each.encode("unicode_escape", "backslashreplace").decode()
        for each in set(output) - set(allowed)
        if unicodedata.category(each) in _CONTROLLING
    }


def assert_harmless(output: str, allowed: str = "\n") -> None:
    """Fail where any reader of the output would act on it, or could not read it."""
    assert commands(output) == []
    assert marks(output, allowed) == set()
    output.encode("utf-8")
