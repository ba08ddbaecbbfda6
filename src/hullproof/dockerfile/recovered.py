"""A Dockerfile as far as an image tells it: a line for each entry of its history, in the order of `docker history`'s end.

What is in force is the configuration's word, where the history only has what was meant by it: `EXPOSE map[5000/tcp:{}]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from hullproof.dockerfile.graph import Dockerfile
from hullproof.dockerfile.parse import parse
from hullproof.errors import UsageError
from hullproof.text import line

NAME = "history"
"""What such a Dockerfile is called in evidence: `history:7` is what the seventh entry tells, the oldest being the second."""

_OLD_BUILDERS = "/bin/sh -c #(nop) "
_RUN = re.compile(r"(?:RUN\s+)?(?P<arguments>\|\d+ )?")
_SHELL = re.compile(r"(?<!\S)(?P<shell>/\S*sh) (?P<option>-\S*c) ")
"""Each looks at a text once, from its start or from where a word begins: an image's history may be of any length."""
_PAIRS = frozenset({"ENV", "ARG", "LABEL"})
_KEPT = frozenset({"COPY", "ADD", "MAINTAINER"})


def recovered(created_by: Iterable[str], in_force: Mapping[str, str], base: str) -> Dockerfile:
    """Return the Dockerfile of one stage on `base` that an image's history, oldest first, comes to.

    `in_force` has by keyword the instruction that has the configuration's value: USER, WORKDIR, CMD and the like. One of
    which the history has no entry stands at the end; earlier ones of its kind, and what cannot be read, are comments.
    """
    written = [_instruction(each, in_force) for each in created_by]
    for keyword, instruction in in_force.items():
        places = [at for at, (kind, _) in enumerate(written) if kind == keyword]
        for at in places[:-1]:
            written[at] = keyword, f"# {written[at][1]}"
        at = places[-1] if places else len(written)
        written[at : at + 1] = [(keyword, instruction)]
    lines = [text if _is_readable(text) else f"# {line(text)}" for _, text in written]
    return parse("\n".join((f"FROM {base}", *lines, "")).encode(), NAME)


def _instruction(entry: str, in_force: Mapping[str, str]) -> tuple[str, str]:
    """Return an entry's keyword and the instruction, on one line."""
    text = entry.removeprefix(_OLD_BUILDERS).strip()
    keyword, _, rest = text.partition(" ")
    rest = rest.removesuffix("# buildkit").strip()
    if keyword in in_force or keyword in _KEPT:
        return keyword, f"{keyword} {' '.join(rest.split())}"
    if keyword in _PAIRS:
        name, equals, value = rest.partition("=")
        return keyword, f"{keyword} {name}={_quoted(value)}" if equals else f"{keyword} {rest}"
    if keyword == "WORKDIR":
        return keyword, f"WORKDIR {rest}"
    if (keyword == "RUN" or text == entry) and (words := _run(text)):
        return "RUN", f"RUN {json.dumps(words)}"
    return "", f"# {' '.join(text.split())}"


def _run(text: str) -> list[str] | None:
    """Return the shell, its option and the command of an entry that ran one; values of build arguments come before."""
    head = _RUN.match(text)
    if head is None:
        return None
    find = _SHELL.search if head["arguments"] else _SHELL.match
    found = find(text, head.end())
    return found and [*found.groups(), text[found.end() :].removesuffix("# buildkit").rstrip()]


def _quoted(value: str) -> str:
    return '"' + re.sub(r'([\\"$])', r"\\\1", " ".join(value.split())) + '"'


def _is_readable(text: str) -> bool:
    """Whether it is one line by itself: no other stage, and nothing that goes on in the next line."""
    try:
        stages = parse(f"FROM scratch\n{text}\nUSER next\n".encode(), NAME).stages
    except UsageError:
        return False
    return len(stages) == 1 and stages[0].instructions[-1].line == 3  # noqa: PLR2004 - its third line
