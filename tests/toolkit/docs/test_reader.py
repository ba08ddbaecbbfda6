"""The reader notices where a page does not hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .examples import Example, Reader, examples

Follow = Callable[[str], Reader]


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """Follow a page, made of its text."""

    def run(text: str) -> Reader:
        page = tmp_path / "page.md"
        page.write_text(text)
        reader = Reader(tmp_path, os.environ, {"postgres:16": "ours"})
        for example in examples(page):
            reader.follow(example)
        return reader

    return run


def block(text: str, info: str = "console") -> str:
    """Make a block."""
    return f"```{info}\n{text}\n```\n\n"


def test_files_are_written_and_commands_find_them(follow: Follow) -> None:
    """In one folder, which a command can leave for another."""
    text = block("x = 1", 'toml title="a/b.toml"') + block("$ cd a") + block("$ cat b.toml\nx = 1")
    assert follow(text).folder.name == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (block("$ false"), "ended with 1"),
        (block("$ false; true"), "ended with 1"),
        (block("$ echo a\nb"), "'b' was not printed"),
        (block("$ printf 'b\\na\\n'\na\nb"), "'b' was not printed"),
        ("<!-- exit: 1 -->\n\n" + block("$ true"), "ended with 0"),
        (block("assert False", "python"), "AssertionError"),
        (block("x", "cobol"), "nobody knows what to do with 'cobol'"),
    ],
)
def test_what_does_not_come_out_is_an_error(follow: Follow, text: str, said: str) -> None:
    """A command that fails or succeeds unexpectedly, a line that is not printed, or not there."""
    with pytest.raises(AssertionError, match=said):
        follow(text)


def test_what_stands_for_anything_is_an_ellipsis(follow: Follow) -> None:
    """Within a line; whole lines may be left out; rules may be of any length."""
    follow(block("$ printf 'a 12 b\\nmore\\n===== c =====\\n'\na … b\n=== c ==="))


@pytest.mark.parametrize("text", ["<!-- not run: why -->", "<!-- exits: 1 -->\n\n" + block("$ true")])
def test_a_comment_that_says_nothing_of_a_block_is_an_error(tmp_path: Path, text: str) -> None:
    """Mistyped, it would have no effect, and nobody would notice."""
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(ValueError, match="stands in front of no block"):
        list(examples(tmp_path / "page.md"))


def test_the_comments_are_kept_with_their_block(tmp_path: Path) -> None:
    """And with no other."""
    text = "<!-- exit: 2 -->\n<!-- not run: no engine -->\n\n" + block("$ a") + block("$ b")
    (tmp_path / "page.md").write_text(text)
    first, second = examples(tmp_path / "page.md")
    assert first == Example(tmp_path / "page.md", 4, "console", None, "$ a\n", None, 2, "no engine")
    assert (second.exit_code, second.not_run) == (0, None)
