"""Failing tests, written as the file that they go into is written: what runs its tests runs them, too.

Made of the file's own words and of random numbers, a planted test has nothing that a project could know it by. It
works out a number that stands nowhere in its text, and fails with it: a step whose output has that number ran the test
and saw it fail, which no linter and no listing of the file can look like.
"""

from __future__ import annotations

import posixpath
import random
import re
from dataclasses import dataclass
from typing import Literal

from hullproof.lab.vocabulary import Vocabulary

Ending = Literal["fails", "passes", "warns"]
"""What the planted tests do. Those that warn pass as well, and tell of themselves where a runner shows warnings."""

AT_FIRST = 3
"""So many tests are planted in a file at first; every test has its like where those were not seen to run."""

_random = random.SystemRandom()


@dataclass(frozen=True)
class Style:
    """How a test is written: that of the file's own test which it is planted behind."""

    indent: str = ""
    step: str = "    "
    decorators: tuple[str, ...] = ()
    is_method: bool = False
    is_plain: bool = True
    """Whether it asserts by `assert`, not by the methods of a TestCase."""
    is_annotated: bool = False
    is_documented: bool = False
    is_example: bool = False


@dataclass(frozen=True)
class Sum:
    """An expression, what it comes to, and a number beside that."""

    text: str
    value: int
    other: int

    @classmethod
    def make(cls) -> Sum:
        """Make one up, whose value has ten digits or so."""
        left, right, more = (
            _random.randrange(low, 10 * low - 1) for low in (10_000, 100_000, _random.choice((1, 10, 100)))
        )
        value = left * right + more
        text = _random.choice((f"{left} * {right} + {more}", f"{more} + {left} * {right}"))
        return cls(text, value, value + _random.choice((-1, 1)) * _random.randrange(1, 9_999))


@dataclass(frozen=True)
class PlantedTest:
    """One test, to stand behind so many lines of its file. `name` is in its text, its sum's value is not."""

    after: int
    name: str
    style: Style
    sum: Sum
    words: tuple[str, str]

    def lines(self, ending: Ending) -> list[str]:
        """Write it."""
        style, total = self.style, self.sum.other if ending == "fails" else self.sum.value
        if style.is_example:
            return [f"{style.indent}>>> {self.sum.text}", f"{style.indent}{total}"]
        inner = style.indent + style.step
        given, returns = "self" if style.is_method else "", " -> None" if style.is_annotated else ""
        head = [f"{style.indent}@{each}" for each in style.decorators]
        head.append(f"{style.indent}def {self.name}({given}){returns}:")
        if style.is_documented:
            head.append(f'{inner}"""The {" ".join(self.words)}."""')
        if ending == "warns":
            return [*head, f"{inner}import warnings", "", f"{inner}warnings.warn(str({self.sum.text}))"]
        if not style.is_plain:
            return [*head, f"{inner}self.assertEqual({self.sum.text}, {total})"]
        value = self.words[0]
        return [*head, f"{inner}{value} = {self.sum.text}", f"{inner}assert {value} == {total}, {value}"]


@dataclass(frozen=True, eq=False)
class Spot:
    """A file with tests to plant in it. `before` is what it holds, None for a file of its own.

    `labels` are the names of pytest marks that all its tests bear. `skips_itself`: it says itself when its tests run.
    `is_looked_for`: runners look for files of its name.
    """

    path: str
    tests: tuple[PlantedTest, ...]
    before: bytes | None = None
    head: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    skips_itself: bool = False
    is_looked_for: bool = True

    @property
    def folder(self) -> str:
        """Where it lies, "" for the top."""
        return posixpath.dirname(self.path)

    def content(self, ending: Ending, most: int | None = None) -> bytes:
        """Write the file with the tests in it, or the first few of them."""
        if self.before is None:
            lines = [*self.head, *self.tests[0].lines(ending)]
            return ("\n".join(lines) + "\n").encode()
        newline = b"\r\n" if b"\r\n" in self.before else b"\n"
        rows = self.before.splitlines(keepends=True)  # as Python counts lines: a form feed begins none
        if rows and not rows[-1].endswith((b"\n", b"\r")):
            rows[-1] += newline
        for test in sorted(self.tests[:most], key=lambda each: each.after, reverse=True):
            blanks = 0 if test.style.is_example else 1 if test.style.indent else 2
            is_last = not b"".join(rows[test.after : test.after + 1]).strip()
            lines = ["", ""][:blanks] + test.lines(ending) + ["", ""][: 0 if is_last else blanks]
            rows[test.after : test.after] = [line.encode() + newline for line in lines]
        return b"".join(rows)


def made_up(vocabulary: Vocabulary, after: int, style: Style, like: str = "test") -> PlantedTest:
    """Make a test up, called like the one that it stands behind."""
    words = vocabulary.pick()
    name = "_".join((like, *words, str(_random.randrange(10, 10_000))))
    return PlantedTest(after, name, style, Sum.make(), words)


def beside(neighbours: list[Spot], folder: str) -> Spot:
    """Make a test file of its own for a folder, in the style of those that are there."""
    like = next((each for each in neighbours if each.tests[0].style.is_method), neighbours[0])
    first = like.tests[0]
    text = (like.before or b"").decode("utf-8", "replace")
    vocabulary = Vocabulary(text)
    words = vocabulary.pick()
    is_method = first.style.is_method
    marks = [f"pytest.mark.{each}" for each in sorted(like.labels) if not re.search(rf"mark\.{each}\(", text)]
    head = [f'"""The {" ".join(words)}."""', ""] if text.lstrip().startswith(('"""', "'''")) else []
    head += ["import unittest"] if is_method else []
    head += [""] if is_method and marks else []
    head += ["import pytest", "", f"pytestmark = [{', '.join(marks)}]"] if marks else []
    head += ["", ""] if head else []
    head += [f"class Test{''.join(map(str.title, words))}(unittest.TestCase):"] if is_method else []
    style = Style(
        indent="    " if is_method else "",
        is_method=is_method,
        is_plain=first.style.is_plain,
        is_annotated=first.style.is_annotated,
        is_documented=first.style.is_documented,
    )
    test = made_up(vocabulary, 0, style, first.name.rsplit("_", 3)[0])
    name = _name([posixpath.basename(each.path) for each in neighbours], words)
    return Spot(posixpath.join(folder, name), (test,), None, tuple(head), like.labels)


def _name(names: list[str], words: tuple[str, str]) -> str:
    """Name a new file as its neighbours are named: by the word that they have in front, or at the end."""
    stems = [name.removesuffix(".py").split("_") for name in names]
    several = [stem for stem in stems if len(stem) > 1]
    first, last = {stem[0] for stem in several}, {stem[-1] for stem in several}
    if several and "test" not in first and (last == {"test"} or len(last) < len(first)):
        return f"{'_'.join(words)}_{last.pop()}.py"
    return f"{first.pop() if len(first) == 1 else 'test'}_{'_'.join(words)}.py"
