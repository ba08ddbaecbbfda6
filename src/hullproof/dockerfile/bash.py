"""Shell text as Bash reads it: its syntax tree, and the literal text of a node. tree-sitter's grammar reads; nothing is run."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


_REPLACED = frozenset(
    {
        "simple_expansion",
        "expansion",
        "command_substitution",
        "process_substitution",
        "arithmetic_expansion",
        "brace_expression",
    }
)
_GLOB = re.compile(r"(?<!\\)[*?\[]|^~")


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter  # noqa: PLC0415 (a native library: only where a RUN step is read)
    import tree_sitter_bash  # noqa: PLC0415 (the same)

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def tree(text: str) -> Node:
    """Parse shell text. The grammar always gives a tree; `has_error` says that a part made no sense."""
    return _parser().parse(text.encode("utf-8", "replace")).root_node


def source(node: Node) -> str:
    """Give the text of a node as it was written."""
    return (node.text or b"").decode("utf-8", "replace")


def literal(node: Node) -> str:
    """Give a word without its quotes and escapes. Expansions stay as they are written."""
    text = source(node)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string":
        return re.sub(r'\\([$`"\\])', r"\1", text[1:-1]).replace("\\\n", "")
    if node.type == "ansi_c_string":
        return text[2:-1]
    if node.type in {"concatenation", "command_name"}:
        return "".join(literal(child) for child in node.children)
    if node.type == "word":
        return re.sub(r"\\(.)", r"\1", text.replace("\\\n", ""), flags=re.DOTALL)
    return text


def is_replaced(node: Node) -> bool:
    """Whether a shell would put something else in the place of a word, or of a part of it."""
    if node.type in _REPLACED or (node.type == "word" and _GLOB.search(source(node))):
        return True
    return any(is_replaced(child) for child in node.children)


def rough(text: str) -> list[tuple[str, ...]]:
    """Split text that no grammar reads into commands."""
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=";|&()\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        tokens = list(lexer)
    except ValueError:  # a quote that never ends
        tokens = re.findall(r"[;|&()\n]+|[^\s;|&()]+", text)
    commands: list[tuple[str, ...]] = []
    words: list[str] = []
    for token in [*tokens, ";"]:
        if token.strip(";|&()\n"):
            words.append(token)
        elif words:
            commands.append(tuple(words))
            words = []
    return commands
