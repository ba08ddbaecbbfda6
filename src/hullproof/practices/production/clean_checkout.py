r"""The release builds from any checkout.

Why: A pipeline has what git keeps and nothing else, a colleague's umask may be 077, and git gives files other line ends on
Windows. An image that needs this machine's checkout builds here, and fails or does not start when it is built elsewhere.

Proven by: Three more builds: from tracked files alone, with modes as under umask 077, and with CRLF in the files that git may
convert. Each succeeds, gets ready, and answers as the ordinary image does.

Broken by: A file that is not committed; code that only its owner can read and another user runs; an entry script with
CRLF, whose interpreter is then called `sh\r`; a script whose mode git does not keep.

Fix: Commit what the build needs, give modes by COPY, and settle line ends in .gitattributes.

    COPY --chmod=755 app/ app/
    *.sh text eol=lf
"""

from __future__ import annotations

import posixpath

from hullproof.dockerfile import Release
from hullproof.facts import CheckoutTrial
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_experiment,
    listed,
    not_applicable,
    proven,
)
from hullproof.practices.library.lines import append
from hullproof.practices.library.trials import seen_of, what_fails

PROFILES = ("production", "release")

_SHOWN = 5


@check
def other_checkouts_make_it_as_well(
    release: Release, other_checkouts: tuple[CheckoutTrial, ...]
) -> Observations:
    """Each builds, boots and answers."""
    if not other_checkouts:
        yield not_applicable("the project is not in a git repository")
    for each in other_checkouts:
        built, trial = each.built, each.trial
        evidence = in_experiment(built.how, f"changed: {listed(list(built.changed), _SHOWN) or 'nothing'}")
        if built.error is not None:
            where = release.where(built.line or release.line)
            said = next((line.strip() for line in reversed(built.output) if line.strip()), built.error)
            yield broken(
                f"{built.how} the build fails at {where}: {said}",
                in_dockerfile(where, f"fails {built.how}"),
                evidence,
                *(in_experiment("output", line) for line in built.output[-_SHOWN:]),
                fix=_fix(built.how, built.changed),
            )
        elif trial is not None and trial.fault is not None:
            yield broken(
                f"{built.how} it builds, and {what_fails(trial)}",
                *seen_of(trial, release),
                evidence,
                fix=_fix(built.how, built.changed),
            )
        else:
            yield proven(f"{built.how} it builds{'' if trial is None else ' and starts'}", evidence)


def _fix(how: str, changed: tuple[str, ...]) -> str:
    named = listed(list(changed), _SHOWN)
    if "tracked" in how:
        return f"Commit what the build needs of {named}, or make it in the build."
    if "umask" in how:
        return "Give the modes where the files are copied: COPY --chmod=755, or --chown to the user that reads them."
    kinds = sorted({f"*{posixpath.splitext(each)[1]}" for each in changed if each.endswith((".sh", ".py"))})
    lines = append(".gitattributes", *(f"{each} text eol=lf" for each in kinds)) if kinds else None
    return f"Settle the line ends of scripts in .gitattributes (changed were {named}). {lines or 'As *.sh text eol=lf does.'}"
