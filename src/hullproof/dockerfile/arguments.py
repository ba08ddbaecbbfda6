"""What stands behind an instruction's keyword: flags, then arguments by the rule of each keyword, as BuildKit splits them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

from hullproof.dockerfile.fault import SyntaxFault
from hullproof.dockerfile.heredocs import SPACES

_BYTE_SPACES = "\t\n\v\f\r \x85\xa0"
BETWEEN = re.compile(r"[\t\v\f\r ]+")

_Split = tuple[tuple[str, ...], bool]
"""Arguments, and whether they were written as a JSON list."""


def _nothing(_rest: str, _keyword: str, _escape: str) -> _Split:
    return (), False


def _whole(rest: str, _keyword: str, _escape: str) -> _Split:
    return ((rest,) if rest else ()), False


def _between_blanks(rest: str, _keyword: str, _escape: str) -> _Split:
    return (tuple(BETWEEN.split(rest)) if rest else ()), False


def _words(rest: str, _keyword: str, escape: str) -> _Split:
    return tuple(_quoted_words(rest, escape)), False


def _pairs(rest: str, keyword: str, escape: str) -> _Split:
    """Split `name=value …`, or the old form `name value`, into names and values by turns."""
    words = _quoted_words(rest, escape)
    if words and "=" not in words[0]:
        parts = BETWEEN.split(rest, maxsplit=1)
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


def split_arguments(rest: str, keyword: str, escape: str) -> _Split:
    """Split what stands behind an instruction's flags, by the rule of its keyword."""
    return _ARGUMENTS.get(keyword, _nothing)(rest, keyword, escape)


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


def split_flags(text: str) -> tuple[tuple[str, ...], str]:
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
