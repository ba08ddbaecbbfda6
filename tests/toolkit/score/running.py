"""Proving cases: some at a time, a share of them, more than once."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from jsonschema import Draft202012Validator

from hullproof import __version__
from hullproof.engine.connection import Engine
from hullproof.model import Report
from hullproof.owner import owned_folder
from hullproof.project.project import Project
from hullproof.report import as_json
from hullproof.run.run import Run
from hullproof.runner.prove import prove
from tests.toolkit.cases.catalogue import Case, materialise
from tests.toolkit.score.outcomes import Outcome, Row, add, outcome_of, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_SCHEMA = Draft202012Validator(as_json.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


@dataclass(frozen=True)
class Bench:
    """Where cases are tried: an engine, a scratch folder, the file that records go to."""

    engine: Engine
    folder: Path
    record: Path | None = None
    jobs: int = 2

    def prove(self, project: Path, only: Sequence[str] | None = None, secrets: Sequence[str] = ()) -> Report:
        """Prove the project in a folder: `only` these practices, by default those of the default profile.

        Its builds are handed these secrets, which are made up.
        """
        files = {each: self.folder / f"secret-{each}" for each in secrets}
        for each, file in files.items():
            file.write_text(f"made-up-for-{each}", encoding="utf-8")
        given = Project.open(project).handed({each: str(file) for each, file in files.items()}, {})
        with Run() as run:
            return prove(given, run.uses(self.engine), run, only=only)

    def note(self, what: str, identifier: str, row: Row) -> Row:
        """Record a measure, with what it was measured by."""
        day = datetime.now(timezone.utc).date().isoformat()
        whole = {"what": what, "id": identifier, "version": __version__, "at": day, "jobs": self.jobs, **row}
        add(self.record, whole)
        return whole


@contextmanager
def bench(record: Path | None, jobs: int) -> Iterator[Bench]:
    """Connect to the engine, and make a scratch folder that is gone at the end."""
    with owned_folder("score") as folder:
        yield Bench(Engine.connect(), folder, record, jobs)


def sample(cases: Sequence[Case], count: int | None, shard: str) -> list[Case]:
    """Choose `count` of the cases, all for None, and of these the shard `2/8`: the same ones each time.

    They are taken by a checksum of their ids, so that each practice is in a sample, and each shard takes about as long.
    """
    ordered = sorted(cases, key=lambda case: hashlib.sha256(case.id.encode()).hexdigest())[:count]
    number, _, of = shard.partition("/")
    return ordered[int(number) - 1 :: int(of)]


def try_case(at: Bench, case: Case, name: str) -> Outcome:
    """Prove one case. An error of ours is an outcome too, and never a good one."""
    started = time.monotonic()
    report: Report | None = None
    error = None
    try:
        report = at.prove(materialise(case, at.folder / name), case.asked)
    except Exception as raised:  # noqa: BLE001 - one case's error must not hide the others' outcomes
        error = f"{type(raised).__name__}: {raised}"
    proofs = report.proofs if report else ()
    return Outcome(
        case,
        {proof.id: proof.verdict for proof in proofs},
        {proof.id: proof.summary for proof in proofs},
        time.monotonic() - started,
        error or _against_schema(report),
    )


def run_all(at: Bench, what: str, cases: Sequence[Case], rounds: int = 1) -> list[Outcome]:
    """Prove all cases, each `rounds` times, with a line for each as it is done; what the record has stands as it is."""
    kept = [row for row in read(at.record) if row["what"] == what] if at.record else []
    done = {(row["id"], row.get("round", 1)) for row in kept}
    asked = {case.id for case in cases}
    outcomes = [outcome_of(row) for row in kept if row["id"] in asked]
    waiting = [(case, turn) for turn in range(1, rounds + 1) for case in cases if (case.id, turn) not in done]

    def attempt(each: tuple[Case, int]) -> Outcome:
        case, turn = each
        outcome = try_case(at, case, f"{case.id.replace('/', '--')}--{turn}")
        at.note(what, case.id, {"round": turn, **outcome.as_row()})
        return outcome

    for outcome in side_by_side(attempt, waiting, at.jobs):
        outcomes.append(outcome)
        total = len(cases) * rounds
        say(f"{len(outcomes):4}/{total}  {outcome.seconds:5.1f} s  {outcome.line}")
    return outcomes


def side_by_side(function: Callable[[_Item], _Made], items: Iterable[_Item], jobs: int) -> Iterator[_Made]:
    """Call a function with each item, `jobs` at a time, and yield what it returns, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(function, items)


def say(line: str) -> None:
    """Tell of progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _against_schema(report: Report | None) -> str | None:
    """Return why a board would refuse the report, None where it is taken."""
    if report is None:
        return None
    found = next(_SCHEMA.iter_errors(as_json.to_dict(report)), None)
    return (
        None if found is None else f"not valid against the schema: {found.json_path}: {found.message[:200]}"
    )
