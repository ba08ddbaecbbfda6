"""Pages that are made from the code, so that they say what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from hullproof.cli import cli
from hullproof.practices import Practice, every
from hullproof.practices.profiles import known
from hullproof.text import paragraphs

from ..cases.catalogue import CASES

_NOTE = "<!-- Made from the code; see tests/toolkit/docs/made.py. -->\n"
_SPECIAL = re.compile(r"([\\*_])")  # **/.env* is no emphasis
_SECTIONS = (
    ("Why", "why"),
    ("What proves it", "proven_by"),
    ("What breaks it", "broken_by"),
    ("How to fix it", "fix"),
)


SHIPPED = tuple(each for each in every() if each.family in ("guide", "production"))


def pages() -> dict[str, str]:
    """Return every page by its path within docs/."""
    made = {f"practices/{each.id}.md": practice_page(each) for each in SHIPPED}
    return {"practices/index.md": _practices(), **made, "reference/cli.md": _commands()}


def practice_page(practice: Practice) -> str:
    """Return what `hullproof explain` says, and the faults that it is tested against."""
    kind = "by an experiment" if practice.needs_experiment else "by observation"
    profiles = f" In the profiles {', '.join(practice.profiles)}." if practice.profiles else ""
    lines = [_NOTE, f"# {practice.title}", "", f"`{practice.id}`, shown {kind}.{profiles}", ""]
    for heading, field in _SECTIONS:
        lines += [f"## {heading}", "", *_text(getattr(practice, field))]
    faults = [case.title for case in CASES if case.practice == practice.id]
    lines += [
        "## Faults that it is tested against",
        "",
        f"Each of these {len(faults)} is a copy of a good project with one edit; [the score](../score.md) shows how they came out.",
        "",
        *(f"- {title}" for title in faults),
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> Iterator[str]:
    for paragraph in paragraphs(text):
        if paragraph.is_code:
            yield from ("```dockerfile", *(line.rstrip() for line in paragraph.text.split("\n")), "```")
        else:
            yield _SPECIAL.sub(r"\\\1", paragraph.text).replace("<", "&lt;")
        yield ""


def _practices() -> str:
    return "\n".join(
        [
            _NOTE,
            "# The practices",
            "",
            "What a good image of a Python application does. Each has a page, with the text that `hullproof explain`",
            "prints and that reports carry: why it matters, what proves it, what breaks it and how to fix it.",
            "",
            "## The guide: whether an image is well made",
            "",
            "The eleven that are proven by default, and in every other profile, too.",
            "",
            *_table("guide", "shown by"),
            "",
            "## Production: whether it holds where it will run",
            "",
            "Proven where a profile is asked for: `hullproof prove --profile production`, or `profile` in the",
            "[configuration](../reference/configuration.md), which adds single ones by `practices` as well.",
            f"Profiles are {', '.join(f'`{each}`' for each in known())}.",
            "",
            *_table("production", "profiles"),
            "",
            "## What is said of them",
            "",
            "A practice is `proven` (shown to hold), `broken` (shown not to hold), `unproven` (could not be shown",
            "either way, with the reason) or `not-applicable`. What could not be observed is never called good.",
            "Observation reads the Dockerfile and the image and watches the booted container; an experiment rebuilds a",
            "scratch copy with one deliberate change. `--no-experiments` leaves the experiments out.",
            "",
            "More can be added: [practices of your own](../how-to/own-practices.md).",
            "",
        ]
    )


def _table(family: str, last: str) -> Iterator[str]:
    yield from (f"| id | practice | {last} |", "| --- | --- | --- |")
    for each in SHIPPED:
        kind = "experiment" if each.needs_experiment else "observation"
        if each.family == family:
            yield f"| [`{each.id}`]({each.id}.md) | {each.title} | {', '.join(each.profiles) or kind} |"


def _commands() -> str:
    lines = [_NOTE, "# The command line", "", *_help(cli, "hullproof")]
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        lines += [f"## hullproof {name}", "", *_help(command, f"hullproof {name}")]
    return "\n".join([*lines, *_EXIT_CODES])


def _help(command: click.Command, path: str) -> list[str]:
    context = click.Context(command, info_name=path, max_content_width=90, help_option_names=["-h", "--help"])
    return ["```text", *(line.rstrip() for line in command.get_help(context).split("\n")), "```", ""]


_EXIT_CODES = (
    "## Exit codes",
    "",
    "| code | meaning |",
    "| --- | --- |",
    "| 0 | every practice asked for is proven, not applicable, or accepted as broken |",
    "| 1 | something is broken or unproven, or the project's own build fails |",
    "| 2 | wrong usage or wrong configuration: one line says what, where, and what would be right |",
    "| 3 | no usable engine or base image: one line says what is missing and the command that fixes it |",
    "| 128 + n | interrupted by signal n, such as 130 by Ctrl-C, within 15 s; what could not be removed is named |",
    "",
)
