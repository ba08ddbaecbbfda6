"""Walks the syntax tree of shell text: every simple command, and what becomes of its exit code."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hullproof.dockerfile import words
from hullproof.dockerfile.fates import (
    Fate,
    accepts_no_tests_only,
    always_fails,
    handled_later,
    is_exit,
    set_options,
)
from hullproof.dockerfile.steps import ShellCommand, ShellProgram, roughly
from hullproof.dockerfile.wrappers import started_by_find, unwrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

_DEEPEST = 8
_SEQUENCES = frozenset({"program", "compound_statement", "do_group", "else_clause", "case_item", "subshell"})
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_LOOPS = frozenset({"for_statement", "c_style_for_statement", "while_statement"})
_LOOP = "in a loop, where only the last round's exit code counts"


def walk(text: str, *, errexit: bool, pipefail: bool) -> ShellProgram:
    """Read shell text. Raises RecursionError where it is nested beyond all measure."""
    walker = _Walker(errexit=errexit, pipefail=pipefail)
    walker.script(text, Fate())
    return ShellProgram(tuple(walker.found), tuple(walker.problems))


class _Walker:
    """Walks a syntax tree in the order of execution, with the shell's options as they change."""

    def __init__(self, *, errexit: bool, pipefail: bool, depth: int = 0) -> None:
        self.errexit, self.pipefail, self.depth = errexit, pipefail, depth
        self.found: list[ShellCommand] = []
        self.problems: list[str] = []
        self.functions: dict[str, Node] = {}
        self.condition: str | None = None

    def script(self, text: str, fate: Fate) -> None:
        root = words.tree(text)
        if root.has_error:
            self.problems.append("a part of the shell text could not be read; it was split into words")
            self.found += roughly(text)
        else:
            self.walk(root, fate)

    def walk(self, node: Node, fate: Fate) -> None:
        if node.type == "subshell":
            outcome = fate.outcome(errexit=self.errexit)
            self.inside(node, Fate(outcome, outcome, exempt=fate.exempt))
        elif node.type in _SEQUENCES:
            self.sequence(node.children, fate)
        elif node.type in _LOOPS:
            self.loop(node, fate)
        elif (handler := getattr(self, f"on_{node.type}", None)) is not None:
            handler(node, fate)
        else:
            self.substitutions(node, f"inside `{words.brief(node)}`")

    def inside(self, node: Node, fate: Fate) -> None:
        """Walk a subshell: options that it sets end with it."""
        before = self.errexit, self.pipefail
        self.sequence(node.children, fate)
        self.errexit, self.pipefail = before

    def sequence(self, nodes: Sequence[Node], fate: Fate) -> None:
        """Walk statements one after the other: a later one's exit code replaces an earlier one's."""
        steps = [node for node in nodes if node.is_named and node.type not in {"comment", "heredoc_body"}]
        background = {a.id for a, b in pairwise(nodes) if b.type == "&"}
        for position, node in enumerate(steps):
            later = steps[position + 1 :]
            own = fate
            if node.id in background and later and words.source(later[-1]).startswith("wait $"):
                own = replace(fate, exempt=True)  # the last `wait` brings its code back
            elif node.id in background:
                own = Fate("it runs in the background", "it runs in the background", exempt=True)
            elif later:
                ending = next((step for step in later if is_exit(step)), later[0])
                reason = f"`; {words.brief(ending)}` follows, whose exit code counts instead"
                lost = fate.death if handled_later(later) else reason
                own = replace(fate, lost=lost)
                if node.type == "pipeline" and "PIPESTATUS" in words.source(later[0]):
                    own = replace(fate, lost=fate.death, pipestatus=True)
            self.walk(node, own)

    def on_list(self, node: Node, fate: Fate) -> None:
        left, operator, right = node.children[0], node.children[1].type, node.children[-1]
        self.joined(left, operator, right, fate)

    def joined(self, left: Node, operator: str, right: Node, fate: Fate) -> None:
        """Walk `left && right` or `left || right`."""
        if operator == "&&":
            self.walk(left, replace(fate, exempt=True))
            if left.type == "test_command":
                self.only_if(f"`{words.brief(left)}` holds", right, fate)
            else:
                self.walk(right, fate)
            return
        lost: str | None = f"`|| {words.brief(right)}` follows"
        if always_fails(right):
            lost = fate.death
        elif accepts_no_tests_only(right):
            lost = fate.outcome(errexit=self.errexit)
        self.walk(left, replace(fate, lost=lost, exempt=True))
        self.only_if(f"`{words.brief(left)}` fails", right, fate)

    def only_if(self, condition: str, node: Node, fate: Fate) -> None:
        outer, self.condition = self.condition, self.condition or condition
        self.walk(node, fate)
        self.condition = outer

    def on_pipeline(self, node: Node, fate: Fate) -> None:
        parts = [child for child in node.children if child.is_named]
        self.piped(parts, fate)

    def piped(self, parts: Sequence[Node], fate: Fate) -> None:
        """Walk `a | b | c`: each in a shell of its own; without pipefail only the last one's code counts."""
        if parts and parts[0].type == "negated_command":
            fate = Fate("it is negated by `!`", fate.death, exempt=True)
            parts = [parts[0].children[-1], *parts[1:]]
        outcome = fate.outcome(errexit=self.errexit)
        for position, part in enumerate(parts):
            lost = outcome
            if position < len(parts) - 1 and not self.pipefail and not fate.pipestatus:
                lost = f"it is piped into `{words.brief(parts[position + 1])}` without pipefail"
            before = self.errexit, self.pipefail
            self.walk(part, Fate(lost, lost, exempt=fate.exempt))
            self.errexit, self.pipefail = before

    def on_negated_command(self, node: Node, fate: Fate) -> None:
        self.walk(node.children[-1], replace(fate, lost="it is negated by `!`", exempt=True))

    def on_if_statement(self, node: Node, fate: Fate) -> None:
        """Walk an `if`; a failing condition counts after all where the branch it leads to always fails."""
        then = next(i for i, child in enumerate(node.children) if child.type == "then")
        tests = [child for child in node.children[1:then] if child.is_named]
        clauses = [child for child in node.children[then:] if child.type in {"elif_clause", "else_clause"}]
        body = [c for c in node.children[then + 1 :] if c.is_named and c not in clauses]
        self.tests(tests, body, clauses[-1] if clauses else None, fate)
        outer = self.condition
        tested = words.brief(tests[-1]) if tests else "..."
        self.condition = outer or f"`{tested}` holds"
        self.sequence(body, fate)
        self.condition = outer or f"`{tested}` does not hold"
        for clause in clauses:
            if clause.type == "elif_clause":
                self.on_if_statement(clause, fate)
            else:
                self.sequence(clause.children, fate)
        self.condition = outer

    def tests(self, tests: Sequence[Node], body: list[Node], otherwise: Node | None, fate: Fate) -> None:
        lost: str | None = "it is the condition of an `if`"
        negated = bool(tests) and tests[-1].type == "negated_command"
        if negated and always_fails(*body):
            self.walk(tests[-1].children[-1], Fate(fate.death, fate.death, exempt=True))
            return
        if not negated and otherwise is not None and always_fails(otherwise):
            lost = fate.death
        self.sequence(tests, Fate(lost, fate.death, exempt=True))

    def loop(self, node: Node, fate: Fate) -> None:
        body = node.child_by_field_name("body")
        for child in node.children:
            if child.is_named and body is not None and child.id != body.id:
                reason = "it is the condition of a loop"
                self.walk(child, Fate(reason, fate.death, exempt=True))
        if body is not None:
            self.walk(body, replace(fate, lost=_LOOP))

    def on_case_statement(self, node: Node, fate: Fate) -> None:
        for item in node.children:
            if item.type == "case_item":
                patterns = {child.id for child in item.children_by_field_name("value")}
                steps = [child for child in item.children if child.id not in patterns]
                outer, self.condition = self.condition, self.condition or "a `case` matches"
                self.sequence(steps, fate)
                self.condition = outer

    def on_function_definition(self, node: Node, fate: Fate) -> None:
        del fate  # what counts is how it is called
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[words.source(name)] = body

    def on_redirected_statement(self, node: Node, fate: Fate) -> None:
        """Walk a statement with redirections; what follows a `<<EOF` on its line hangs on the redirection."""
        body = node.child_by_field_name("body")
        heredoc = next((child for child in node.children if child.type == "heredoc_redirect"), None)
        if body is None:
            return
        stdin = None
        if heredoc is not None:
            stdin = next((words.source(c) for c in heredoc.children if c.type == "heredoc_body"), "")
            right = heredoc.child_by_field_name("right")
            operator = heredoc.child_by_field_name("operator")
            pipe = next((c for c in heredoc.children if c.type == "pipeline"), None)
            if pipe is not None:
                self.piped([body, *(c for c in pipe.children if c.is_named)], fate)
                return
            if right is not None and operator is not None:
                self.joined(body, operator.type, right, fate)
                return
        if body.type == "command":
            self.on_command(body, fate, stdin)
        else:
            self.walk(body, fate)

    def on_variable_assignment(self, node: Node, fate: Fate) -> None:
        """Walk `X=$(...)`, whose exit code is that of the substitution."""
        for child in node.children:
            if child.type in _SUBSTITUTIONS:
                outcome = fate.outcome(errexit=self.errexit)
                self.inside(child, Fate(outcome, outcome, exempt=fate.exempt))
            else:
                self.substitutions(child, "inside a substitution")

    def on_command(self, node: Node, fate: Fate, stdin: str | None = None) -> None:
        self.substitutions(node, "its exit code is lost in a substitution")
        kinds = {"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect"}
        parts = [child for child in node.children if child.is_named and child.type not in kinds]
        for child in node.children:
            if child.type == "herestring_redirect":
                stdin = words.literal(child.children[-1])
        self.simple(tuple(words.literal(part) for part in parts), words.source(node), fate, stdin)

    def simple(self, argv: tuple[str, ...], text: str, fate: Fate, stdin: str | None) -> None:
        seen = unwrap(argv, stdin)
        if not seen.argv:
            return
        if seen.argv[0] == "set":
            self.errexit, self.pipefail = set_options(seen.argv, errexit=self.errexit, pipefail=self.pipefail)
        outcome = fate.outcome(errexit=self.errexit)
        started, loses = started_by_find(seen.argv)
        if started and self.depth < _DEEPEST:
            lost = "find ends well whatever a command behind -exec comes to" if loses else outcome
            self.depth += 1
            self.simple(started, text, Fate(lost, lost, exempt=True), None)
            self.depth -= 1
        elif seen.script is not None and self.depth < _DEEPEST:
            inner = _Walker(errexit=seen.errexit, pipefail=seen.pipefail, depth=self.depth + 1)
            inner.script(seen.script, Fate(outcome, outcome))
            wrapped = (replace(c, wrappers=(*seen.wrappers, *c.wrappers)) for c in inner.found)
            self.found += [replace(c, condition=self.condition or c.condition) for c in wrapped]
            self.problems += inner.problems
        elif seen.argv[0] in self.functions and self.depth < _DEEPEST:
            body = self.functions[seen.argv[0]]
            self.depth += 1
            self.walk(body, fate)
            self.depth -= 1
        else:
            self.found.append(ShellCommand(seen.argv, text, seen.wrappers, outcome, self.condition))

    def substitutions(self, node: Node, reason: str) -> None:
        """Walk the substitutions inside a node: their exit codes go nowhere."""
        for child in node.children:
            if child.type in _SUBSTITUTIONS:
                self.inside(child, Fate(reason, reason, exempt=True))
            elif child.is_named:
                self.substitutions(child, reason)
