"""Runs scenarios: `python -m tests.faults [NAME …] [--nightly]`; exit code 1 where one did not hold."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from hullproof.owner import owned_folder
from tests.faults.harness import Result, Scenario, attempt, scenarios
from tests.faults.page import page, record, write
from tests.toolkit.rig import signals_heard


def say(line: str) -> None:
    """Tell of progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> int:
    """Run what the command line asks for."""
    known = {each.name: each for each in scenarios()}
    options = _arguments(tuple(known))
    seed = options.seed if options.seed is not None else secrets.randbelow(2**32)
    results = []
    for each in [known[name] for name in options.names] or known.values():
        size = options.size or (each.nightly if options.nightly else each.ci)
        if size == 0 and options.names:
            size = each.nightly
        if size:
            with owned_folder("faults") as folder, signals_heard():
                say(f"{each.name}: {each.claim} (size {size}, seed {seed})")
                results.append(attempt(each, size, seed, folder, say))
                say(_line(each, results[-1]))
    if options.record:
        record(results)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        write(results, options.output / "faults.json")
        (options.output / "faults.md").write_text(
            page({each.name: each for each in results}), encoding="utf-8"
        )
    # The form in which CI servers know what was run.
    held = sum(each.is_good for each in results)
    skipped = sum(each.skipped is not None for each in results)
    say(f"{held} passed, {len(results) - held - skipped} failed, {skipped} skipped")
    return 0 if held and held + skipped == len(results) else 1


def _arguments(names: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./nox -s faults --",
        description=__doc__,
        epilog="Scenarios: " + ", ".join(names),
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios; all, where none is named")
    parser.add_argument("--nightly", action="store_true", help="at full size: hours")
    parser.add_argument("--size", type=int, help="at this size")
    parser.add_argument("--seed", type=int, help="with the random choices of an earlier run")
    parser.add_argument("--output", type=Path, help="a folder for faults.json and faults.md")
    parser.add_argument("--record", action="store_true", help="keep the results, and make the page from them")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no scenario is named {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return options


def _line(each: Scenario, result: Result) -> str:
    if result.skipped is not None:
        return f"{each.name}: passed over: {result.skipped}"
    figures = "".join(f", {name} {value}" for name, value in result.figures.items())
    sign = "ok  " if result.is_good else "FAIL"
    return f"{sign} {each.name}: {result.held} of {result.tried} {each.unit} held{figures} ({result.seconds:.0f} s)"


if __name__ == "__main__":
    sys.exit(main())
