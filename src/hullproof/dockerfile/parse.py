"""From text to `Dockerfile`, by BuildKit's own parser; what that lets pass and a build would not is refused."""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, Any, Protocol

from hullproof.dockerfile.graph import Dockerfile
from hullproof.dockerfile.model import (
    DEFAULT_SHELL,
    GLOBAL_SCOPE,
    Heredoc,
    Instruction,
    Stage,
    heredoc_starts,
)
from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYWORDS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
_EXPECTED = {
    "ADD": "ADD <source>... <destination>",
    "ARG": "ARG <name>[=<default>]",
    "COPY": "COPY <source>... <destination>",
    "ENV": "ENV <name>=<value>",
    "EXPOSE": "EXPOSE <port>[/<protocol>]",
    "FROM": "FROM [--platform=<platform>] <image> [AS <name>]",
    "HEALTHCHECK": "HEALTHCHECK CMD <command>, or HEALTHCHECK NONE",
    "LABEL": "LABEL <name>=<value>",
    "ONBUILD": "ONBUILD <instruction>",
    "RUN": "RUN <command>",
    "SHELL": 'SHELL ["/bin/sh", "-c"]',
    "STOPSIGNAL": "STOPSIGNAL <signal>",
    "USER": "USER <user>[:<group>]",
    "VOLUME": "VOLUME <path>",
    "WORKDIR": "WORKDIR <path>",
}
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*\Z")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*\Z")


class _Command(Protocol):
    """What the parser gives for one instruction."""

    cmd: str | None
    sub_cmd: str | None
    json: bool
    original: str
    start_line: int
    end_line: int
    flags: tuple[str, ...]
    value: tuple[str, ...]
    heredocs: tuple[Any, ...]


def parse(text: str | bytes, name: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile. Raises UsageError, in one line that has the place, for what no build would take."""
    source = _decoded(text, name)
    directives = _directives(source)
    global_args: list[Instruction] = []
    stages: list[Stage] = []
    for command in _commands(source, name):
        _check(command, name, first=not stages)
        if (command.cmd or "").upper() == "FROM":
            stages.append(_stage(command, len(stages), name))
        elif not stages:
            global_args.append(_instruction(command, GLOBAL_SCOPE))
        else:
            inner = _inner(command, source, directives.get("escape", "\\"))
            following = _instruction(command, stages[-1].index, inner)
            extended = (*stages[-1].instructions, following)
            stages[-1] = dataclasses.replace(stages[-1], instructions=extended)
    if not stages:
        raise UsageError(f"{name}: there is no FROM; a Dockerfile needs at least one: {_EXPECTED['FROM']}")
    plain = Dockerfile(
        name=name,
        stages=tuple(stages),
        global_args=tuple(global_args),
        syntax_directive=directives.get("syntax"),
        escape=directives.get("escape", "\\"),
        text=source,
    )
    return dataclasses.replace(plain, stages=_with_shells(plain))


def _decoded(text: str | bytes, name: str) -> str:
    """Give text that the parser can take: its library ends the whole process on anything but UTF-8."""
    try:
        raw = text.encode() if isinstance(text, str) else text
        source = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{name}:{line}: this is not UTF-8; save the file as UTF-8") from None
    except UnicodeEncodeError as error:
        line = error.object[: error.start].count("\n") + 1
        raise UsageError(f"{name}:{line}: this is not UTF-8; save the file as UTF-8") from None
    if "\0" in source:
        line = source[: source.index("\0")].count("\n") + 1
        raise UsageError(f"{name}:{line}: there is a NUL byte; a Dockerfile is plain UTF-8 text")
    if not source.strip():
        raise UsageError(f"{name}: the file is empty; it needs at least {_EXPECTED['FROM']}")
    return source


def _directives(source: str) -> dict[str, str]:
    """Read the parser directives, which stand before anything else, each at most once."""
    directives: dict[str, str] = {}
    for line in source.splitlines():
        found = _DIRECTIVE.match(line.strip())
        if found is None or found[1].lower() in directives:
            break
        directives[found[1].lower()] = found[2]
    return directives


def _commands(source: str, name: str) -> Sequence[_Command]:
    commands, error = _try(source)
    if error is None:
        return commands
    if error == "file with no instructions":
        raise UsageError(f"{name}: there are only comments; it needs at least {_EXPECTED['FROM']}")
    line, keyword = _fault(source, error)
    what, expected = _explained(error, keyword)
    raise UsageError(f"{name}:{line}: {what}; {expected}")


def _try(source: str) -> tuple[Sequence[_Command], str | None]:
    import dockerfile  # noqa: PLC0415 (a Go runtime: not to be loaded by `--help`)

    try:
        return dockerfile.parse_string(source), None
    except dockerfile.GoParseError as error:
        return (), str(error)


def _fault(source: str, error: str) -> tuple[int, str]:
    """Find the line that the parser refuses, and its instruction's keyword: errors carry neither.

    Text that ends before the fault passes, or fails in other words; text that holds it fails in these.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", source)
    if "heredoc" in error:
        # Each here-document cut in two fails alike, so the one that never ends is looked for from the end.
        good = next(end for end in range(len(lines), -1, -1) if _try("".join(lines[:end]))[1] != error)
    else:
        good, bad = 0, len(lines)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (good, middle) if _try("".join(lines[:middle]))[1] == error else (middle, bad)
    before = "".join(lines[:good])
    commands = _try(before)[0]
    if commands and len(_try(f"{before}Q=q\n")[0]) == len(commands):
        return good + 1, (
            commands[-1].cmd or ""
        ).upper()  # another line would still have belonged to the last one
    return good + 1, (lines[good].split() or [""])[0].upper()


def _explained(error: str, keyword: str) -> tuple[str, str]:
    """Put the parser's words, and what would be right."""
    if "heredoc" in error:
        return "a here-document has no end", "its delimiter must stand alone on a later line"
    what = error.removeprefix("Syntax error - ").rstrip(".")
    return what, f"expected {_EXPECTED.get(keyword, 'an instruction')}"


def _check(command: _Command, name: str, *, first: bool) -> None:
    """Refuse what the parser passes and BuildKit does not."""
    place = f"{name}:{command.start_line}"
    if not command.cmd:
        raise UsageError(f"{place}: a continuation leads to nothing; expected an instruction before it")
    for keyword in filter(None, (command.cmd.upper(), (command.sub_cmd or "").upper())):
        if keyword not in _KEYWORDS:
            close = difflib.get_close_matches(keyword, _KEYWORDS, 1, 0.5)
            right = f"did you mean {close[0]}?" if close else f"known are: {', '.join(_KEYWORDS)}"
            raise UsageError(f"{place}: unknown instruction '{keyword}'; {right}")
    keyword = command.cmd.upper()
    if first and keyword not in {"FROM", "ARG"}:
        raise UsageError(f"{place}: {keyword} before the first FROM; only ARG may stand there")
    least = 2 if keyword in {"COPY", "ADD"} else 0 if keyword in {"CMD", "ENTRYPOINT"} else 1
    if len(command.value) < least:
        raise UsageError(f"{place}: {keyword} lacks an argument; expected {_EXPECTED.get(keyword, keyword)}")
    if keyword == "SHELL" and not command.json:
        raise UsageError(f"{place}: SHELL takes the JSON form only; expected {_EXPECTED['SHELL']}")
    if keyword == "HEALTHCHECK" and command.value[0].upper() not in {"CMD", "NONE"}:
        raise UsageError(f"{place}: unknown '{command.value[0]}'; expected {_EXPECTED['HEALTHCHECK']}")
    if keyword == "ONBUILD" and (command.sub_cmd or "").upper() in {"ONBUILD", "FROM", "MAINTAINER", ""}:
        raise UsageError(f"{place}: ONBUILD cannot hold {command.sub_cmd}; expected {_EXPECTED['ONBUILD']}")


def _stage(command: _Command, index: int, name: str) -> Stage:
    words = command.value
    named = len(words) == 3 and words[1].upper() == "AS"  # noqa: PLR2004 (image, AS, name)
    if len(words) != 1 and not named:
        raise UsageError(f"{name}:{command.start_line}: FROM is malformed; expected {_EXPECTED['FROM']}")
    stage_name = words[2] if named else None
    if stage_name is not None and not _STAGE_NAME.match(stage_name.lower()):
        wanted = "a letter, then letters, digits, '.', '_' or '-'"
        raise UsageError(
            f"{name}:{command.start_line}: '{stage_name}' cannot name a stage; expected {wanted}"
        )
    platform = next((f.partition("=")[2] for f in command.flags if f.startswith("--platform=")), None)
    return Stage(index, stage_name, words[0], platform, command.start_line, ())


def _inner(command: _Command, source: str, escape: str) -> _Command | None:
    """Parse what an ONBUILD holds once more: its flags and here-documents are not told with it."""
    if (command.cmd or "").upper() != "ONBUILD":
        return None
    text = "\n".join(source.split("\n")[command.start_line - 1 : command.end_line])
    found = re.match(rf"(?is)\s*ONBUILD(?:\s|{re.escape(escape)}\r?\n)+(.*)", text)
    commands = _try(f"# escape={escape}\n{found[1]}\n")[0] if found else ()
    return commands[0] if len(commands) == 1 else None


def _instruction(command: _Command, stage_index: int, inner: _Command | None = None) -> Instruction:
    held = inner or command
    starts = heredoc_starts(" ".join(held.value))
    heredocs = []
    for doc in held.heredocs:
        chomp, expands = starts.get(doc.name, (False, True))
        content = re.sub(r"(?m)^\t+", "", doc.content) if chomp else doc.content
        heredocs.append(Heredoc(doc.name, content, chomp=chomp, expand=expands))
    return Instruction(
        keyword=(command.cmd or "").upper(),
        args=tuple(held.value),
        json=bool(held.json),
        flags=tuple(held.flags),
        original=command.original,
        line=command.start_line,
        end_line=command.end_line,
        heredocs=tuple(heredocs),
        stage_index=stage_index,
        trigger=command.sub_cmd.upper() if command.sub_cmd else None,
    )


def _with_shells(plain: Dockerfile) -> tuple[Stage, ...]:
    """Tell each instruction the SHELL in effect, handed down along FROM."""
    last: dict[int, tuple[str, ...]] = {}
    stages: list[Stage] = []
    for stage in plain.stages:
        parent = plain.parent(stage)
        shell = last[parent.index] if parent else DEFAULT_SHELL
        instructions = []
        for instruction in stage.instructions:
            shell = instruction.args if instruction.keyword == "SHELL" else shell
            instructions.append(dataclasses.replace(instruction, shell=shell))
        last[stage.index] = shell
        stages.append(dataclasses.replace(stage, instructions=tuple(instructions)))
    return tuple(stages)
