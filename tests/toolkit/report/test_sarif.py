"""The report as SARIF."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from hullproof.model import Proof, Report, Status
from hullproof.practices import every
from hullproof.report import as_sarif

from .samples import matches


def run(report: Report) -> dict[str, Any]:
    """Return the one run of the log."""
    log = json.loads(as_sarif.render(report))
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return dict(only)


def results(report: Report) -> dict[str, dict[str, Any]]:
    """Return the results by practice."""
    return {result["ruleId"]: result for result in run(report)["results"]}


def line(result: dict[str, Any]) -> int:
    """Return the line on which a result is shown."""
    (location,) = result["locations"]
    return int(location["physicalLocation"]["region"]["startLine"])


def test_the_log_is_as_expected(name: str, report: Report) -> None:
    """The log is the expected one, byte for byte."""
    matches(as_sarif.render(report), f"{name}.sarif")


def test_what_is_good_is_a_rule_without_a_result(sample: Report) -> None:
    """Code scanning shows each result as an alert."""
    levels = {Status.BROKEN: "error", Status.UNPROVEN: "warning", Status.ACCEPTED: "note"}
    assert {identifier: result["level"] for identifier, result in results(sample).items()} == {
        proof.id: levels[proof.status] for proof in sample.proofs if proof.status in levels
    }
    rules = run(sample)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [proof.id for proof in sample.proofs]
    for result in results(sample).values():
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_every_rule_of_ours_has_the_help_that_explain_gives(bare: Report) -> None:
    """Why, what proves it, what breaks it and how to fix it, as text and as Markdown."""
    proofs = tuple(
        Proof(each.id, each.family, each.title, bare.verdict, "", explanation=each.explanation)
        for each in every()
    )
    for rule, practice in zip(
        run(replace(bare, proofs=proofs))["tool"]["driver"]["rules"], every(), strict=True
    ):
        assert rule["shortDescription"]["text"] == practice.title
        for word in ("Why", "Proven by", "Broken by", "Fix"):
            assert f"{word}: " in rule["help"]["text"]
            assert f"**{word}**" in rule["help"]["markdown"]
        assert len(rule["fullDescription"]["text"]) <= 1024  # what code scanning takes


def test_a_result_stands_on_the_line_that_governs_it(sample: Report, failed_build: Report) -> None:
    """The first line of the Dockerfile that the evidence names; where none is, the first or the failing one."""
    assert {identifier: line(result) for identifier, result in results(sample).items()} == {
        "multistage": 12,
        "non-root-user": 1,
        "ownership": 40,
        "necessary-files": 44,
        "hostile-text": 1,
    }
    assert {line(result) for result in results(failed_build).values()} == {47}


def test_a_region_is_the_whole_line(sample: Report) -> None:
    """As far as the report quotes it; else to where the next line begins."""
    found = results(sample)
    quoted = found["ownership"]["locations"][0]["physicalLocation"]["region"]
    assert quoted == {
        "startLine": 40,
        "startColumn": 1,
        "endLine": 40,
        "endColumn": 1 + len("COPY plugins /app/plugins"),
        "snippet": {"text": "COPY plugins /app/plugins"},
    }
    other = found["necessary-files"]["locations"][0]["physicalLocation"]["region"]
    assert other == {"startLine": 44, "startColumn": 1, "endLine": 45, "endColumn": 1}


def test_each_rule_leads_to_its_page_where_the_documentation_has_an_address(
    bare: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's metadata name it; without one, no address is made up."""
    assert "helpUri" not in run(bare)["tool"]["driver"]["rules"][0]
    monkeypatch.setattr(as_sarif, "_PAGES", "https://docs.example/")
    address = run(bare)["tool"]["driver"]["rules"][0]["helpUri"]
    assert address == "https://docs.example/practices/slim-base/"


def test_a_part_is_not_taken_for_the_whole(sample: Report) -> None:
    """The run says of how many the verdict is said."""
    assert run(sample)["properties"]["verdict"].endswith("2 not asked for)")


def test_the_file_is_named_within_the_repository(sample: Report) -> None:
    """A project may be a folder of it. Odd characters are escaped as in every URI."""
    (location,) = results(sample)["multistage"]["locations"]
    artifact = location["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"[A-Za-z0-9_.!~*'()%/-]+", artifact["uri"])
    assert unquote(artifact["uri"]) == "services/the shop, #1/docker/Dockerfile|`x`"
    assert artifact["uriBaseId"] in run(sample)["originalUriBaseIds"]


def test_a_fingerprint_stays_when_lines_move_and_words_change(sample: Report) -> None:
    """So that an alert stays the same alert; each practice and each Dockerfile has its own."""

    def fingerprints(report: Report) -> list[str]:
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in results(report).values()]

    moved = replace(
        sample, proofs=tuple(replace(proof, summary="Other words.", evidence=()) for proof in sample.proofs)
    )
    elsewhere = replace(sample, project=replace(sample.project, folder="services/other"))
    assert fingerprints(moved) == fingerprints(sample)
    assert not set(fingerprints(elsewhere)) & set(fingerprints(sample))
    assert len(set(fingerprints(sample))) == len(results(sample))


def test_an_accepted_practice_is_suppressed_with_its_reason(sample: Report) -> None:
    """And an expired acceptance is no suppression any more."""
    (accepted,) = results(sample)["ownership"]["suppressions"]
    assert accepted["status"] == "accepted"
    assert accepted["justification"].startswith("accepted until 2027-01-31: The vendor's plugin")
    (expired,) = results(sample)["necessary-files"]["suppressions"]
    assert expired["status"] == "rejected"
    assert "suppressions" not in results(sample)["multistage"]


@pytest.mark.parametrize("key", ["message", "relatedLocations"])
def test_no_text_from_outside_becomes_a_link(sample: Report, key: str) -> None:
    """`[text](target)` in a message would be one."""
    assert not any(re.search(r"\]\(", json.dumps(result.get(key, ""))) for result in results(sample).values())


def test_a_failed_build_is_told_of_the_invocation(sample: Report, failed_build: Report) -> None:
    """The run was no success, and says on which line it failed."""
    assert run(sample)["invocations"][0]["executionSuccessful"]
    (invocation,) = run(failed_build)["invocations"]
    assert not invocation["executionSuccessful"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert line(notification) == 47
    assert "E   assert 1 == 2" in notification["message"]["text"]


def test_a_huge_text_leaves_a_log_that_can_be_uploaded(sample: Report) -> None:
    """Ten megabytes in a field come to less than a hundred kilobytes."""
    assert len(as_sarif.render(sample)) < 100_000
