r"""Text from outside, made safe for whoever reads it: the one place that knows what each reader would act on.

Names, paths, log lines and labels of a project, an image or an engine can hold anything. What a reader would act on is
shown to it as its escape (`\x1b`, `\u202e`) instead:

- Terminals and people: control characters, C1 included; line separators; marks that hide text or turn its direction
  (https://trojansource.codes); what is no character, which XML cannot hold and strict JSON readers refuse.
- CI services, which read every line of stdout and stderr: GitHub's runner takes a line for a command that begins with
  `::` after white space, or has `##[` anywhere (https://github.com/actions/runner, `ActionCommand.cs`); Azure's agent
  does so for `##vso[`, TeamCity's for `##teamcity[`. GitLab's section marks begin with control characters.

So: `clean` for a piece of a line, `line` for a whole line of output, `inert` for a whole document in the end.
"""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 600
LONGEST_LINE = 2_000
_LONGEST_TEXT = 4_000
_LONGEST_NAME = 200

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# What else is not seen (Default_Ignorable_Code_Point, but for the two that choose between a picture and a letter), and
# what never is a character.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufdd0-\ufdef\ufe00-\ufe0d\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_PLANE = 0x10000
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_NO_FILE_NAME = re.compile(r'^[.\- ]|[/\\:*?"<>|]')


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the known names was likely meant, or all that are known: the way out of a wrong one."""
    import difflib  # noqa: PLC0415 - needed by who mistook a name alone

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names)}"


# --- lines: a terminal, a log, XML, HTML ----------------------------------------------------------------


def clean(text: str, longest: int = LONGEST) -> str:
    """Return `text` on one line, at most `longest` long, with what could act on a terminal or mislead shown as its escape."""
    short = text[: longest + 1]
    if not (short.isascii() and short.isprintable()):
        short = "".join(map(_shown, short))
    return short if len(short) <= longest else short[: longest - 1] + "…"


def uncoloured(text: str) -> str:
    """Return a program's output without the sequences by which it colours a terminal and moves about on it (ECMA-48)."""
    return _SEQUENCE.sub("", text)


def one_line(text: str, longest: int = 300) -> str:
    """Do the same, white space squeezed, and keep the end rather than the beginning: errors say there what was wrong."""
    squeezed = clean(" ".join(text[-10 * longest :].split()), 10 * longest)
    return squeezed if len(squeezed) <= longest else "…" + squeezed[-longest:]


def line(text: str, longest: int = LONGEST_LINE) -> str:
    """Return `text` as a whole line of output, which no CI service takes for a command."""
    return inert(clean(text, longest))


def block(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return `text` with its line breaks and tabs, each of its lines fit for output; at most about `longest` in all."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    parts = re.split(r"(\n|\t)", short.replace("\r\n", "\n"))
    return inert("".join(part if part in ("\n", "\t") else clean(part, longest) for part in parts))


def inert(document: str) -> str:
    """Return a finished document of clean text without a line that a CI service takes for a command."""
    return _COMMAND.sub(lambda found: r"\x23" if found[1] is None else found[1] + r"\x3a", document)


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    return character.encode("unicode_escape", "backslashreplace").decode() if _acts(character) else character


def _acts(character: str) -> bool:
    return (
        unicodedata.category(character) in _ACTING
        or ord(character) % _PLANE >= _PLANE - 2
        or _UNSEEN.match(character) is not None
    )


# --- programs ------------------------------------------------------------------------------------------


def json_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return JSON, indented, with a final newline: read back it is `value` to the letter, and printed it is safe."""
    dumped = json.dumps(value, indent=2, ensure_ascii=False)
    escaped = re.sub(
        r"[^\n -~]", lambda found: _json_escape(found[0]) if _acts(found[0]) else found[0], dumped
    )
    return re.sub(r"#(?=#\w*\[)", r"\\u0023", escaped) + "\n"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def workflow_command(command: str, properties: Mapping[str, str], message: str) -> str:
    """Return a command for GitHub's runner, in which all is data but `command` and the names of `properties`."""
    given = ",".join(
        f"{name}={_data(clean(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::{command} {given}::{_data(block(message, 5 * _LONGEST_TEXT))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def file_name(text: str) -> str:
    """Return `text` as the name of a file, which any file system takes and any terminal shows."""
    safe = _NO_FILE_NAME.sub("_", "".join("_" if _acts(each) else each for each in text))
    return safe.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore") or "_"


# --- Markdown ------------------------------------------------------------------------------------------

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!&~@$])")
# What a forge makes a link, a mention or a picture of, backslash or not, as it looks at the finished text:
# addresses, @someone, #12, GH-12, :smile:. An empty space in the middle keeps it from being recognised.
_LIVE = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=:)(?=[\w+-]+:)", re.IGNORECASE
)
_NOTHING = "\N{ZERO WIDTH SPACE}"


def markdown(text: str, longest: int = LONGEST) -> str:
    """Escape what Markdown, or HTML inside it, would take for its own; addresses and mentions too."""
    return _SPECIAL.sub(r"\\\1", _LIVE.sub(_NOTHING, clean(text, longest)))


def markdown_code(text: str) -> str:
    """Return a code span that holds any text: fenced by more backticks than it has in a row."""
    safe = clean(text).strip() or "?"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if "`" in safe else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def markdown_cell(value: str) -> str:
    """Keep a pipe from ending the cell; in a table, a backslash does so within code spans as well."""
    return re.sub(r"(?<!\\)\|", r"\\|", value)


def markdown_blocks(text: str) -> str:
    """Return a text of several paragraphs, the indented ones as blocks of code."""
    return "\n\n".join(
        "\n".join(f"    {each}".rstrip() for each in paragraph.text.split("\n"))
        if paragraph.is_code
        else markdown(paragraph.text, len(paragraph.text))
        for paragraph in paragraphs(text)
    )


# --- longer texts, and numbers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a longer text: prose on one line, or code as it is."""

    text: str
    is_code: bool


def paragraphs(text: str) -> Iterator[Paragraph]:
    """Divide a text at its blank lines. A paragraph that is indented throughout is code."""
    for each in text[:_LONGEST_TEXT].split("\n\n"):
        lines = [clean(part, _LONGEST_TEXT) for part in textwrap.dedent(each).split("\n")]
        is_code = all(part.startswith("    ") for part in each.split("\n"))
        yield Paragraph(("\n" if is_code else " ").join(lines).strip(), is_code)


_TENTHS_MATTER_S = 10
_TENTHS_MATTER_MB = 100
_KILO = 1000


def duration(seconds: float) -> str:
    """Return a duration as a person says it: `0.4 s`, `12 s`, `3 min 5 s`."""
    if round(seconds, 1) < _TENTHS_MATTER_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: int | None) -> str:
    """Return a size in bytes as a person says it, in units of 1000: `112 MB`; `unknown size` for None."""
    if count is None:
        return "unknown size"
    if round(count / 1000) < _KILO:
        return f"{count / 1000:.0f} kB"
    megabytes = count / 1_000_000
    return f"{megabytes:.1f} MB" if round(megabytes, 1) < _TENTHS_MATTER_MB else f"{megabytes:.0f} MB"
