"""Walks the syntax tree of shell text: every simple command, whatever it stands in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.dockerfile import bash
from hullproof.dockerfile.steps import ShellCommand, ShellProgram, roughly
from hullproof.dockerfile.wrappers import started_by_find, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 8
_NO_WORDS = frozenset({"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect"})


def walk(text: str, depth: int = 0) -> ShellProgram:
    """Read shell text. Raises RecursionError where it is nested beyond all measure."""
    root = bash.tree(text)
    if root.has_error:
        return ShellProgram(
            roughly(text), ("a part of the shell text could not be read; it was split into words",)
        )
    walker = _Walker(depth)
    walker.walk(root)
    return ShellProgram(tuple(walker.found), tuple(walker.problems))


class _Walker:
    """Walks one text; shells that it starts have texts of their own, as deep as there is sense in it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.found: list[ShellCommand] = []
        self.problems: list[str] = []

    def walk(self, root: Node) -> None:
        """Find the commands below a node, in order, those within a command before it."""
        # Not by recursion: a chain of a thousand `&&` is a tree as deep.
        waiting: list[tuple[Node, str | None, bool]] = [(root, None, False)]
        while waiting:
            node, stdin, is_done = waiting.pop()
            if is_done:
                self.command(node, stdin)
                continue
            if node.type == "command":
                waiting.append((node, stdin, True))
            document = None
            if node.type == "redirected_statement":
                below = [each for child in node.children for each in child.children]
                document = next((bash.source(each) for each in below if each.type == "heredoc_body"), stdin)
            waiting += [(child, document, False) for child in reversed(node.children)]

    def command(self, node: Node, stdin: str | None) -> None:
        """Take a command; `stdin` is a here-document that it reads."""
        parts = [child for child in node.children if child.is_named and child.type not in _NO_WORDS]
        strings = [child for child in node.children if child.type == "herestring_redirect"]
        stdin = bash.literal(strings[-1].children[-1]) if strings else stdin
        self.simple(tuple(bash.literal(part) for part in parts), bash.source(node), stdin)

    def simple(self, argv: tuple[str, ...], text: str, stdin: str | None) -> None:
        """Take a command, or those of the shell that it starts."""
        seen = unwrap(argv, stdin)
        started = started_by_find(seen.argv)
        if started:
            self.simple(started, text, None)
        elif seen.script is not None and self.depth < _DEEPEST:
            inner = walk(seen.script, self.depth + 1)
            self.problems += inner.problems
            self.found += [
                replace(each, wrappers=(*seen.wrappers, *each.wrappers)) for each in inner.commands
            ]
        elif seen.argv:
            self.found.append(ShellCommand(seen.argv, text, seen.wrappers))
