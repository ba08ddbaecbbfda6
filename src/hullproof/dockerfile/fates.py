"""What becomes of an exit code: the rules of a POSIX shell, as far as Dockerfiles use them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

_GROUPS = frozenset({"compound_statement", "subshell", "else_clause"})


@dataclass(frozen=True)
class Fate:
    """What becomes of a statement that fails.

    `lost` says why its status does not reach the step, None if it does; `death` says the same of its whole
    shell ending there. `exempt` is where `set -e` does not act: conditions, the left of `&&` and `||`.
    """

    lost: str | None = None
    death: str | None = None
    exempt: bool = False
    pipestatus: bool = False
    """Whether a pipeline's codes are looked at one by one, by means of PIPESTATUS."""

    def outcome(self, *, errexit: bool) -> str | None:
        """Say why a failure would be lost, given `set -e` or not; None if it reaches the step."""
        return self.death if errexit and not self.exempt else self.lost


def set_options(argv: Sequence[str], *, errexit: bool, pipefail: bool) -> tuple[bool, bool]:
    """Follow a `set` command: -e, +e, -o pipefail, -euo pipefail and so on."""
    waiting: list[bool] = []
    for word in argv[1:]:
        if word in {"--", "-"}:
            break
        if word[:1] in {"-", "+"}:
            on = word[0] == "-"
            errexit = on if "e" in word[1:] else errexit
            waiting += [on] if "o" in word[1:] else []
        elif waiting:
            on = waiting.pop()
            errexit = on if word == "errexit" else errexit
            pipefail = on if word == "pipefail" else pipefail
    return errexit, pipefail


def is_exit(node: Node) -> bool:
    """Whether this is `exit`, `return` or `true`, whatever its code."""
    return _argv(node)[:1] in (["exit"], ["return"], ["true"], [":"])


def always_fails(*nodes: Node) -> bool:
    """Whether running these, one after the other, always ends with a failure: `exit 1`, `echo x; false`."""
    steps = [node for node in nodes if node.is_named and node.type != "comment"]
    for step in steps:
        argv = _argv(step)
        if argv[:1] in (["exit"], ["return"]):
            return argv[1:] != ["0"]
    if not steps:
        return False
    last = steps[-1]
    if last.type in _GROUPS:
        return always_fails(*last.children)
    if last.type == "redirected_statement":
        return always_fails(last.children[0])
    if last.type == "list" and last.children[1].type == "&&":
        return always_fails(last.children[-1])
    return _argv(last) == ["false"]


def handled_later(later: Sequence[Node]) -> bool:
    """Whether what follows passes the exit code on: `exit $?`, `rc=$?; ...; exit $rc`, a test of `$?`."""
    first = words.source(later[0])
    if _argv(later[0])[:1] in (["exit"], ["return"]) and _argv(later[0])[1:] in ([], ["$?"], ["${?}"]):
        return True
    if later[0].type == "variable_assignment" and first.strip('"').endswith(("=$?", '="$?')):
        name = first.partition("=")[0]
        spelled = {f"${name}", f"${{{name}}}"}
        return any(spelled & set(_argv(step)[1:]) for step in later[1:] if is_exit(step))
    if len(later) == 1 and re.search(r"\$\?\"? (?:-eq|==?) \"?0", first):
        return True
    tests = later[0].type in {"if_statement", "list"} and "$?" in first
    return tests and any(word in first for word in ("exit 1", "exit $", "return 1", "false"))


def accepts_no_tests_only(node: Node) -> bool:
    """Whether `|| ...` forgives nothing but pytest's code 5, no tests collected: failures still count."""
    return re.search(r"\$\{?\?\}?\"? (?:-eq|==?) \"?5\b", words.source(node)) is not None


def _argv(node: Node) -> list[str]:
    if node.type == "redirected_statement":
        return _argv(node.children[0])
    if node.type != "command":
        return []
    return [words.literal(child).strip('"') for child in node.children if child.is_named]
