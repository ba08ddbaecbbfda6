"""The page that is made from records: docs/score.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from hullproof.model import Verdict
from hullproof.practices import every
from tests.toolkit.cases.frozen import FROZEN
from tests.toolkit.score.fixes.trial import is_good
from tests.toolkit.score.outcomes import EVERY, Outcome, Row, outcome_of
from tests.toolkit.score.wilson import rate

PAGE = Path(__file__).parents[3] / "docs" / "score.md"

_HEAD = """\
<!-- Made from tests/toolkit/score/records.jsonl; see tests/toolkit/score/page.py. -->

# The score

`hullproof prove` over two corpora, on a real engine. Each case is a project with one fault, or one that does the
same in another way and has none; what is right was written down with the case. Every share is followed by its interval:
a [Wilson interval](https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval) at
95 %. An outcome that was recorded stands: nothing is tried again until it comes out right.

- **The catalogue**, `tests/toolkit/cases/catalogue/`: copies of one small project, each with one edit. The rules were written with
  these in view, and a rule that failed one was mended. It shows that nothing that once worked is lost, and no more.
- **The frozen part**, `tests/toolkit/cases/frozen/`: situations that people ask about in public, on small projects of other
  shapes and tools, each beside a twin in which it is mended. The labels were committed before the first run, and no rule may be
  written for these cases. It is the better guess at what happens on a project that nobody here has seen."""


def page(rows: Sequence[Row]) -> str:
    """Write the page, from records alone: each corpus, repeats, load, fixes, what went wrong."""
    verdicts = [outcome_of(row) for row in rows if row["what"] == "verdicts"]
    lines = [_HEAD]
    for name, is_frozen in (("The catalogue", False), ("The frozen part", True)):
        seen = [outcome for outcome in verdicts if outcome.case.is_frozen is is_frozen]
        by = _by(row for row in rows if row["what"] == "verdicts" and EVERY[row["id"]].is_frozen is is_frozen)
        # The catalogue grows with every change; how much of it was run is known only as of then.
        cases = f"{len(seen)} of {len(FROZEN)} cases" if is_frozen else f"{len(seen)} cases"
        lines += ["", f"## {name}", "", *_corpus(seen, f"{cases}{by}:")]
    lines += ["", "## The same again", "", *_repeats([row for row in rows if row["what"] == "repeats"])]
    lines += ["", "## Under load", "", *_load([row for row in rows if row["what"] == "load"], verdicts)]
    if fixes := [row for row in rows if row["what"] == "fixes"]:
        lines += ["", "## Fixes", "", *_fixes(fixes)]
    lines += ["", "## What went wrong", "", *_wrong(rows)]
    return "\n".join(lines) + "\n"


def _corpus(seen: Sequence[Outcome], head: str) -> Iterator[str]:
    """Give a corpus' shares, then a row for each practice."""
    if not seen:
        yield "Not recorded yet: `./nox -s score -- verdicts --record FILE`, which takes hours, then `-- keep FILE`."
        return
    yield head
    faults = [each for each in seen if each.case.practice]
    sound = [each for each in seen if not each.case.practice]
    cells = [each for outcome in seen for each in _judged(outcome)]
    yield ""
    yield f"- all of it as it should be: {_share(seen, lambda each: each.is_right)}"
    yield f"- faults found under the right practice: {_share(faults, lambda each: each.named_right)}"
    yield f"- faults with another practice accused: {_share(faults, lambda each: bool(each.false_alarms))}"
    yield f"- sound projects with a false alarm: {_share(sound, lambda each: bool(each.false_alarms))}"
    unproven = sum(verdict is Verdict.UNPROVEN for verdict in cells)
    yield f"- verdicts left unproven that could be shown: {rate(unproven, len(cells))}"
    yield from _by_practice(seen)


def _judged(outcome: Outcome) -> Iterator[Verdict]:
    """Give the verdicts of a case that could be shown: its own fault, and what no fault hides."""
    excused = outcome.case.may_be_unproven | outcome.case.also_expected
    return (verdict for name, verdict in outcome.verdicts.items() if name not in excused)


def _by_practice(seen: Sequence[Outcome]) -> Iterator[str]:
    yield ""
    yield "| practice | faults found under it | others accused | left unproven | median s |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for name in (*(each.id for each in every()), None):
        rows = [outcome for outcome in seen if outcome.case.practice == name]
        if rows:
            cells = [
                f"`{name}`" if name else "sound projects",
                _share(rows, lambda each: each.named_right) if name else f"{len(rows)} tried",
                sum(bool(each.false_alarms) for each in rows),
                sum(bool(each.unknown) for each in rows),
                f"{median(each.seconds for each in rows):.1f}",
            ]
            yield "| " + " | ".join(map(str, cells)) + " |"


def _repeats(rows: Sequence[Row]) -> Iterator[str]:
    """Say how many verdicts were the same in every round."""
    if not rows:
        yield "Not recorded yet: `./nox -s score -- repeats --sample 40 --record FILE`."
        return
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for practice, verdict in row["verdicts"].items():
            said[row["id"], practice].append(verdict)
    rounds = max(row["round"] for row in rows)
    cells = {cell: verdicts for cell, verdicts in said.items() if len(verdicts) > 1}
    same = sum(len(set(verdicts)) == 1 for verdicts in cells.values())
    cases = len({case for case, _ in cells})
    yield f"{cases} cases, {rounds} times each{_by(rows)}: {rate(same, len(cells))} of the verdicts were the same each time."
    changed = [
        f"- `{case}`, {name}: {', '.join(seen)}" for (case, name), seen in cells.items() if len(set(seen)) > 1
    ]
    if changed:
        yield from ["", *sorted(changed)]


def _load(rows: Sequence[Row], alone: Sequence[Outcome]) -> Iterator[str]:
    """Say how many came out right with several at once, and as they did alone."""
    if not rows:
        yield "Not recorded yet: `./nox -s score -- load --sample 40 --record FILE`."
        return
    seen = [outcome_of(row) for row in rows]
    quiet = {outcome.case.id: outcome.verdicts for outcome in alone}
    cells = [
        (verdict, quiet[each.case.id].get(name))
        for each in seen
        if each.case.id in quiet
        for name, verdict in each.verdicts.items()
    ]
    at_once = max(row["jobs"] for row in rows)
    yield f"{len(seen)} cases, {at_once} at once{_by(rows)}:"
    yield ""
    yield f"- all of it as it should be: {_share(seen, lambda each: each.is_right)}"
    yield f"- verdicts that are those of the run above: {rate(sum(a is b for a, b in cells), len(cells))}"


def _fixes(rows: Sequence[Row]) -> Iterator[str]:
    """Say how many fixes helped, of those that a script can follow and of all."""
    yield "A script follows the fix that the report gives, by its letter, and the project is proven again. It knows no practice, only"
    yield "[four sentences](reference/fixes.md); all else is prose, which it does not follow. The fixes were written, and those that"
    yield "did not help were mended, with cases of the catalogue in view."
    yield ""
    followed = [row for row in rows if row["followed"]]
    good = [row for row in followed if row["after"] in {"proven", "not-applicable"}]
    clean = [row for row in followed if not row["newly"]]
    both = [row for row in followed if is_good(row)]
    whole = sum(row["beside"] == "all" for row in followed)
    alone = sum(row["beside"] == 1 for row in followed)
    yield f"{len(rows)} faults{_by(rows)}; of {len(followed)} projects whose fix was followed {whole} were proven again in all practices,"
    yield f"{alone} in that of the fault alone, the others in that and in those of the guide that need no experiment:"
    yield ""
    yield f"- fixes that the script can follow: {rate(len(followed), len(rows))}"
    yield f"- of these, the practice is then shown to hold: {rate(len(good), len(followed))}"
    yield f"- of these, nothing else newly broken: {rate(len(clean), len(followed))}"
    yield f"- of these, both: {rate(len(both), len(followed))}"
    yield f"- of all that were tried, followed and both: {rate(len(both), len(rows))}"
    yield ""
    yield "| practice | tried | followed | helped | newly broken |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name in (each.id for each in every()):
        own = [row for row in rows if row["practice"] == name]
        if own:
            counts = [len(own), *(sum(row in own for row in part) for part in (followed, good))]
            counts.append(sum(bool(row["newly"]) for row in own))
            yield f"| `{name}` | " + " | ".join(map(str, counts)) + " |"


def _wrong(rows: Sequence[Row]) -> list[str]:
    found = []
    for row in rows:
        if row["what"] != "fixes" and not (outcome := outcome_of(row)).is_right:
            where = "" if row["what"] == "verdicts" else f" ({row['what']}, {row['jobs']} at once)"
            found.append(f"- {outcome.line.removeprefix('WRONG  ')}{where}")
        elif row["what"] == "fixes" and row["followed"] and not is_good(row):
            newly = f"; newly broken: {', '.join(row['newly'])}" if row["newly"] else ""
            found.append(
                f"- fix of {row['id']}: {row['fix']} Then {row['practice']} is {row['after']}{newly}"
            )
    return list(dict.fromkeys(map(_escaped, found))) or ["Nothing that is recorded."]


def _escaped(line: str) -> str:
    return line.replace("<", "&lt;").replace("|", "&#124;")


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    return rate(sum(map(holds, outcomes)), len(outcomes))


def _by(rows: Iterable[Row]) -> str:
    """Say by which version, and on which days."""
    every = list(rows)
    if not every:
        return ""
    versions = ", ".join(sorted({row["version"] for row in every}))
    days = sorted({row["at"] for row in every})
    return f" (Hullproof {versions}, {days[0] if len(days) == 1 else f'{days[0]} to {days[-1]}'})"
