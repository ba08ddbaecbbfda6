"""Trying fixes: a project with a fault is proven, the fix of it followed, and the project proven again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from hullproof.model import Report, Verdict
from hullproof.practices import GUIDE, get
from tests.toolkit.cases.catalogue import Case, materialise
from tests.toolkit.score.fixes.reading import follow, handed_in
from tests.toolkit.score.outcomes import Row, read
from tests.toolkit.score.running import Bench, say, side_by_side


def try_fixes(
    at: Bench, cases: Sequence[Case], projects: Path | None, *, experiments: bool = True
) -> list[Row]:
    """Follow the fix of each case's own fault, and of each fault of each project in a folder; return the records.

    Without `experiments`, practices that need one are proven afterwards only where the fix is for them. What the record has stands. Only what was broken and is followed says something of a fix.
    """
    done = {row["id"]: row for row in read(at.record) if row["what"] == "fixes"} if at.record else {}
    rows = list(done.values())
    folders = (
        sorted(each for each in projects.iterdir() if (each / "Dockerfile").exists()) if projects else []
    )

    def attempt(each: Case | Path) -> list[Row]:
        return list(
            _of_case(at, each, experiments=experiments) if isinstance(each, Case) else _of_project(at, each)
        )

    every: list[Case | Path] = [*cases, *folders]
    tried = {name.partition("#")[0] for name in done}
    waiting = [each for each in every if _name(each) not in tried]
    for made in side_by_side(attempt, waiting, at.jobs):
        for row in made:
            rows.append(row)
            newly = f", newly broken: {', '.join(row['newly'])}" if row["newly"] else ""
            after = row["after"] if row["followed"] else "prose"
            say(f"{len(rows):4}/{len(waiting) + len(done)}  {after}{newly}  {row['id']}: {row['fix']}")
    return rows


def _name(each: Case | Path) -> str:
    return each.id if isinstance(each, Case) else f"faults/{each.name}"


def _of_case(at: Bench, case: Case, *, experiments: bool) -> Iterator[Row]:
    """Try the fix of the fault that a case plants.

    Of the other practices of the guide its labels say how they were; of a case of another family they are proven, too.
    """
    folder = at.folder / f"{case.id.replace('/', '--')}--before"
    practice = case.practice or ""
    asked = [practice] if case.asked is None else _afterwards(case, experiments=experiments)
    before = _proven(at, materialise(case, folder), asked)
    if before is not None and practice in broken(before):
        known = {practice, *case.also_expected, *broken(before)}
        yield _tried(
            at, case.id, (folder, before), practice, (known, _afterwards(case, experiments=experiments))
        )


def _afterwards(case: Case, *, experiments: bool) -> Sequence[str] | None:
    """Return the practices to prove once the fix is followed; None for all of the default profile."""
    plain = [name for name in GUIDE if name == case.practice or not get(name).needs_experiment]
    if case.asked is not None:
        return [*case.asked, *plain]
    return None if experiments else plain


def _of_project(at: Bench, project: Path) -> Iterator[Row]:
    """Try the fix of each fault that a project is said to have."""
    folder = at.folder / f"{project.name}--before"
    shutil.copytree(project, folder)
    before = _proven(at, folder, None)
    if before is not None:
        known = set(broken(before))
        for practice in broken(before):
            yield _tried(at, f"faults/{project.name}#{practice}", (folder, before), practice, (known, None))


def _tried(
    at: Bench,
    name: str,
    before: tuple[Path, Report],
    practice: str,
    beside: tuple[set[str], Sequence[str] | None],
) -> Row:
    """Follow the fix in a copy, prove that, and record what came of it.

    `beside`: what was broken already, and the practices to prove afterwards, None for all of the default profile.
    """
    (folder, report), (known, asked) = before, beside
    copy = folder.with_name(f"{folder.name}--{practice}--after")
    shutil.copytree(folder, copy, symlinks=True)
    fix = next(each.remedy or "" for each in report.proofs if each.id == practice)
    followed = follow(fix, copy, report.project.dockerfile)
    after = _proven(at, copy, asked, handed_in(fix)) if followed else None
    proof = next((each for each in after.proofs if each.id == practice), None) if after else None
    row = {
        "practice": practice,
        "fix": fix,
        "followed": followed,
        "after": proof.verdict.value if proof else None,
        "beside": "all" if asked is None else len(asked),
        "newly": sorted(set(broken(after)) - known) if after else [],
        "summary": proof.summary if proof else None,
    }
    return at.note("fixes", name, row)


def is_good(row: Row) -> bool:
    """Whether a fix was followed, the practice is shown to hold then, and nothing else is newly broken."""
    return bool(row["followed"]) and row["after"] in {"proven", "not-applicable"} and not row["newly"]


def broken(report: Report) -> list[str]:
    """List the practices that a report says are broken."""
    return [each.id for each in report.proofs if each.verdict is Verdict.BROKEN]


def _proven(
    at: Bench, folder: Path, asked: Sequence[str] | None, secrets: Sequence[str] = ()
) -> Report | None:
    """Prove a project; None where that cannot be done, such as on a Dockerfile that a fix has spoilt."""
    try:
        return at.prove(folder, asked, secrets)
    except Exception as error:  # noqa: BLE001 - what one fix leads to must not hide the others
        say(f"{folder.name}: {type(error).__name__}: {error}")
        return None
