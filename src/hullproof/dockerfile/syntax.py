"""From a Dockerfile's text to its statements, as BuildKit splits them: lines, flags, words, here-documents.

The rules are those of BuildKit's own parser, its oddities included; tests hold the one against the other.
https://docs.docker.com/reference/dockerfile/#format
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from hullproof.dockerfile.heredocs import SPACES, announced
from hullproof.dockerfile.model import Heredoc

LONGEST_LINE = 65_535
"""The most bytes that BuildKit takes as one physical line."""

_BYTE_SPACES = "\t\n\v\f\r \x85\xa0"
_ENDS = re.compile(f"^[{SPACES}]+|[{SPACES}]+$")
_LEADING = re.compile(f"^[{SPACES}]+")
_COMMENT = re.compile(f"[{SPACES}]*#")
_BETWEEN = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+)\Z")
_DIRECTIVES = ("check", "escape", "syntax")


class SyntaxFault(Exception):  # noqa: N818 - a fault of the file, not of the program
    """What no build would take. `line` counts from 1; `keyword` is the instruction's; `right`: what is missing."""

    def __init__(self, what: str, line: int = 0, keyword: str = "", right: str = "") -> None:
        """Keep the place beside the words."""
        super().__init__(what)
        self.what, self.line, self.keyword, self.right = what, line, keyword, right


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
        match = _DIRECTIVE.match(_LEADING.sub("", line.rstrip("\r")))
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
        line = "" if _COMMENT.match(lines[at]) else _LEADING.sub("", _physical(lines, at))
        at += 1
        if not line:
            continue
        parts = [continued.sub("", line)]
        more = parts[0] != line
        while more and at < len(lines):
            line = _physical(lines, at)
            at += 1
            if _COMMENT.match(line) or not _LEADING.sub("", line):
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
    words = _BETWEEN.split(_ENDS.sub("", text), maxsplit=1)
    keyword = words[0].upper() if words[0].lower() in _KNOWN else words[0]
    flags, rest = _flags(words[1]) if len(words) > 1 else ((), "")
    rest = _ENDS.sub("", rest)
    if keyword == "ONBUILD":
        inner = _statement(rest, escape) if rest else None
        return Statement(keyword, flags, (), text, inner=inner)
    args, as_json = _ARGUMENTS.get(keyword, _nothing)(rest, keyword, escape)
    return Statement(keyword, flags, args, text, as_json)


_Split = tuple[tuple[str, ...], bool]
"""Arguments, and whether they were written as a JSON list."""


def _nothing(_rest: str, _keyword: str, _escape: str) -> _Split:
    return (), False


def _whole(rest: str, _keyword: str, _escape: str) -> _Split:
    return ((rest,) if rest else ()), False


def _between_blanks(rest: str, _keyword: str, _escape: str) -> _Split:
    return (tuple(_BETWEEN.split(rest)) if rest else ()), False


def _words(rest: str, _keyword: str, escape: str) -> _Split:
    return tuple(_quoted_words(rest, escape)), False


def _pairs(rest: str, keyword: str, escape: str) -> _Split:
    """Split `name=value …`, or the old form `name value`, into names and values by turns."""
    words = _quoted_words(rest, escape)
    if words and "=" not in words[0]:
        parts = _BETWEEN.split(rest, maxsplit=1)
        if len(parts) == 1:
            raise SyntaxFault(f"{keyword} must have two arguments")
        return tuple(parts), False
    found: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise SyntaxFault(f"can't find = in {json.dumps(word, ensure_ascii=False)}")
        found += [name, value]
    return tuple(found), False


def _command(rest: str, _keyword: str, _escape: str) -> _Split:
    listed = _json(rest)
    return (listed, True) if listed is not None else (((rest,) if rest else ()), False)


def _paths(rest: str, keyword: str, escape: str) -> _Split:
    listed = _json(rest)
    return (listed, True) if listed is not None else _between_blanks(rest, keyword, escape)


def _health(rest: str, keyword: str, escape: str) -> _Split:
    """Split off CMD or NONE; what follows is a command."""
    # BuildKit looks for the space byte by byte here.
    found = re.match(f"([^{_BYTE_SPACES}]*)[{_BYTE_SPACES}]*(.*)", _bytewise(rest), re.DOTALL)
    kind, command = (found[1], found[2]) if found else ("", "")
    if not kind:
        return (), False
    args, as_json = _command(_textwise(command), keyword, escape)
    return (_textwise(kind), *args), as_json


_ARGUMENTS: dict[str, Callable[[str, str, str], _Split]] = {
    **dict.fromkeys(("ADD", "COPY", "VOLUME"), _paths),
    **dict.fromkeys(("CMD", "ENTRYPOINT", "RUN", "SHELL"), _command),
    **dict.fromkeys(("ENV", "LABEL"), _pairs),
    **dict.fromkeys(("EXPOSE", "FROM"), _between_blanks),
    **dict.fromkeys(("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"), _whole),
    "ARG": _words,
    "HEALTHCHECK": _health,
}
KEYWORDS = tuple(sorted([*_ARGUMENTS, "ONBUILD"]))
"""Every instruction that there is."""
_KNOWN = frozenset(map(str.lower, KEYWORDS))


def _json(rest: str) -> tuple[str, ...] | None:
    """Read a JSON list of strings; None for what is no JSON list, which is then a command for the shell.

    What stands behind the list is dropped, as BuildKit did until it came to take the whole for a shell's command.
    """
    if not rest.startswith("["):
        return None
    try:
        values, _end = _JSON.raw_decode(rest)
    except ValueError:
        return None
    except RecursionError:
        values = [None]
    if not all(isinstance(value, str) for value in values):
        raise SyntaxFault("when using JSON array syntax, arrays must be comprised of strings only")
    # A lone surrogate is no character: Go puts the replacement character in its place.
    return tuple(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for value in values)


def _refuse(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are Python's own


_JSON = json.JSONDecoder(parse_constant=_refuse, parse_int=float)


@cache
def _word(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    plain, single = rf"[^{SPACES}{e}'\"]|{e}.", r"'[^']*(?:'|\Z)"
    double = rf"\"(?:{e}.|[^\"{e}])*(?:\"|\Z|(?={e}\Z))"
    return re.compile(f"(?:{plain}|{single}|{double})+", re.DOTALL)


def _quoted_words(rest: str, escape: str) -> list[str]:
    """Split at spaces outside of quotes. Quotes and escapes stay; an escape at the very end goes."""
    return _word(escape).findall(rest)


# --- flags ---------------------------------------------------------------------------------------------

_PIECE = re.compile(
    rf"[^{_BYTE_SPACES}\\'\"]+|\\.|\\\Z|'(?:[^'\\]|\\.)*(?:'|\\?\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)", re.DOTALL
)
_FLAG = re.compile(rf"[{_BYTE_SPACES}]*(--(?:{_PIECE.pattern})*)", re.DOTALL)


def _flags(text: str) -> tuple[tuple[str, ...], str]:
    """Split off the leading `--flags`, unquoted; return them and the rest. A lone `--` ends them."""
    raw, flags, at = _bytewise(text), list[str](), 0
    while found := _FLAG.match(raw, at):
        at = found.end()
        flag = "".join(map(_unquoted, _PIECE.findall(found[1])))
        if flag == "--":
            break
        flags.append(flag)
    return tuple(flags), _textwise(re.sub(f"^[{_BYTE_SPACES}]+", "", raw[at:]))


def _unquoted(piece: str) -> str:
    if piece[0] in "'\"":
        piece = piece[1:-1] if len(piece) > 1 and piece[-1] == piece[0] else piece[1:]
    return re.sub(r"\\(.?)", r"\1", piece, flags=re.DOTALL)


def _bytewise(text: str) -> str:
    """Show each byte as one character: BuildKit looks for spaces in bytes here, and finds them within letters."""
    return text.encode().decode("latin-1")


def _textwise(raw: str) -> str:
    return raw.encode("latin-1").decode("utf-8", "replace")
