"""The container runs without any capability, and gains none.

Why: Pod Security's "restricted" level drops all capabilities and forbids new privileges, and so does whoever runs what he does not
trust. An image that changes its user, an owner or a mode when it starts needs some that most programs never use.

Proven by: One more boot of the image with --cap-drop ALL and --security-opt no-new-privileges, under the engine's own seccomp
profile: it gets ready, and each port answers as it does otherwise.

Broken by: An entry script that calls chown, gosu or su; a server that starts as root and changes its user; sudo and other
setuid programs; a program with capabilities of its own. Each that it fails without is found by a boot of its own.

Fix: Do when the image is built what takes rights, and start as the user that it works as.

    RUN install -d -o 10001 -g 10001 /app/data
    USER 10001:10001
    CMD ["gunicorn", "app:app"]
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, ImageFacts, Privileges, Trial
from hullproof.practices.checks import Observations, broken, check, in_experiment
from hullproof.practices.library.access import READ, RUN, barrier
from hullproof.practices.library.accounts import account_of, run_time_groups
from hullproof.practices.library.allowing import past
from hullproof.practices.library.trials import (
    does_as_well,
    refused,
    seen_of,
    what_fails,
    without_own_rights,
)

PROFILES = ("production", "kubernetes", "openshift")

_USED_BY = {
    "CHOWN": "set the owner of files in the Dockerfile (COPY --chown, RUN chown)",
    "SETUID": "start as the user that it works as (USER), in the place of gosu, su or a server's own switch",
    "SETGID": "start as the user that it works as (USER), in the place of gosu, su or a server's own switch",
    "DAC_OVERRIDE": "give its files to the user that reads and writes them",
    "FOWNER": "set the modes of files in the Dockerfile",
    "NET_BIND_SERVICE": "listen on a port above 1023",
}


@check
def it_boots_without_rights(
    release: Release, image: ImageFacts, files: FileFacts | None, privileges: Privileges
) -> Observations:
    """It does as well as in the ordinary boot; else what it needs is named."""
    trial = privileges.trial
    if trial.fault is None:
        yield does_as_well(trial, "without capabilities and new privileges")
        return
    needs = _named(privileges)
    yield broken(
        f"without capabilities and new privileges {what_fails(trial)}{needs}",
        *seen_of(trial, release),
        *(in_experiment(f"--cap-drop {name}", "this alone makes it fail") for name in privileges.needed),
        fix=without_own_rights(trial, release, files)
        or _to_be_allowed(trial, release, image, files)
        or _to_do_without(privileges),
    )


def _named(privileges: Privileges) -> str:
    gains = "; it starts a setuid program or one with capabilities of its own" if privileges.gains else ""
    return gains + (f"; it needs {', '.join(privileges.needed)}" if privileges.needed else "")


def _to_be_allowed(trial: Trial, release: Release, image: ImageFacts, files: FileFacts | None) -> str | None:
    """Say how the image's user gets to what the engine starts, which looks at no mode while it has all rights; None for root."""
    denied, account = refused(trial), account_of(image.user, files)
    if trial.container.start_error is None or denied is None or files is None or not account.uid:
        return None
    stop = barrier(files, denied[0], account, run_time_groups(account, files, None), READ | RUN)
    return past(release, files, stop, denied[0], account) if stop else None


def _to_do_without(privileges: Privileges) -> str | None:
    """Say how to do without a setuid program, which needs some capabilities of its own, or else without each capability."""
    if privileges.gains:
        return "Leave sudo, su and the like out: start as the user that it works as, and do the rest when the image is built."
    ways = list(dict.fromkeys(_USED_BY[name] for name in privileges.needed if name in _USED_BY))
    text = "; ".join(ways)
    return f"{text[:1].upper()}{text[1:]}." if ways else None
