"""Text from outside within Markdown: shown as what it is, and nothing in it live."""

from __future__ import annotations

import re

from hullproof.report.text import LONGEST, clean, paragraphs

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!&~@$])")
# What a forge makes a link, a mention or a picture of, backslash or not, as it looks at the finished text:
# addresses, @someone, #12, GH-12, :smile:. An empty space in the middle keeps it from being recognised.
_LIVE = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=:)(?=[\w+-]+:)", re.IGNORECASE
)
_NOTHING = "\N{ZERO WIDTH SPACE}"


def plain(text: str, longest: int = LONGEST) -> str:
    """Escape what Markdown, or HTML inside it, would take for its own; addresses and mentions too."""
    return _SPECIAL.sub(r"\\\1", _LIVE.sub(_NOTHING, clean(text, longest)))


def code(text: str) -> str:
    """Return a code span that holds any text: fenced by more backticks than it has in a row."""
    safe = clean(text).strip() or "?"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if "`" in safe else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def cell(value: str) -> str:
    """Keep a pipe from ending the cell; in a table, a backslash does so within code spans as well."""
    return re.sub(r"(?<!\\)\|", r"\\|", value)


def blocks(text: str) -> str:
    """Return a text of several paragraphs, the indented ones as blocks of code."""
    return "\n\n".join(
        "\n".join(f"    {line}".rstrip() for line in each.text.split("\n"))
        if each.is_code
        else plain(each.text, len(each.text))
        for each in paragraphs(text)
    )
