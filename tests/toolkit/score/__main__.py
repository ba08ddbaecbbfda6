"""Measure, record, and write the page from records.

verdicts: each case once. repeats: a sample, three times over. load: a sample, four at once. fixes: follow the fix of
each fault, and prove again. These go on from what `--record` has. keep: put records into those that the page is made from, and make it. page: print the page of these
records alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.toolkit.score.fixes.trial import is_good, try_fixes
from tests.toolkit.score.outcomes import EVERY, RECORDS, keep, read
from tests.toolkit.score.page import PAGE, page
from tests.toolkit.score.running import bench, run_all, sample

_ROUNDS = {"verdicts": 1, "repeats": 3, "load": 1}
_JOBS = {"load": 4}


def main() -> int:
    """Do what the command line asks for; 0 where every case of the catalogue went right.

    What is wrong on the frozen part is a result, and no failure.
    """
    options = _parser().parse_args()
    if options.what == "keep":
        keep(read(*options.files))
        PAGE.write_text(page(read(RECORDS)), encoding="utf-8")
        return 0
    if options.what == "page":
        text = page(read(*options.files))
        if options.output:
            options.output.write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
        return 0
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    cases = [case for case in EVERY.values() if any(part in case.id for part in options.only.split(","))]
    if options.what == "fixes":
        # What the frozen part says of fixes is asked for by name: none is mended for it.
        cases = [
            case for case in cases if case.practice and case.is_frozen == options.only.startswith("frozen")
        ]
    cases = sample(cases, options.sample, options.shard)
    with bench(options.record, options.jobs or _JOBS.get(options.what, 2)) as at:
        if options.what == "fixes":
            rows = try_fixes(at, cases, options.projects, experiments=not options.no_experiments)
            sys.stderr.write(f"{sum(map(is_good, rows))} of {len(rows)} fixes followed, and good\n")
            return 0 if rows else 1
        outcomes = run_all(at, options.what, cases, _ROUNDS[options.what])
    right = sum(outcome.is_right for outcome in outcomes)
    sys.stderr.write(f"{right} of {len(outcomes)} as they should be\n")
    wrong = [outcome for outcome in outcomes if not outcome.is_right and not outcome.case.is_frozen]
    return 0 if outcomes and not wrong else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "score", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["verdicts", "repeats", "load", "fixes", "keep", "page"])
    parser.add_argument("files", nargs="*", type=Path, help="for keep and page: records")
    parser.add_argument("--only", default="", help="cases whose id contains this, or one of these: A,B")
    parser.add_argument("--sample", type=int, help="as many of them, the same ones each time")
    parser.add_argument("--shard", default="1/1", help="of these the part 2/8")
    parser.add_argument("--jobs", type=int, help="at once: 2, under load 4")
    parser.add_argument("--record", type=Path, help="add records here, and go on from what is there")
    parser.add_argument("--projects", type=Path, help="for fixes: a folder of further projects")
    parser.add_argument(
        "--no-experiments", action="store_true", help="for fixes: look only at what needs none"
    )
    parser.add_argument("--output", type=Path, help="for page: write it here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
