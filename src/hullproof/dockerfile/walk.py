"""Walks the syntax tree of shell text: every simple command, whatever it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.dockerfile import words
from hullproof.dockerfile.steps import ShellCommand, ShellProgram, roughly
from hullproof.dockerfile.wrappers import started_by_find, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 8
_NO_WORDS = frozenset({"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect"})


def walk(text: str, depth: int = 0) -> ShellProgram:
    """Read shell text. Raises RecursionError where it is nested beyond all measure."""
    root = words.tree(text)
    if root.has_error:
        return ShellProgram(
            roughly(text), ("a part of the shell text could not be read; it was split into words",)
        )
    walker = _Walker(depth)
    return ShellProgram(tuple(walker.commands(root)), tuple(walker.problems))


class _Walker:
    """Walks one text; shells that it starts have texts of their own, as deep as there is sense in it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.problems: list[str] = []

    def commands(self, node: Node, stdin: str | None = None) -> Iterator[ShellCommand]:
        """Yield the commands below a node, in order; `stdin` is a here-document that it reads."""
        here = node.type == "redirected_statement"
        below = [each for child in node.children for each in child.children]
        document = next((words.source(each) for each in below if each.type == "heredoc_body"), stdin)
        for child in node.children:
            yield from self.commands(child, document if here else None)
        if node.type == "command":
            parts = [child for child in node.children if child.is_named and child.type not in _NO_WORDS]
            strings = [child for child in node.children if child.type == "herestring_redirect"]
            stdin = words.literal(strings[-1].children[-1]) if strings else stdin
            yield from self.simple(tuple(words.literal(part) for part in parts), words.source(node), stdin)

    def simple(self, argv: tuple[str, ...], text: str, stdin: str | None) -> Iterator[ShellCommand]:
        """Yield a command, or those of the shell that it starts."""
        seen = unwrap(argv, stdin)
        started = started_by_find(seen.argv)
        if started:
            yield from self.simple(started, text, None)
        elif seen.script is not None and self.depth < _DEEPEST:
            inner = walk(seen.script, self.depth + 1)
            self.problems += inner.problems
            yield from (replace(each, wrappers=(*seen.wrappers, *each.wrappers)) for each in inner.commands)
        elif seen.argv:
            yield ShellCommand(seen.argv, text, seen.wrappers)
