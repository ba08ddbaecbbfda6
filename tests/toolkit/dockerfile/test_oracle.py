"""Our reading of Dockerfiles, held against BuildKit's own parser over thousands of texts.

The oracle is the package `dockerfile`, which holds that parser (BuildKit 0.12) and has wheels for a few platforms only.
`HULLPROOF_DOCKERFILES` names a folder of Dockerfiles to hold against it as well.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hullproof.dockerfile.arguments import KEYWORDS
from hullproof.dockerfile.fault import SyntaxFault
from hullproof.dockerfile.syntax import Statement, directives, statements

dockerfile = pytest.importorskip("dockerfile", reason="BuildKit's parser has no wheel for this platform")

GENERATED = 4_000
REPOSITORY = Path(__file__).resolve().parents[3]
# Since that version a here-document may stand behind a blank, and lines with these substitutions may have one.
_SINCE = re.compile(r"<<[ \t]|<<-?[ ]*[\\`][ \t]*\r?\n|\$\{[^}]*[#%/]")
_PIECES = (
    *(
        "RUN",
        "run",
        "COPY",
        "ADD",
        "ENV",
        "ARG",
        "LABEL",
        "CMD",
        "ENTRYPOINT",
        "ONBUILD",
        "HEALTHCHECK",
        "USER",
    ),
    *("WORKDIR", "EXPOSE", "VOLUME", "SHELL", "FROM", "MAINTAINER", "STOPSIGNAL", "FOO", "NONE"),
    *(
        " ",
        "  ",
        "\t",
        " \\\n",
        "\\\n",
        "\\ \n",
        "\n",
        "\n",
        "\n",
        "\n\n",
        "\r\n",
        "\n# c\n",
        "#",
        "\n  # x\n",
    ),
    *("\\", "\\\\", "\\\\\n", "`", "`\n", "a", "b=c", "k='v w'", 'k="v w"', "'", '"', "x\\ y"),
    *("$x", "${x}", "${x:-a b}", "${x", "$", "${}", "$(a)"),
    *("é", "à", "\u00a0", "\u2003", "\x0b", "\x0c", "\x85", "\x1c"),
    *("--from=a", "--mount=type=x,y", "--", '--a="b c"', "--a='x", "--x=\\ y", "--chown=é", "-", "--flag"),
    *('["a", "b"]', '["a"', "[1]", "[]", "[ ]", '["\\ud800"]', "[NaN]", "['a']", '["a"] x', "[["),
    *("<<EOF", "<<-EOF", "<<'E F'", '<<"EOF"', "3<<A", "<<A <<B", "<", "<<<x", "<<\\EOF", "<<$x", "<<E'O'F"),
    *("\nEOF\n", "\n\tEOF\n", "\nA\nB\n", "ONBUILD RUN", "ONBUILD COPY"),
)
_HEADS = (
    "",
    "",
    "",
    "# escape=`\n",
    "# escape=\\\n",
    "# syntax=a\n# escape=`\n",
    "#foo=b\n#escape=`\n",
    "# check=x\n",
)

Read = list[tuple[Any, ...]] | None
"""What was read, None where the text is refused."""


def generated() -> Iterator[str]:
    """Yield texts that are likelier than real ones to be read in two ways; the same ones each time."""
    chosen = random.Random(20261128)  # noqa: S311 - nothing is to be kept secret
    for _ in range(GENERATED):
        body = "".join(
            chosen.choice(_PIECES) + chosen.choice(("", " ")) for _ in range(chosen.randrange(1, 14))
        )
        text = chosen.choice(_HEADS) + chosen.choice(("FROM x\n", "", "FROM x AS y\n")) + body
        if not _SINCE.search(text):
            yield text


def ours(text: str) -> Read:
    """Read a text our way."""
    try:
        read = list(statements(text, directives(text).get("escape", "\\")))
    except SyntaxFault:
        return None
    return [_shown(statement) for statement in read] or None


def _shown(statement: Statement) -> tuple[Any, ...]:
    held = statement.inner or statement
    shown = (statement.keyword.lower(), statement.line, statement.end_line, statement.flags)
    if held.keyword not in KEYWORDS or (statement.inner and held.keyword == "ONBUILD"):
        return shown
    if statement.inner:  # whose here-documents the oracle loses
        return (*shown, held.keyword.lower(), held.json, held.args)
    heredocs = tuple((doc.name, doc.raw) for doc in statement.heredocs)
    return (*shown, statement.json, statement.args, statement.original, heredocs)


def theirs(text: str) -> Read:
    """Read a text by BuildKit's parser. Raises UnicodeDecodeError where it cuts a character in two."""
    try:
        read = dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        return None
    return [_shown_theirs(command) for command in read]


def _shown_theirs(command: Any) -> tuple[Any, ...]:  # noqa: ANN401 - the library has no types
    keyword, inner = (command.cmd or "").lower(), (command.sub_cmd or "").lower()
    shown = (keyword, command.start_line, command.end_line, command.flags)
    if (inner or keyword).upper() not in KEYWORDS or inner == "onbuild":
        return shown
    if inner:
        return (*shown, inner, command.json, command.value)
    heredocs = tuple((doc.name, doc.content) for doc in command.heredocs)
    return (*shown, command.json, command.value, command.original or "", heredocs)


def differences(texts: Iterator[str]) -> tuple[int, list[str]]:
    """Count texts, and list those that are read in two ways."""
    count, different = 0, []
    for text in texts:
        try:
            right = theirs(text)
        except UnicodeDecodeError:
            continue
        count += 1
        if ours(text) != right:
            different.append(text)
    return count, different


def of_files(folder: Path) -> Iterator[str]:
    """Yield the text of every Dockerfile in a folder, those that no parser takes left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "dockerfile" in path.name.lower():
            text = path.read_bytes().decode("utf-8-sig", "replace")
            if "\0" not in text:
                yield text


def test_generated_texts_are_read_as_buildkit_reads_them() -> None:
    """Thousands of texts made of all that is odd: quotes, escapes, blanks, here-documents, JSON that is none."""
    count, different = differences(generated())
    assert count > GENERATED / 2
    assert different == []


def test_real_files_are_read_as_buildkit_reads_them() -> None:
    """Every Dockerfile of this repository, and of the folder that is named."""
    count, different = differences(of_files(REPOSITORY / "tests"))
    assert count
    assert different == []
    if folder := os.environ.get("HULLPROOF_DOCKERFILES"):
        count, different = differences(of_files(Path(folder)))
        assert count
        assert different == []
