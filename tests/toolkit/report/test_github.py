"""The report as GitHub's workflow commands."""

from __future__ import annotations

import re
from dataclasses import replace

from hullproof.model import Report
from hullproof.report import as_github

from .samples import matches

COMMAND = re.compile(r"::(error|warning|notice) file=([^,]*),line=(\d+),title=([^,:]*)::(.*)")


def commands(report: Report) -> list[tuple[str, str, int, str, str]]:
    """Return command, file, line, title and message of each annotation, as the runner reads them."""
    found = [COMMAND.fullmatch(line) for line in as_github.render(report).splitlines()[:-1]]
    return [
        (each[1], unescaped(each[2]), int(each[3]), unescaped(each[4]), unescaped(each[5]))
        for each in found
        if each
    ]


def unescaped(text: str) -> str:
    """Undo what the runner undoes."""
    for code, character in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_the_commands_are_as_expected(name: str, report: Report) -> None:
    """The commands are the expected ones."""
    matches(as_github.render(report), f"{name}.github")


def test_every_line_but_the_last_is_a_command_that_the_runner_takes(report: Report) -> None:
    """A line break in a text would end the command, and begin another."""
    assert len(commands(report)) == len(as_github.render(report).splitlines()) - 1


def test_bad_news_stands_on_its_line_the_worst_first(sample: Report) -> None:
    """Broken is an error, unproven a warning, accepted a notice; what is good is not spoken of."""
    assert [(kind, line, title.rpartition("(")[2]) for kind, _, line, title, _ in commands(sample)] == [
        ("error", 12, "multistage)"),
        ("error", 44, "necessary-files)"),
        ("error", 1, "hostile-text)"),
        ("warning", 1, "non-root-user)"),
        ("notice", 40, "ownership)"),
    ]


def test_the_file_is_named_within_the_repository(sample: Report) -> None:
    """Where the runner looks for it."""
    assert {file for _, file, *_ in commands(sample)} == {"services/the shop, #1/docker/Dockerfile|`x`"}


def test_a_message_is_a_sentence_and_the_fix(sample: Report) -> None:
    """It is read beside the code; the evidence stands in the report."""
    sentence, fix = commands(sample)[0][4].split("\n")
    assert sentence == "The release holds a test runner."
    assert fix.startswith("Fix: Install test tools")


def test_a_failed_build_is_told_once(failed_build: Report) -> None:
    """On its line; what it leaves unproven is one annotation and not eight."""
    found = commands(failed_build)
    assert [(kind, line) for kind, _, line, *_ in found] == [("error", 47), ("warning", 47), ("warning", 47)]
    assert "The same goes for multistage, non-root-user" in found[1][4]


def test_all_well_is_one_line(bare: Report) -> None:
    """The line that sums up is no command."""
    assert as_github.render(bare) == "hullproof: shop: PROVEN 1 of 2 (1 not applicable: workdir)\n"


def test_a_name_is_no_command(bare: Report) -> None:
    """The runner takes `##[` for a command wherever it stands in a line."""
    named = replace(bare, project=replace(bare.project, name="##[error]gone"))
    assert "##[" not in as_github.render(named)


def test_a_huge_text_leaves_messages_that_are_read(sample: Report) -> None:
    """Ten megabytes in a field come to a few kilobytes."""
    assert len(as_github.render(sample)) < 20_000
