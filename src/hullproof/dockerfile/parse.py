"""From text to `Dockerfile`: statements become instructions of stages, and what no build would take is refused."""

from __future__ import annotations

import dataclasses
import difflib
import re

from hullproof.dockerfile.arguments import KEYWORDS
from hullproof.dockerfile.fault import SyntaxFault
from hullproof.dockerfile.graph import Dockerfile
from hullproof.dockerfile.model import DEFAULT_SHELL, GLOBAL_SCOPE, Instruction, Stage
from hullproof.dockerfile.syntax import Statement, directives, statements
from hullproof.errors import UsageError

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
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*\Z")


def parse(text: str | bytes, name: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile. Raises UsageError, in one line that has the place, for what no build would take."""
    source = _decoded(text, name)
    global_args: list[Instruction] = []
    bare: list[Stage] = []
    held: list[list[Statement]] = []
    try:
        found = directives(source)
        for statement in statements(source, found.get("escape", "\\")):
            _check(statement, name, first=not bare)
            if statement.keyword == "FROM":
                bare.append(_stage(statement, len(bare), name))
                held.append([])
            elif held:
                held[-1].append(statement)
            else:
                global_args.append(_instruction(statement, GLOBAL_SCOPE, DEFAULT_SHELL))
    except SyntaxFault as fault:
        expected = _EXPECTED.get(fault.keyword, "an instruction")
        raise UsageError(
            f"{name}:{fault.line}: {fault.what}; {fault.right or f'expected {expected}'}"
        ) from None
    if not bare:
        what = "there is no FROM" if global_args else "there are only comments"
        raise UsageError(f"{name}: {what}; a Dockerfile needs at least {_EXPECTED['FROM']}")
    plain = Dockerfile(
        name=name,
        stages=tuple(bare),
        global_args=tuple(global_args),
        syntax_directive=found.get("syntax"),
        escape=found.get("escape", "\\"),
        text=source,
    )
    return dataclasses.replace(plain, stages=_filled(plain, held))


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


def _check(statement: Statement, name: str, *, first: bool) -> None:
    """Refuse what splits well and BuildKit does not take."""
    place = f"{name}:{statement.line}"
    keyword, inner = statement.keyword, statement.inner
    for each in filter(None, (statement, inner)):
        if not each.keyword:
            raise UsageError(f"{place}: a continuation leads to nothing; expected an instruction before it")
        if each.keyword not in KEYWORDS:
            close = difflib.get_close_matches(each.keyword.upper(), KEYWORDS, 1, 0.5)
            right = f"did you mean {close[0]}?" if close else f"known are: {', '.join(KEYWORDS)}"
            raise UsageError(f"{place}: unknown instruction '{each.keyword}'; {right}")
    if first and keyword not in {"FROM", "ARG"}:
        raise UsageError(f"{place}: {keyword} before the first FROM; only ARG may stand there")
    if keyword == "ONBUILD":
        if inner is None or inner.keyword in {"ONBUILD", "FROM", "MAINTAINER"}:
            what = inner.keyword if inner else "nothing"
            raise UsageError(f"{place}: ONBUILD cannot hold {what}; expected {_EXPECTED['ONBUILD']}")
        return
    least = 2 if keyword in {"COPY", "ADD"} else 0 if keyword in {"CMD", "ENTRYPOINT"} else 1
    if len(statement.args) < least:
        raise UsageError(f"{place}: {keyword} lacks an argument; expected {_EXPECTED.get(keyword, keyword)}")
    if keyword == "SHELL" and not statement.json:
        raise UsageError(f"{place}: SHELL takes the JSON form only; expected {_EXPECTED['SHELL']}")
    if keyword == "HEALTHCHECK" and statement.args[0].upper() not in {"CMD", "NONE"}:
        raise UsageError(f"{place}: unknown '{statement.args[0]}'; expected {_EXPECTED['HEALTHCHECK']}")


def _stage(statement: Statement, index: int, name: str) -> Stage:
    words = statement.args
    named = len(words) == 3 and words[1].upper() == "AS"  # noqa: PLR2004 (image, AS, name)
    if len(words) != 1 and not named:
        raise UsageError(f"{name}:{statement.line}: FROM is malformed; expected {_EXPECTED['FROM']}")
    stage_name = words[2] if named else None
    if stage_name is not None and not _STAGE_NAME.match(stage_name.lower()):
        wanted = "a letter, then letters, digits, '.', '_' or '-'"
        raise UsageError(f"{name}:{statement.line}: '{stage_name}' cannot name a stage; expected {wanted}")
    platform = next((f.partition("=")[2] for f in statement.flags if f.startswith("--platform=")), None)
    return Stage(index, stage_name, words[0], platform, statement.line, ())


def _instruction(statement: Statement, stage_index: int, shell: tuple[str, ...]) -> Instruction:
    held = statement.inner or statement
    return Instruction(
        keyword=statement.keyword,
        args=held.args,
        json=held.json,
        flags=held.flags,
        original=statement.original,
        line=statement.line,
        end_line=statement.end_line,
        heredocs=statement.heredocs,
        stage_index=stage_index,
        trigger=statement.inner.keyword if statement.inner else None,
        shell=shell,
    )


def _filled(plain: Dockerfile, held: list[list[Statement]]) -> tuple[Stage, ...]:
    """Fill the stages with their instructions, each with the SHELL in effect, which FROM hands down."""
    last: list[tuple[str, ...]] = []
    stages = []
    for stage, inside in zip(plain.stages, held, strict=True):
        parent = plain.parent(stage)
        shell = last[parent.index] if parent else DEFAULT_SHELL
        instructions = []
        for statement in inside:
            shell = statement.args if statement.keyword == "SHELL" else shell
            instructions.append(_instruction(statement, stage.index, shell))
        last.append(shell)
        stages.append(dataclasses.replace(stage, instructions=tuple(instructions)))
    return tuple(stages)
