"""Which commands a RUN step runs. What becomes of their exit codes is left to experiments.

Read with tree-sitter's Bash grammar: complete, tolerant of faults, and quick to load.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import bash, walk
from hullproof.dockerfile.once import once
from hullproof.dockerfile.steps import ShellCommand, ShellProgram, roughly
from hullproof.dockerfile.wrappers import program
from hullproof.tools import SHELLS

if TYPE_CHECKING:
    from hullproof.dockerfile.model import Instruction

__all__ = ["ShellCommand", "ShellProgram", "commands", "read", "simple_words"]


_LEADING_HEREDOC = re.compile(r"""\A(\d*<<-?\s*(?:"[^"\n]+"|'[^'\n]+'|[^\s"'<>;|&]+))[ \t]+([^\n;|&]+)""")


@once
def commands(instruction: Instruction) -> ShellProgram:
    """Read the commands of a RUN (or an ONBUILD RUN, CMD, ENTRYPOINT)."""
    text = instruction.shell_text
    interpreter = instruction.shell
    if instruction.json:
        interpreter = ("/bin/sh", "-c")  # `shell_text` is one quoted command
    elif instruction.is_script and text.startswith("#!"):
        interpreter = tuple(text.partition("\n")[0][2:].split())
        interpreter = (
            interpreter[1:] if program(interpreter[0] if interpreter else "") == "env" else interpreter
        )
    name = program(interpreter[0]) if interpreter else ""
    if name not in SHELLS:
        return ShellProgram((), (f"this is a program for '{name}', not for a shell",))
    # The grammar wants `bash <<EOF`; a shell takes `<<EOF bash` just as well.
    return read(_LEADING_HEREDOC.sub(r"\2 \1", text))


def simple_words(text: str) -> tuple[tuple[str, ...], bool] | None:
    """Return the words of one simple command, without quotes, and whether the shell would replace any of them.

    None for anything more: operators, redirections, assignments, several commands, or what makes no sense.
    """
    root = bash.tree(text.strip())
    if root.has_error or len(root.children) != 1 or root.children[0].type != "command":
        return None
    parts = root.children[0].children
    if any(part.type in {"variable_assignment", "file_redirect", "herestring_redirect"} for part in parts):
        return None
    replaced = any(bash.is_replaced(part) for part in parts)
    return tuple(bash.literal(part) for part in parts), replaced


def read(text: str) -> ShellProgram:
    """Read shell text. Never raises: what makes no sense is split at operators, and `problems` says so."""
    try:
        return walk.walk(text)
    except RecursionError:
        return ShellProgram(roughly(text), ("the shell text is nested too deep; it was split into words",))
