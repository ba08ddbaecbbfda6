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
_RUN = re.compile(
    r"(?:RUN\s+)?(?:\|\d+ .*?)?(?P<shell>/\S*sh -\S*c )(?P<command>.*?)(?:\s*# buildkit)?\Z", re.DOTALL
)
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
    if (keyword == "RUN" or text == entry) and (found := _RUN.fullmatch(text)):
        shell, option = found["shell"].split()
        return "RUN", f"RUN {json.dumps([shell, option, found['command']])}"
    return "", f"# {' '.join(text.split())}"


def _quoted(value: str) -> str:
    return '"' + re.sub(r'([\\"$])', r"\\\1", " ".join(value.split())) + '"'


def _is_readable(text: str) -> bool:
    try:
        return len(parse(f"FROM scratch\n{text}\n".encode(), NAME).stages) == 1
    except UsageError:
        return False
