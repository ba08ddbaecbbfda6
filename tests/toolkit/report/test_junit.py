"""The report as JUnit XML."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from hullproof.model import Report, Status
from hullproof.report import as_junit

from .samples import matches


def suites(report: Report) -> list[TestSuite]:
    """Return the suites as a reader of JUnit files has them."""
    return list(JUnitXml.fromstring(as_junit.render(report).encode()))


def cases(report: Report) -> dict[str, TestCase]:
    """Return the test cases by practice."""
    found = [case for suite in suites(report) for case in suite]
    return {case.classname.rpartition(".")[2]: case for case in found}


def test_the_xml_is_as_expected(name: str, report: Report) -> None:
    """The XML is the expected one."""
    matches(as_junit.render(report), f"{name}.xml")


def test_every_practice_is_a_case_with_a_title_that_people_read(report: Report) -> None:
    """The class name holds family and id, by which a CI server tells cases apart."""
    assert [
        (case.classname, case.name) for suite in suites(report) for case in suite if "Title" not in case.name
    ] == [
        (f"{proof.family}.{proof.id}", proof.title)
        for family in dict.fromkeys(proof.family for proof in report.proofs)
        for proof in report.proofs
        if proof.family == family and "Title" not in proof.title
    ]


def test_each_standing_has_its_outcome(sample: Report) -> None:
    """Broken fails, unproven is an error; what does not apply or is accepted is skipped, and says why."""
    outcomes = {
        Status.BROKEN: [Failure],
        Status.UNPROVEN: [Error],
        Status.ACCEPTED: [Skipped],
        Status.NOT_APPLICABLE: [Skipped],
        Status.PROVEN: [],
    }
    found = cases(sample)
    assert {proof.status for proof in sample.proofs} == set(Status)
    for proof in sample.proofs:
        assert [type(result) for result in found[proof.id].result] == outcomes[proof.status]
        assert all(result.message for result in found[proof.id].result)


def test_the_counters_are_those_of_the_cases(report: Report) -> None:
    """Of each suite and of the whole: readers do not count for themselves."""
    total: Counter[str] = Counter()
    for suite in suites(report):
        kinds = Counter(type(result).__name__ for case in suite for result in case.result)
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(list(suite)),
            kinds["Failure"],
            kinds["Error"],
            kinds["Skipped"],
        )
        total.update(tests=suite.tests, failures=suite.failures, errors=suite.errors)
    root = ET.fromstring(as_junit.render(report))  # noqa: S314 - our own text
    assert {name: root.get(name) for name in total} == {name: str(count) for name, count in total.items()}


def test_a_failure_tells_evidence_and_remedy(sample: Report) -> None:
    """What a CI server shows when one clicks on the case."""
    (failure,) = cases(sample)["multistage"].result
    assert "docker/Dockerfile|`x`:31: the release copies it" in str(failure.text)
    assert "Fix: Install test tools in a test stage" in str(failure.text)


def test_a_failed_build_is_in_the_suites_errors(failed_build: Report) -> None:
    """With the instruction and its last output."""
    root = ET.fromstring(as_junit.render(failed_build))  # noqa: S314 - our own text
    told = "".join(element.text or "" for element in root.iter("system-err"))
    headline, instruction, first, *_ = told.splitlines()
    assert headline.startswith("The project's own build fails at docker/Dockerfile|`x`:47: 1 test failed")
    assert (instruction, first) == ("RUN python -m pytest `x` <b>", "collected 3 items")


def test_a_huge_text_leaves_a_file_that_can_be_uploaded(sample: Report) -> None:
    """Ten megabytes in a field come to less than a hundred kilobytes."""
    assert len(as_junit.render(sample)) < 100_000
