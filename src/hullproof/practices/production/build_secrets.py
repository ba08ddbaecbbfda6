r"""No secret of the build is in the image.

Why: Whoever can pull an image can read all that it is: each layer, deleted files included, the configuration, the history with
the values of arguments, and the provenance that the builder attaches. A token that an index or a repository was opened with is
theirs then.

Proven by: Each secret that a step takes, and each argument that is one by its name, carries a canary; neither layers nor
configuration, history and provenance of the image have it, as it is or encoded.

Broken by: ARG TOKEN, which the history keeps; a secret that a step copies to a file, or an installer writes into its
configuration or the packages' metadata (direct_url.json); a .netrc that a later step deletes.

Fix: Take a secret as a mount, in the step that uses it, and write it nowhere.

    RUN --mount=type=secret,id=token \
        pip install -r requirements.txt \
            --index-url "https://ci:$(cat /run/secrets/token)@pypi.example.org/simple"
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import Leak, LeakFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_experiment,
    listed,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.mounting import exporting, to_keep_out, to_mount

PROFILES = ("production", "release")


@check
def no_canary_is_in_the_image(
    release: Release, leaks: LeakFacts, project_texts: Mapping[str, str]
) -> Observations:
    """What the build was handed in confidence is nowhere in what it made."""
    if not leaks.carried:
        yield not_applicable("the build takes no secrets")
        return
    if leaks.failed is not None:
        where = release.where(leaks.failed_line) if leaks.failed_line else release.where(release.line)
        yield unproven(
            f"the build takes {listed(list(leaks.carried))}, and fails with what was made up for it: {leaks.failed}",
            in_dockerfile(where, "fails with made-up secrets"),
            fix="Hand in what works, by `secrets` in hullproof.toml or --secret: then that is looked for.",
        )
        return
    for each in leaks.leaks:
        where = release.where(each.line)
        yield broken(
            f"{each.what} is in {each.place}",
            in_dockerfile(where, f"takes {each.what}"),
            in_experiment(each.place, f"has {each.what}"),
            fix=_fix(release, each, project_texts),
        )
    searched = "layers, configuration, history" + (" and provenance" if leaks.has_provenance else "")
    yield proven(
        f"{listed(list(leaks.carried))}: in neither {searched}",
        in_experiment("a build with canaries", "found in nothing that came of it"),
        *(
            []
            if leaks.has_provenance
            else [in_experiment("provenance", "this engine's builder attaches none")]
        ),
    )


def _fix(release: Release, leak: Leak, project_texts: Mapping[str, str]) -> str:
    where = release.where(leak.line)
    if not leak.what.startswith("the argument"):
        return (
            to_keep_out(release, leak.line, leak.place)
            or f"Let no step write {leak.what.removeprefix('the ')} to a file: use it where it is mounted, at {where}, alone."
        )
    name = leak.what.removeprefix("the argument ")
    key = name.lower()
    begin = f"RUN --mount=type=secret,id={key} {exporting(name)}"
    return to_mount(release, name, project_texts) or (
        f"Remove the argument {name} at {where}, begin the step that uses it with {begin}, and hand it in by --secret "
        f"id={key},env={name}."
    )
