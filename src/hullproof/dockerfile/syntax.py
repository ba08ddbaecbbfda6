"""From a Dockerfile's text to its statements, as BuildKit splits them: lines, continuations, here-documents.

The rules are those of BuildKit's own parser, its oddities included; tests hold the one against the other.
https://docs.docker.com/reference/dockerfile/#format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hullproof.dockerfile.arguments import BETWEEN, KEYWORDS, split_arguments, split_flags
from hullproof.dockerfile.fault import SyntaxFault
from hullproof.dockerfile.heredocs import SPACES, announced
from hullproof.dockerfile.model import Heredoc

LONGEST_LINE = 65_535
"""The most bytes that BuildKit takes as one physical line."""

_COMMENT = re.compile(f"[{SPACES}]*#")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+)\Z")
_KNOWN = frozenset(map(str.lower, KEYWORDS))
_DIRECTIVES = ("check", "escape", "syntax")


@dataclass(frozen=True)
class Statement:
    """One instruction as written, nothing resolved. `line` and `end_line` count from 1.

    `keyword` is upper case where it is one that BuildKit knows, and as written where it is none. `text` is all
    of it, continuations joined, comments between them gone, here-documents left out. `inner` is what an ONBUILD holds.
    """

    keyword: str
    flags: tuple[str, ...]
    args: tuple[str, ...]
    text: str
    json: bool = False
    line: int = 0
    end_line: int = 0
    heredocs: tuple[Heredoc, ...] = ()
    inner: Statement | None = None

    @property
    def original(self) -> str:
        """All that was written, here-documents included."""
        bodies = "".join(f"{doc.raw}{doc.name}\n" for doc in self.heredocs)
        return f"{self.text}\n{bodies}" if self.heredocs else self.text


# --- lines ---------------------------------------------------------------------------------------------


def directives(source: str) -> dict[str, str]:
    """Read the parser directives, which stand before anything else. Raises SyntaxFault for one that comes twice."""
    found: dict[str, str] = {}
    for number, line in enumerate(source.split("\n"), start=1):
        match = _DIRECTIVE.match(line.rstrip("\r").lstrip(SPACES))
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            break
        if name in found:
            raise SyntaxFault(f"only one {name} directive can be used", number, right="remove the second one")
        found[name] = match[2].rstrip()
        if name == "escape" and found[name] not in {"\\", "`"}:
            raise SyntaxFault(f"{found[name]!r} is no escape character", number, right="expected \\ or `")
    return found


def statements(source: str, escape: str = "\\") -> Iterator[Statement]:
    """Yield each statement of a file, in order. Raises SyntaxFault at the first that no build would take."""
    lines = source.split("\n")
    if lines[-1] == "":
        lines.pop()
    continued = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*\Z")
    at = 0
    while at < len(lines):
        first = at + 1
        line = "" if _COMMENT.match(lines[at]) else _physical(lines, at).lstrip(SPACES)
        at += 1
        if not line:
            continue
        parts = [continued.sub("", line)]
        more = parts[0] != line
        while more and at < len(lines):
            line = _physical(lines, at)
            at += 1
            if _COMMENT.match(line) or not line.strip(SPACES):
                continue
            parts.append(continued.sub("", line))
            more = parts[-1] != line
        try:
            statement = _statement("".join(parts), escape)
            heredocs, at = _heredocs(statement, lines, at)
        except SyntaxFault as fault:
            fault.line = fault.line or first
            fault.keyword = parts[0].split(None, 1)[0].upper() if parts[0].strip() else ""
            raise
        yield replace(statement, line=first, end_line=at, heredocs=heredocs)


def _physical(lines: list[str], at: int) -> str:
    """Return a line without its end. Raises SyntaxFault where it is longer than BuildKit takes."""
    line = lines[at]
    if len(line) > LONGEST_LINE // 4 and len(line.encode()) > LONGEST_LINE:
        raise SyntaxFault(
            f"a line of more than {LONGEST_LINE} bytes", at + 1, right="break it with continuations"
        )
    return line.rstrip("\r")


def _heredocs(statement: Statement, lines: list[str], at: int) -> tuple[tuple[Heredoc, ...], int]:
    """Read the here-documents that a statement announces, from line `at` on; return them and where it goes on."""
    held = statement.inner or statement
    if held.keyword not in {"ADD", "COPY", "RUN"} or held.json:
        return (), at
    found = []
    for doc in announced(statement.text):
        content: list[str] = []
        while True:
            if at == len(lines):
                right = f"{doc.name!r} must stand alone on a later line"
                raise SyntaxFault("a here-document has no end", right=right)
            line = _physical(lines, at)
            at += 1
            if (line.lstrip("\t") if doc.chomp else line) == doc.name:
                break
            content.append(f"{lines[at - 1]}\n")
        found.append(replace(doc, raw="".join(content)))
    return tuple(found), at


# --- one statement -------------------------------------------------------------------------------------


def _statement(text: str, escape: str) -> Statement:
    """Split one joined line into keyword, flags and arguments."""
    words = BETWEEN.split(text.strip(SPACES), maxsplit=1)
    keyword = words[0].upper() if words[0].lower() in _KNOWN else words[0]
    flags, rest = split_flags(words[1]) if len(words) > 1 else ((), "")
    rest = rest.strip(SPACES)
    if keyword == "ONBUILD":
        inner = _statement(rest, escape) if rest else None
        return Statement(keyword, flags, (), text, inner=inner)
    args, as_json = split_arguments(rest, keyword, escape)
    return Statement(keyword, flags, args, text, as_json)
