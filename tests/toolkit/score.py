"""The score: `prove` over the whole corpus on the real engine, and what it caught, missed and falsely accused.

Run by `./nox -s score`; `-- --only test-gate` narrows it, `--output` names the page to write. It takes the better
part of an hour: `--record FILE` notes each outcome as it comes, and a later run with the same file goes on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jsonschema import Draft202012Validator

from hullproof import __version__
from hullproof.engine.connection import Engine
from hullproof.model import Report, Verdict
from hullproof.owner import owned_folder
from hullproof.practices import every
from hullproof.project.project import Project
from hullproof.report import as_json
from hullproof.run.run import Run
from hullproof.runner.prove import prove
from tests.toolkit.cases.catalogue import CASES, Case, materialise

_SCHEMA = Draft202012Validator(as_json.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


@dataclass(frozen=True)
class Outcome:
    """What `prove` said of one case."""

    case: Case
    verdicts: dict[str, Verdict]
    summaries: dict[str, str]
    seconds: float
    error: str | None = None

    @property
    def caught(self) -> bool:
        """Whether anything was found broken."""
        return Verdict.BROKEN in self.verdicts.values()

    @property
    def named_right(self) -> bool:
        """Whether the practice that was sabotaged was found broken."""
        return self.case.practice is not None and self.verdicts.get(self.case.practice) is Verdict.BROKEN

    @property
    def false_alarms(self) -> list[str]:
        """Practices accused that the case does not break."""
        expected = self.case.also_expected | {self.case.practice or ""}
        return [
            name
            for name, verdict in self.verdicts.items()
            if verdict is Verdict.BROKEN and name not in expected
        ]

    @property
    def unknown(self) -> list[str]:
        """Practices left unproven that can be shown in this case."""
        excused = self.case.may_be_unproven | self.case.also_expected | {self.case.practice or ""}
        return [
            name
            for name, verdict in self.verdicts.items()
            if verdict is Verdict.UNPROVEN and name not in excused
        ]

    @property
    def is_right(self) -> bool:
        """Whether all of it is as it should be."""
        return (
            self.error is None
            and not self.false_alarms
            and not self.unknown
            and (self.case.practice is None or self.named_right)
        )


def try_case(case: Case, engine: Engine, folder: Path) -> Outcome:
    """Prove one case. An error of ours is an outcome too, and never a good one."""
    project = materialise(case, folder / case.id.replace("/", "--"))
    started = time.monotonic()
    report: Report | None = None
    error = None
    try:
        with Run() as run:
            report = prove(Project.open(project), run.uses(engine), run, only=case.asked)
    except Exception as raised:  # noqa: BLE001 - one case's error must not hide the others' outcomes
        error = f"{type(raised).__name__}: {raised}"
    proofs = report.proofs if report else ()
    error = error or _against_schema(report)
    return Outcome(
        case,
        {proof.id: proof.verdict for proof in proofs},
        {proof.id: proof.summary for proof in proofs},
        time.monotonic() - started,
        error,
    )


def _against_schema(report: Report | None) -> str | None:
    """Return why a board would refuse the report, None where it is taken."""
    if report is None:
        return None
    found = next(_SCHEMA.iter_errors(as_json.to_dict(report)), None)
    return (
        None if found is None else f"not valid against the schema: {found.json_path}: {found.message[:200]}"
    )


def recorded(record: Path | None) -> dict[str, Outcome]:
    """Read the outcomes of an earlier run, by case; those that went wrong are to be tried again."""
    if record is None or not record.exists():
        return {}
    cases = {case.id: case for case in CASES}
    outcomes = {}
    for line in record.read_text().splitlines():
        seen = json.loads(line)
        if seen["id"] in cases:
            verdicts = {name: Verdict(verdict) for name, verdict in seen["verdicts"].items()}
            outcome = Outcome(cases[seen["id"]], verdicts, seen["summaries"], seen["seconds"], seen["error"])
            outcomes[seen["id"]] = outcome
    return {name: outcome for name, outcome in outcomes.items() if outcome.is_right}


def note(record: Path | None, outcome: Outcome) -> None:
    """Add an outcome to the record."""
    if record is None:
        return
    verdicts = {name: verdict.value for name, verdict in outcome.verdicts.items()}
    seen = {"id": outcome.case.id, "verdicts": verdicts, "summaries": outcome.summaries}
    with record.open("a") as stream:
        stream.write(json.dumps({**seen, "seconds": outcome.seconds, "error": outcome.error}) + "\n")


def run_all(cases: Sequence[Case], jobs: int, record: Path | None) -> list[Outcome]:
    """Prove all cases, `jobs` at a time, with a line for each as it is done."""
    engine = Engine.connect()
    done = recorded(record)
    with owned_folder("score") as folder, ThreadPoolExecutor(jobs) as pool:
        outcomes = [done[case.id] for case in cases if case.id in done]
        waiting = [case for case in cases if case.id not in done]
        for outcome in pool.map(lambda case: try_case(case, engine, folder), waiting):
            outcomes.append(outcome)
            note(record, outcome)
            say(f"{len(outcomes):4}/{len(cases)}  {outcome.seconds:5.1f} s  {line_of(outcome)}")
        return outcomes


def say(line: str) -> None:
    """Tell of progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def line_of(outcome: Outcome) -> str:
    """Say in one line how a case went."""
    if outcome.is_right:
        return f"right  {outcome.case.id}"
    parts = [f"WRONG  {outcome.case.id}"]
    if outcome.error:
        parts.append(outcome.error)
    elif outcome.case.practice and not outcome.named_right:
        name = outcome.case.practice
        parts.append(f"{name} is {outcome.verdicts[name].value}: {outcome.summaries[name]}")
    parts += [f"false alarm {name}: {outcome.summaries[name]}" for name in outcome.false_alarms]
    parts += [f"unproven {name}: {outcome.summaries[name]}" for name in outcome.unknown]
    return " | ".join(parts)


def page(outcomes: Sequence[Outcome]) -> str:
    """Write the page: a row per practice, then each case that went wrong, then every case."""
    planted = [outcome for outcome in outcomes if outcome.case.practice]
    benign = [outcome for outcome in outcomes if not outcome.case.practice]
    lines = [
        "# The score",
        "",
        "`hullproof prove` over the corpus in `tests/toolkit/cases/`, on a real engine: a good project, copies of it",
        "with one fault each, and copies that do the same in another way. Written by `./nox -s score`.",
        "",
        f"Hullproof {__version__}, {len(outcomes)} cases:",
        "",
        f"- {sum(each.named_right for each in planted)} of {len(planted)} faults caught under the right practice",
        f"- {sum(bool(each.false_alarms) for each in benign)} of {len(benign)} benign variants with a false alarm",
        f"- {sum(bool(each.false_alarms) for each in planted)} of {len(planted)} faults with another practice accused",
        "",
        "| practice | planted | caught | named right | false alarms | unproven | median s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in (*(each.id for each in every()), None):
        rows = [outcome for outcome in outcomes if outcome.case.practice == name]
        if not rows:
            continue
        times = sorted(outcome.seconds for outcome in rows)
        cells = [
            f"`{name}`" if name else "benign variants",
            len(rows) if name else "none",
            sum(outcome.caught for outcome in rows) if name else "",
            sum(outcome.named_right for outcome in rows) if name else "",
            sum(len(outcome.false_alarms) for outcome in rows),
            sum(len(outcome.unknown) for outcome in rows),
            f"{times[len(times) // 2]:.1f}",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    lines += ["", "## What went wrong", ""]
    lines += [f"- {line_of(outcome).removeprefix('WRONG  ')}" for outcome in wrong] or ["Nothing."]
    lines += ["", "## Every case", ""]
    lines += [f"- `{outcome.case.id}`: {outcome.case.title}" for outcome in outcomes]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run what the command line asks for; 0 where every case went right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose id contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", type=Path, help="note outcomes here, and go on from what is noted")
    parser.add_argument("--output", type=Path, help="write the page here")
    options = parser.parse_args()
    cases = [case for case in CASES if options.only in case.id]
    if not cases:
        parser.error(f"no case's id contains {options.only!r}")
    outcomes = run_all(cases, options.jobs, options.record)
    text = page(outcomes)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text)
    right = sum(outcome.is_right for outcome in outcomes)
    sys.stderr.write(f"{right} of {len(outcomes)} cases as they should be\n")
    return 0 if right == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
