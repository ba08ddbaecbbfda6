"""`hullproof explain`: what there is to know of a practice."""

from __future__ import annotations

import textwrap

import click

from hullproof.cli.completion import complete_practices
from hullproof.practices import Practice, every, get
from hullproof.text import block


@click.command()
@click.argument("practice", metavar="[ID]", required=False, shell_complete=complete_practices)
def explain(practice: str | None) -> int:
    """Explain practice ID: why it matters, what proves it, what breaks it and how to fix it.

    \b
    Examples:
      hullproof explain               all practices, a line each, with the profiles of those that not all have
      hullproof explain test-gate
    """  # noqa: D301 - click's mark is the character, not its name
    click.echo(explanation(practice))
    return 0


def explanation(identifier: str | None) -> str:
    """Return what there is to know of one practice, or a line for each."""
    if identifier is None:
        return "\n".join(f"{each.id:<20}{each.title}{_only_in(each)}" for each in every())
    practice = get(identifier)
    parts = [
        ("Why", practice.why),
        ("Proven by", practice.proven_by),
        ("Broken by", practice.broken_by),
        ("Fix", practice.fix),
    ]
    parts += [("Profiles", f"{', '.join(practice.profiles)}.")] if practice.profiles else []
    text = f"{practice.title} ({practice.id})\n" + "".join(
        f"\n{name}\n{_indented(text)}\n" for name, text in parts
    )
    return block(text, len(text))


def _only_in(practice: Practice) -> str:
    """Say in which profiles it is proven, where that is not all of them."""
    return f" [{', '.join(practice.profiles)}]" if practice.profiles else ""


def _indented(text: str) -> str:
    paragraphs = text.split("\n\n")
    shown = [
        textwrap.indent(each, "  ")
        if each.startswith("    ")
        else textwrap.fill(each, 88, initial_indent="  ", subsequent_indent="  ")
        for each in paragraphs
    ]
    return "\n\n".join(shown)
