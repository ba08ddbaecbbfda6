"""The README says in its first screen what it is and how it is had, and comes to the point."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "README.md").read_text("utf-8")


def test_the_two_commands_are_in_the_first_screen() -> None:
    """For one's own project, and for this repository."""
    first = README.splitlines()[:40]
    assert {"$ hullproof prove", "$ pip install ."} <= set(first)
    assert any(line.startswith("$ ./nox ") for line in first)
    assert any(line.startswith("$ ./nox -s tests") for line in first)


def test_it_comes_to_the_reference_within_700_words() -> None:
    """Whoever finds the repository has little time."""
    assert len(README.partition("## What it proves")[0].split()) < 700


def test_its_pictures_and_pages_are_there() -> None:
    """Every link within the repository leads somewhere."""
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", README)}
    local = {target for target in targets if target and "://" not in target}
    assert not {target for target in local if not (REPOSITORY / target).exists()}
    assert {"docs/assets/terminal.svg", "docs/assets/report.png"} <= local
