"""Reports of every kind, and the pages that show them: the board's, and those that `prove --output report.html` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hullproof.model import Report
from hullproof.report import as_html
from tests.toolkit.report.reports import bare, failed_build, sample
from tests.unit.process import Process

SAMPLES = sorted((Path(__file__).parents[1] / "toolkit" / "report" / "samples").glob("*.json"))
PRACTICES = (
    "slim-base",
    "multistage",
    "non-root-user",
    "workdir",
    "requirements-first",
    "ownership",
    "test-gate",
)


REPORTS = {
    "with all there can be": sample(),
    "of a failed build": failed_build(),
    "of a long profile": replace(
        bare(),
        profile="production",
        proofs=tuple(replace(bare().proofs[0], id=f"practice-{number}") for number in range(31)),
    ),
}


@dataclass(frozen=True)
class Filled:
    """A board with reports: its address, and the addresses of its pages by what is on them."""

    url: str
    pages: dict[str, str]


PAGES = (
    *("all projects", "a search without a hit", "a project", "the newest report", "an older report"),
    *("a part of a profile", "several profiles", "an error", "an empty board"),
    *(f"sample {sample.stem}" for sample in SAMPLES),
    *(f"report page {name}" for name in REPORTS),
)


def fill(board: Process, empty: Process, folder: Path) -> Filled:
    """Send ordinary reports, and those that Hullproof's own tests take for the worst there can be; write pages to `folder`."""
    ids = [_send(board, json.loads(sample.read_text("utf-8"))) for sample in SAMPLES]
    shop = [_send(board, _report("shop/checkout", day)) for day in range(1, 25)]
    part = _report("web-api", 3)
    part |= {"left_out": list(PRACTICES[1:]), "proofs": part["proofs"][:1], "verdict": "proven"}
    for day in (1, 2):
        _send(board, _report("shop/kiosk", day))
        _send(board, _report("shop/kiosk", day) | {"profile": "production-of-the-whole-team" * (3 * day)})
    pages = {
        "all projects": "/",
        "a search without a hit": "/?q=nothing",
        "a project": "/?project=shop/checkout",
        "the newest report": f"/reports/{shop[-1]}",
        "an older report": f"/reports/{shop[3]}",
        "a part of a profile": f"/reports/{_send(board, part)}",
        "several profiles": "/?project=shop/kiosk",
        "an error": "/nothing",
        **{f"sample {sample.stem}": f"/reports/{each}" for sample, each in zip(SAMPLES, ids, strict=True)},
    }
    url = f"http://127.0.0.1:{board.port}"
    nothing = f"http://127.0.0.1:{empty.port}/"
    made = {
        f"report page {name}": _written(report, folder / f"{name}.html") for name, report in REPORTS.items()
    }
    return Filled(
        url, {**{name: url + path for name, path in pages.items()}, **made, "an empty board": nothing}
    )


def _written(report: Report, path: Path) -> str:
    """Write the page that `prove --output report.html` does, and return its address."""
    path.write_text(as_html.render(report), encoding="utf-8")
    return path.as_uri()


def _send(board: Process, report: dict[str, Any]) -> str:
    status, answer = board.ask("POST", "/api/reports", json.dumps(report).encode())
    assert status == 201, answer
    return str(json.loads(answer)["id"])


def _report(name: str, day: int) -> dict[str, Any]:
    """Make a report in which another practice is bad each day, on a stand-in and with changes on some."""
    verdicts = [
        "broken" if at == day % 9 else "unproven" if at == day % 5 else "proven"
        for at in range(len(PRACTICES))
    ]
    return {
        "schema": "hullproof.report/1",
        "verdict": min(verdicts, key=("broken", "unproven", "proven").index),
        "project": {
            "name": name,
            "dockerfile": "Dockerfile",
            "target": "release",
            "revision": f"{day:040x}" + ("-dirty" if day % 3 else ""),
        },
        "image": {
            "id": f"sha256:{'b' * 64}",
            "digest": None,
            "size_bytes": 117_000_000,
            "base": "python:3.10-slim",
            "base_is_stand_in": day % 2 == 0,
        },
        "engine": {"name": "Docker Engine", "version": "26.1.5"},
        "hullproof_version": "0.1.0",
        "started_at": f"2026-10-{day:02}T08:56:05Z",
        "duration_s": 42.5,
        "build_error": None,
        "left_out": [],
        "proofs": [_proof(*each) for each in zip(PRACTICES, verdicts, strict=True)],
    }


def _proof(practice: str, verdict: str) -> dict[str, Any]:
    return {
        "id": practice,
        "family": "guide",
        "title": f"The title of {practice}",
        "verdict": verdict,
        "summary": "Process 1 works in `/app`.",
        "evidence": [{"source": "container", "where": "/proc/1/cwd", "statement": "/app"}],
        "remedy": None if verdict == "proven" else "Write `WORKDIR /app`.",
        "duration_s": 0.25,
    }
