"""The report as in-toto statements, each predicate held against what its readers published."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from hullproof.errors import UsageError
from hullproof.model import Acceptance, Report, Verdict
from hullproof.report import STATEMENTS, as_json, as_statement, render
from hullproof.report.outputs import Output, delivery

from ..hostile import TEXTS, assert_harmless
from .reports import failed_build, hostile

TestResult.__test__ = False  # a message, whatever it is called
PUBLISHED = Path(__file__).parent / "published"
DIGEST = "2b" * 32


def predicate(report: Report, name: str) -> Any:  # noqa: ANN401 - JSON
    """Return a report's predicate, as a reader finds it."""
    return json.loads(render(report, name))["predicate"]


@pytest.fixture
def good(bare: Report) -> Report:
    """A report of a pushed image in which all is well."""
    assert bare.image
    return replace(bare, image=replace(bare.image, digest=f"sha256:{DIGEST}"))


@pytest.mark.parametrize("format_", [each for each in STATEMENTS if each != "statements"])
def test_each_is_a_statement_about_the_manifest(sample: Report, format_: str) -> None:
    """in-toto's own definition takes it, and its subject is the manifest, not the engine's id."""
    said = json.loads(render(sample, format_))
    message = ParseDict(said, StatementMessage())
    Statement(list(message.subject), message.predicate_type, dict(message.predicate)).validate()
    assert [each["digest"] for each in said["subject"]] == [{"sha256": DIGEST}]
    assert said["predicateType"] == as_statement.PREDICATES[format_][0]


def test_all_of_them_are_a_line_each(sample: Report) -> None:
    """The file with the ending .intoto.jsonl holds one statement a line, of each predicate."""
    lines = render(sample, "statements").splitlines()
    assert [json.loads(line) for line in lines] == [
        json.loads(render(sample, name)) for name in as_statement.PREDICATES
    ]


def test_a_test_result_is_as_in_toto_defines_it(sample: Report) -> None:
    """Proven passed; unproven and accepted are warned of; broken failed; what does not apply was no test."""
    said = predicate(sample, "test-result")
    ParseDict(said, TestResult())
    assert said["result"] == "FAILED"
    assert said["configuration"][0]["name"] == "hullproof"
    assert (said["passedTests"], said["warnedTests"]) == (
        ["slim-base", "test-gate"],
        ["non-root-user", "ownership"],
    )
    assert said["failedTests"] == ["multistage", "necessary-files", "hostile-text"]
    assert all({"uri", "digest", "content"} & set(each) for each in said["configuration"])


def test_the_result_is_passed_only_for_the_whole_profile(good: Report) -> None:
    """A part is warned of, and so is a report in which nothing was proven."""
    assert predicate(good, "test-result")["result"] == "PASSED"
    assert predicate(replace(good, left_out=("expose",)), "test-result")["result"] == "WARNED"
    nothing = replace(good, proofs=good.proofs[1:])
    assert predicate(nothing, "test-result")["result"] == "WARNED"


def test_a_verification_result_has_what_holds_and_nothing_else(sample: Report, good: Report) -> None:
    """As version 0.2 of the specification has it; the one word for all is there only when all of the profile holds."""
    schema = json.loads((PUBLISHED / "svr.schema.json").read_text())
    for report in (sample, good):
        jsonschema.validate(predicate(report, "svr"), schema, format_checker=jsonschema.FormatChecker())
    assert predicate(sample, "svr")["properties"] == ["HULLPROOF_SLIM_BASE", "HULLPROOF_TEST_GATE"]
    assert predicate(good, "svr")["properties"] == ["HULLPROOF_PROVEN", "HULLPROOF_SLIM_BASE"]
    assert "HULLPROOF_PROVEN" not in predicate(replace(good, left_out=("expose",)), "svr")["properties"]
    assert predicate(sample, "svr")["timeCreated"] == "2026-11-23T08:32:14Z"  # when it ended


def test_docker_scouts_tests_are_a_valid_ctrf_document(sample: Report) -> None:
    """What is unproven failed there: the policies that read it count nothing else."""
    said = predicate(sample, "scout")
    schema = json.loads((PUBLISHED / "ctrf.schema.json").read_text())
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(said)
    summary = said["results"]["summary"]
    counted = {
        status: sum(each["status"] == status for each in said["results"]["tests"])
        for status in ("passed", "failed", "pending", "skipped", "other")
    }
    assert {name: summary[name] for name in counted} == counted
    assert counted == {"passed": 2, "failed": 4, "pending": 2, "skipped": 1, "other": 1}
    assert summary["tests"] == sum(counted.values())


def test_the_whole_report_is_its_json(sample: Report) -> None:
    """Under a type of our own, which is the id of the report's schema."""
    assert predicate(sample, "report") == as_json.to_dict(sample)
    assert as_statement.PREDICATES["report"][0] == as_json.schema()["$id"]


def test_an_acceptance_that_is_over_does_not_excuse(good: Report) -> None:
    """It counts as broken again."""
    broken = replace(
        good.proofs[0],
        verdict=Verdict.BROKEN,
        accepted=Acceptance("later", date(2026, 1, 1), expired=True),
    )
    said = predicate(replace(good, proofs=(broken,)), "test-result")
    assert said["failedTests"] == [broken.id]


def test_an_image_that_no_registry_has_gets_no_statement(bare: Report) -> None:
    """One line says why, and what to do."""
    with pytest.raises(UsageError, match="manifest digest: push it"):
        render(bare, "test-result")
    with pytest.raises(UsageError, match="the build failed"):
        render(failed_build(), "test-result")


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_statement_hands_a_hostile_text_on(text: str) -> None:
    """Printed to a log or a terminal, none has a line that is taken for a command."""
    report = hostile(text)
    assert report.image
    report = replace(report, image=replace(report.image, digest=f"x@sha256:{DIGEST}"))
    for name in STATEMENTS:
        assert_harmless(render(report, name))


def test_the_files_ending_says_which(sample: Report, tmp_path: Path) -> None:
    """`.svr.intoto.json` is not just `.json`; a format named in front wins."""
    outputs = [f"{tmp_path}/r{ending}" for ending in STATEMENTS.values()]
    outputs += [f"svr:{tmp_path}/other.json", f"{tmp_path}/r.json"]

    class Shop:
        name, home = "shop", tmp_path

    deliver = delivery([Shop()], (), [Output.parse(each) for each in outputs], detail="verdict")
    deliver(Shop(), sample)
    types = {
        path.name: json.loads(path.read_text())["predicateType"]
        for path in tmp_path.glob("*.json")
        if path.name != "r.json"
    }
    assert types == {
        **{f"r{STATEMENTS[name]}": type_ for name, (type_, _) in as_statement.PREDICATES.items()},
        "other.json": as_statement.PREDICATES["svr"][0],
    }
    assert json.loads((tmp_path / "r.json").read_text())["schema"] == "hullproof.report/1"
    assert len((tmp_path / "r.intoto.jsonl").read_text().splitlines()) == len(as_statement.PREDICATES)
