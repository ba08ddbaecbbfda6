"""How the tests of a file are written, and where others like them can be planted."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from hullproof.lab.failing import PlantedTest, Spot, Style, made_up
from hullproof.lab.vocabulary import Vocabulary

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_EXAMPLE = re.compile(rb"^([ \t]*)>>> ", re.MULTILINE)
_SKIPS_ITSELF = re.compile(
    r"^pytestmark\b.*\bskip|\bimportorskip\(|\ballow_module_level\b|^[ \t]*raise (?:unittest\.)?SkipTest|^__test__\b",
    re.MULTILINE,
)
_MARK = re.compile(r"\bmark\.(\w+)")
_OTHERWISE = re.compile(r"skip|xfail|expectedFailure")
"""Decorators by which a test does not run, or does not count."""
_NOT_COPIED = frozenset({"parametrize", "asyncio", "anyio", "trio"})
"""Marks that ask something of the function that bears them."""
MOST = 60
"""So many tests are planted in one file at the most."""


def plan(path: str, content: bytes) -> Spot:
    """Plan what can be planted in a file that holds tests."""
    text = content.decode("utf-8", "replace")
    vocabulary = Vocabulary(text)
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Written for a newer Python than this one: its end is a place that needs no understanding.
        module = ast.Module([], [])
    found = list(_tests(module))
    likes = [each for each in found if not _is_otherwise(*each)]
    tests = [_like(test, owner, text, vocabulary) for test, owner in _spread(likes)[:MOST]]
    shared = [_labels(_decorators(test, owner)) for test, owner in found]
    labels = frozenset.intersection(*shared) if shared else frozenset()
    marked = re.search(r"^pytestmark = (.*)$", text, re.MULTILINE)
    return Spot(
        path,
        tuple(tests) or (made_up(vocabulary, content.count(b"\n") + 1, Style()),),
        content,
        labels=labels | (_labels([marked[1]]) if marked else frozenset()),
        skips_itself=bool(found and not likes) or _SKIPS_ITSELF.search(text) is not None,
    )


def plan_example(path: str, content: bytes) -> Spot | None:
    """Plan an example in front of the first one of a text; None where there is none."""
    first = _EXAMPLE.search(content)
    if first is None:
        return None
    style = Style(indent=first[1].decode(), is_example=True)
    after = len(content[: first.start()].splitlines())
    vocabulary = Vocabulary(content.decode("utf-8", "replace"))
    return Spot(path, (made_up(vocabulary, after, style),), content)


def _tests(module: ast.Module) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    """Yield the functions and methods that runners take for tests."""
    for node in module.body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test"):
            yield node, None
        elif isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, _FUNCTIONS))
            for each in methods:
                if each.name.startswith("test") and [arg.arg for arg in each.args.args[:1]] == ["self"]:
                    yield each, node


def _decorators(test: Function, owner: ast.ClassDef | None) -> list[str]:
    return [ast.unparse(each) for each in (*test.decorator_list, *(owner.decorator_list if owner else ()))]


def _is_otherwise(test: Function, owner: ast.ClassDef | None) -> bool:
    """Whether a test is one that may be skipped or fail, or its class hands arguments to its methods."""
    of_class = [ast.unparse(each) for each in owner.decorator_list] if owner else []
    return any(_OTHERWISE.search(each) for each in _decorators(test, owner)) or any(
        "parametrize" in each for each in of_class
    )


def _labels(decorators: Iterable[str]) -> frozenset[str]:
    return frozenset(name for each in decorators for name in _MARK.findall(each)) - _NOT_COPIED


def _spread(
    tests: list[tuple[Function, ast.ClassDef | None]],
) -> list[tuple[Function, ast.ClassDef | None]]:
    """Put tests that differ first: one of each class and of each set of marks, then the others."""
    groups = defaultdict(list)
    for test, owner in tests:
        groups[owner and owner.name, _labels(_decorators(test, None))].append((test, owner))
    return [group[0] for group in groups.values()] + [each for group in groups.values() for each in group[1:]]


def _like(test: Function, owner: ast.ClassDef | None, text: str, vocabulary: Vocabulary) -> PlantedTest:
    """Write a test like one that is there, to stand behind it."""
    rows = text.splitlines() if "\f" not in text else re.split(r"\r\n|\n|\r", text)
    row, inner = rows[test.lineno - 1], rows[test.body[0].lineno - 1]
    indent = row[: len(row) - len(row.lstrip())]
    step = inner[len(indent) : len(inner) - len(inner.lstrip())]
    body = ast.unparse(owner or test)
    style = Style(
        indent=indent,
        step=step or "    ",
        decorators=tuple(each for each in _decorators(test, None) if _is_copied(each)),
        is_method=owner is not None,
        is_plain=owner is None or "self.assert" not in body,
        is_annotated=test.returns is not None,
        is_documented=ast.get_docstring(test, clean=False) is not None,
    )
    return made_up(vocabulary, test.end_lineno or test.lineno, style, test.name)


def _is_copied(decorator: str) -> bool:
    """Whether a decorator says by what a runner selects: a mark of pytest, a tag of Django's."""
    names = _MARK.findall(decorator)
    return decorator.startswith("tag(") or (
        decorator.startswith(("pytest.mark.", "mark.")) and not _NOT_COPIED.intersection(names)
    )
