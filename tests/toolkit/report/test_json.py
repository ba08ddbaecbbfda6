"""The report as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from hullproof.model import BuildError, Evidence, Report
from hullproof.report import as_json

from .samples import matches


def test_the_json_is_as_expected(name: str, report: Report) -> None:
    """The JSON is the expected one, byte for byte."""
    matches(as_json.render(report), f"{name}.json")


def test_the_json_is_valid_against_the_published_schema(report: Report) -> None:
    """What is rendered can be read back and is what the schema says, date format included."""
    Draft202012Validator.check_schema(as_json.schema())
    validator = Draft202012Validator(as_json.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(json.loads(as_json.render(report)))] == []


def test_whatever_a_program_printed_is_valid(sample: Report) -> None:
    """Lines with nothing on them, names that are longer once they are safe to show, lists without end."""
    empty = Evidence("experiment", "", "")
    proof = replace(sample.proofs[0], title="", summary="", evidence=(empty,) * 1000)
    hostile = replace(
        sample,
        project=replace(sample.project, name="\x1b" * 200, dockerfile=""),
        proofs=(proof,),
        build_error=BuildError(None, 1, ("",) * 1000),
    )
    validator = Draft202012Validator(as_json.schema())
    assert [error.message for error in validator.iter_errors(as_json.to_dict(hostile))] == []
    assert as_json.to_dict(replace(sample, proofs=(proof,)))["proofs"][0]["evidence"][0]["statement"]


def test_the_schema_refuses_a_key_that_it_does_not_know(sample: Report) -> None:
    """The schema is closed, so that the test above says something."""
    body: dict[str, Any] = {**as_json.to_dict(sample), "surprise": 1}
    assert not Draft202012Validator(as_json.schema()).is_valid(body)


def test_huge_texts_leave_a_report_that_a_board_takes(sample: Report) -> None:
    """Ten megabytes in a field come to far less than the board's limit of 2 MiB."""
    assert len(as_json.render(sample).encode()) < 2**20 // 10


def test_every_field_of_the_report_is_in_the_json(sample: Report) -> None:
    """Ordinary text goes through unchanged."""
    body = as_json.to_dict(sample)
    assert body["proofs"][1]["remedy"] == sample.proofs[1].remedy
    assert body["proofs"][4]["evidence"][0]["statement"] == sample.proofs[4].evidence[0].statement
    assert body["started_at"] == "2026-11-23T08:30:59Z"
    assert body["duration_s"] == 75.432


def test_the_board_has_a_copy_of_the_schema() -> None:
    """Byte for byte: what it takes is what is written."""
    repository = Path(__file__).parents[3]
    copy = repository / "app" / "report.schema.json"
    assert copy.read_bytes() == (repository / "src/hullproof/report/report.schema.json").read_bytes(), (
        "after a change to the schema: cp src/hullproof/report/report.schema.json app/"
    )
