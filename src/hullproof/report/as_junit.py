"""The report as JUnit XML: a test suite for each family of practices, a test case for each practice.

Valid against the schema by which Jenkins reads such files (junit-10.xsd of its xUnit plugin). Broken is a
failure, unproven an error; what does not apply, or is accepted as broken for now, is skipped with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timezone
from xml.etree import ElementTree as ET

from hullproof.model import Proof, Report, Status
from hullproof.report.reading import about, acceptance, build_headline, build_lines
from hullproof.text import clean, inert

_OUTCOME = {
    Status.BROKEN: "failure",
    Status.UNPROVEN: "error",
    Status.ACCEPTED: "skipped",
    Status.NOT_APPLICABLE: "skipped",
}
_EVIDENCE_SHOWN = 20


def render(report: Report) -> str:
    """Return the report as an XML document."""
    name = clean(report.project.name)
    return _document(name, report.duration_s, _suites(report, name))


def render_all(name: str, reports: Mapping[str, Report], errors: Mapping[str, str]) -> str:
    """Return several projects' reports as one document; `errors` are those that have none. Both by the projects' names."""
    suites = [
        suite
        for project, report in reports.items()
        for suite in _suites(report, clean(project), f"{clean(project)}.")
    ]
    suites += [_error(clean(project), reason) for project, reason in errors.items()]
    return _document(name, sum(each.duration_s for each in reports.values()), suites)


def _document(name: str, seconds: float, suites: Sequence[ET.Element]) -> str:
    root = ET.Element("testsuites", name=name, time=f"{seconds:.3f}")
    for counter in ("tests", "failures", "errors"):
        root.set(counter, str(sum(int(suite.attrib[counter]) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    return inert(f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n')


def _error(project: str, reason: str) -> ET.Element:
    suite = ET.Element("testsuite", name=project, tests="1", failures="0", errors="1", skipped="0")
    case = ET.SubElement(suite, "testcase", name="It can be proven", classname=project, time="0")
    ET.SubElement(case, "error", type="error", message=clean(reason))
    return suite


def _suites(report: Report, project: str, within: str = "") -> list[ET.Element]:
    families = dict.fromkeys(proof.family for proof in report.proofs)
    return [_suite(report, family, project, within) for family in families]


def _suite(report: Report, family: str, project: str, within: str) -> ET.Element:
    proofs = [proof for proof in report.proofs if proof.family == family]
    suite = ET.Element("testsuite", {"name": f"{project}: {clean(family)}", **_counts(proofs)})
    suite.set("timestamp", f"{report.started_at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}")
    suite.set("time", f"{sum(proof.duration_s for proof in proofs):.3f}")
    properties = ET.SubElement(suite, "properties")
    for row in about(report):
        value = ", ".join(part for part in (row.literal, row.words) if part)
        ET.SubElement(properties, "property", name=row.name, value=clean(value))
    suite.extend(_case(proof, within) for proof in proofs)
    if report.build_error:
        said = [build_headline(report), *build_lines(report.build_error, shown=None)]
        ET.SubElement(suite, "system-err").text = "\n".join(said)
    return suite


def _counts(proofs: Sequence[Proof]) -> dict[str, str]:
    outcomes = [_OUTCOME.get(proof.status) for proof in proofs]
    return {
        "tests": str(len(proofs)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
    }


def _case(proof: Proof, within: str) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=clean(proof.title),
        classname=f"{within}{clean(proof.family)}.{proof.id}",
        time=f"{proof.duration_s:.3f}",
    )
    outcome = _OUTCOME.get(proof.status)
    text = "\n".join(details(proof))
    if outcome in ("failure", "error"):
        found = ET.SubElement(case, outcome, type=proof.verdict.value, message=clean(proof.summary))
        found.text = text
        return case
    if outcome:
        reason = acceptance(proof.accepted) if proof.accepted else clean(proof.summary)
        ET.SubElement(case, outcome, type=proof.status.value, message=reason)
    ET.SubElement(case, "system-out").text = text
    return case


def details(proof: Proof) -> list[str]:
    """Describe a proof in lines of plain text: what was found, where, and what fixes it."""
    lines = [clean(proof.summary)]
    if proof.accepted:
        lines.append(acceptance(proof.accepted))
    shown = proof.evidence[:_EVIDENCE_SHOWN]
    lines += [f"{clean(each.where)}: {clean(each.statement)}" for each in shown]
    if len(proof.evidence) > len(shown):
        lines.append(f"and {len(proof.evidence) - len(shown)} more")
    if proof.remedy and not proof.is_good:
        lines.append(f"Fix: {clean(proof.remedy)}")
    return lines
