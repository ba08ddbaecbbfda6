"""The threat model names, for each line, the test that holds it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NAMED = re.findall(r"`([a-z/_]+\.py)::(test_\w+)`", (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8"))


def test_most_lines_name_a_test() -> None:
    """A line of the tables that names none says where else it is measured."""
    lines = [
        line
        for table in re.findall(
            r"\| cannot \| test \|\n\|[- |]+\|\n((?:\|.*\n)+)", (REPOSITORY / "SECURITY.md").read_text()
        )
        for line in table.splitlines()
    ]
    assert len(lines) > 20
    assert all("::test_" in line or "[measured](" in line for line in lines)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    """Renaming one breaks the page that leans on it."""
    assert re.search(
        rf"^def {name}\(", (REPOSITORY / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE
    )
