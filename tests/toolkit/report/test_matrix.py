"""Several reports as one checklist and one page: what holds everywhere, what differs, what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import html5lib
import pytest

from hullproof.report import as_json
from hullproof.report.as_matrix import render_html, render_markdown
from hullproof.report.matrix import Matrix, Signed

from ..conftest import Command
from ..hostile import TEXTS, assert_harmless
from .reports import bare, hostile, sample

EMPTY_SPACE = "\u200b"  # ours, by which Markdown is kept from making links and mentions


def cell(base: str, platform: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a good report's JSON, of this base and platform."""
    made = as_json.to_dict(bare())
    made["image"].update(base=base, platform=platform)
    return {**made, **more}


def broken(made: dict[str, Any]) -> dict[str, Any]:
    """Return the same with its first practice broken."""
    first, *rest = made["proofs"]
    proofs = [{**first, "verdict": "broken", "summary": "It holds a compiler."}, *rest]
    return {**made, "verdict": "broken", "proofs": proofs}


def test_cells_are_called_by_what_differs() -> None:
    """Python versions by platforms; what is the same everywhere is in no name, and what is alike is numbered."""
    reports = [cell(f"python:3.{n}-slim", f"linux/{arch}") for n in (12, 13) for arch in ("amd64", "arm64")]
    labels = [each.label for each in Matrix.of(reports).cells]
    assert labels == [f"python:3.{n}-slim, linux/{arch}" for n in (12, 13) for arch in ("amd64", "arm64")]
    assert [each.label for each in Matrix.of([reports[0], reports[0]]).cells] == ["report #1", "report #2"]


def test_the_worst_decides_and_is_counted() -> None:
    """A practice is ticked where it holds in every cell, and says where it does not."""
    reports = [cell("python:3.12-slim", "a"), broken(cell("python:3.13-slim", "a"))]
    said = render_markdown(Matrix.of(reports))
    assert "**BROKEN** in 1 of 2." in said
    assert "- [ ] **The release starts from a slim base** (`slim-base`): broken in python:3.13-slim" in said
    assert "- `slim-base`, python:3.13-slim: It holds a compiler." in said
    good = render_markdown(Matrix.of([reports[0], cell("python:3.13-slim", "a")]))
    assert "**PROVEN** in all 2." in good
    assert "Nothing but the images." in good
    assert "- [x] **The release starts from a slim base** (`slim-base`)\n" in good


def test_what_must_be_alike_and_is_not_is_told() -> None:
    """One release is of one revision, made with one version."""
    one, other = cell("a", "x"), cell("b", "x", hullproof_version="0.2.0")
    other["project"] = {**other["project"], "revision": "f" * 40}
    one["project"] = {**one["project"], "revision": "e" * 40}
    said = render_markdown(Matrix.of([one, other]))
    assert f"- Revision: `{'e' * 40}`, `{'f' * 40}`" in said
    assert "- Hullproof: `0.1.0`, `0.2.0`" in said


def test_a_part_is_not_taken_for_the_whole() -> None:
    """What one cell was not asked for is named there."""
    part = cell("b", "x", left_out=["workdir"])
    part["proofs"] = part["proofs"][:1]
    said = render_markdown(Matrix.of([cell("a", "x"), part]))
    assert "of a part of the practices" in said
    assert "not asked for in b" in said


def test_one_report_is_a_checklist_of_its_own() -> None:
    """With the statements and who signed them, where it was attested."""
    report = as_json.to_dict(sample())
    signed = Signed({"urn:hullproof:report:1": "sha256:" + "5e" * 32}, "key sha256:" + "6f" * 32)
    said = render_markdown(Matrix.of([report], [signed]))
    assert "What differs" not in said
    for name, text in (
        ("Revision", report["project"]["revision"]),
        ("Base digest", report["image"]["base_digest"]),
        ("Signed by", signed.signer),
        ("Statement urn:hullproof:report:1", "sha256:" + "5e" * 32),
    ):
        assert f"| {name} | `{text}` |" in said
    assert "| Engine | `Docker Engine 26.1.5" in said


def test_the_page_is_valid_html() -> None:
    """A row for each practice, a column for each cell."""
    page = render_html(Matrix.of([cell("a", "x"), broken(cell("b", "x"))]))
    parsed = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    first = parsed.find(".//tbody")
    assert first is not None
    assert [len(row.findall("td")) for row in first.findall("tr")] == [2, 2]
    assert [each.get("class") for each in first.findall(".//td")][:2] == ["proven", "broken"]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_neither_hands_a_hostile_text_on(text: str) -> None:
    """As no other face does."""
    matrix = Matrix.of([as_json.to_dict(hostile(text)), as_json.to_dict(sample())])
    assert_harmless(render_markdown(matrix).replace(EMPTY_SPACE, ""))
    page = render_html(matrix)
    assert_harmless(page)
    html5lib.HTMLParser(strict=True).parse(page)


def test_the_command_writes_both(command: Command, tmp_path: Path) -> None:
    """And ends as the worst of the reports does; what is no report is one line."""
    for name, made in (("a", cell("a", "x")), ("b", broken(cell("b", "x")))):
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    a, b = (str(tmp_path / f"{name}.json") for name in "ab")
    code, said, _ = command("merge", a)
    assert (code, "**PROVEN** in 1 of 1." in said) == (0, True)
    places = [str(tmp_path / "m.md"), str(tmp_path / "m.html")]
    code, said, told = command("merge", a, b, *(f"--output={each}" for each in places))
    assert (code, said, told.splitlines()[-1]) == (1, "", "BROKEN in 1 of 2")
    assert all(Path(each).read_text() for each in places)
    for arguments, why in (
        ([a, "--output", "x.txt"], "no format has this ending; use .md or .html"),
        ([str(tmp_path / "m.md")], "is no JSON"),
        ([], "Missing argument"),
        ([b, a, a], f"{a}: is the same report as {a}; give it once"),
    ):
        code, _, told = command("merge", *arguments)
        assert (code, why in told) == (2, True)
