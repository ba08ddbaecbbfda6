"""Reads a page's examples and does what it tells its reader to do: writes the files, runs the commands.

- A block with a title (```` ```toml title="pyproject.toml" ````) is a file, written where the reader stands.
- A `console` block is run: lines that begin with `$ ` by bash, with `-eu`. Lines between them must be printed, in
  this order; others may stand between, and `…` stands for anything.
- A `python` block without a title is run.
- A `text`, `json` or `dockerfile` block without a title is something to look at.
- `<!-- stand in: NAME -->` puts the reader into a copy of a project of ours. `<!-- exit: 1 -->` says how the next
  block ends. `<!-- not run: why -->` says why the next block cannot be tried here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt

_COMMENT = re.compile(r"<!-- ([a-z ]+): (.+?) -->")
_TITLE = re.compile(r'title="([^"]+)"')
_SNIPPET = re.compile(r'(?m)^--8<-- "(.+)"\n')
_RULE = re.compile(r"([=_-])\1{3,}")
_DOCS = Path(__file__).parents[3] / "docs"
_DEADLINE_S = 600


@dataclass(frozen=True)
class Example:
    """A block of a page, with what the comments in front of it say. `line` is its line in the page."""

    page: Path
    line: int
    language: str
    title: str | None
    text: str
    stand_in: str | None = None
    exit_code: int = 0
    not_run: str | None = None

    def __str__(self) -> str:
        """Say where it stands."""
        return f"{self.page.name}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """Yield the examples of a page, in its order."""
    said: dict[str, str] = {}
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            said.update(_COMMENT.findall(token.content))
        if token.type != "fence" or token.map is None:
            continue
        language = token.info.split(" ", 1)[0]
        title = _TITLE.search(token.info)
        text = _SNIPPET.sub(_snippet, token.content)
        example = Example(page, token.map[0] + 1, language, title[1] if title else None, text)
        yield replace(
            example,
            stand_in=said.pop("stand in", None),
            exit_code=int(said.pop("exit", "0")),
            not_run=said.pop("not run", None),
        )
    if unknown := set(said) - {"stand in"}:
        raise ValueError(f"{page}: {unknown} stands in front of no block, or is no comment that is known")


def _snippet(found: re.Match[str]) -> str:
    return (_DOCS / found[1]).read_text(encoding="utf-8")


class Reader:
    """Somebody who does what a page says, in a folder of his own."""

    def __init__(self, folder: Path, environ: Mapping[str, str], images: Mapping[str, str]) -> None:
        """Stand in `folder`, with these environment variables; `images` stand for those that cannot be had here."""
        self.folder = folder
        self._environ = dict(environ)
        self._images = dict(images)

    def follow(self, example: Example) -> None:
        """Do what a block says. AssertionError where it does not come out as the page tells."""
        if example.title:
            self._write(example)
        elif example.language == "console":
            self._run(example)
        elif example.language == "python":
            self._python(example)
        elif example.language not in ("text", "json", "dockerfile"):
            raise AssertionError(
                f"{example}: nobody knows what to do with {example.language!r} without a title"
            )

    def _write(self, example: Example) -> None:
        path = self.folder / str(example.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = example.text
        for official, ours in self._images.items():
            text = text.replace(f"image: {official}\n", f"image: {ours}\n")
        path.write_text(text, encoding="utf-8")

    def _run(self, example: Example) -> None:
        place = self.folder / ".cwd"
        commands, expected = _divided(example.text)
        script = f"set -eu\ntrap 'pwd > {place}' EXIT\n" + "\n".join(commands)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
        said = done.stdout
        assert done.returncode == example.exit_code, f"{example} ended with {done.returncode}:\n{said}"
        missing = _first_missing(expected, said.splitlines())
        assert missing is None, f"{example}: {missing!r} was not printed there; this was:\n{said}"
        self.folder = Path(place.read_text().strip())
        place.unlink()

    def _python(self, example: Example) -> None:
        done = subprocess.run(
            [sys.executable, "-"],
            input=example.text,
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, f"{example}:\n{done.stderr}"


def _divided(text: str) -> tuple[list[str], list[str]]:
    """Divide a block into the commands, continued lines joined, and what is expected to be printed."""
    commands: list[str] = []
    expected: list[str] = []
    continued = False
    for line in text.splitlines():
        if continued or line.startswith("$ "):
            commands.append(line.removeprefix("$ "))
            continued = line.endswith("\\")
        elif line.strip():
            expected.append(line)
    return commands, expected


def _first_missing(expected: list[str], printed: list[str]) -> str | None:
    """Return the first expected line that does not come after the one before it; None where all do."""
    rest = iter(_normal(line) for line in printed)
    for line in expected:
        pattern = re.compile(r" ?.* ?".join(re.escape(_normal(part)) for part in line.split("…")))
        if not any(pattern.fullmatch(each) for each in rest):
            return line
    return None


def _normal(line: str) -> str:
    """Leave out what the width of a screen decides: how much room is between words, how long a rule is."""
    return _RULE.sub(r"\1\1\1", " ".join(line.split()))
