"""The container starts without a network.

Why: What is downloaded at the start is downloaded at each start, by each replica: a model, a word list, a package, a time zone. On
the day when that host is slow, gone or forbidden, nothing starts, in the middle of an incident.

Proven by: One more boot without a network, or with one that leads to the services of its compose file and nowhere else: it gets
ready, and each port answers as it does otherwise. A name server of ours hears which names it asks for.

Broken by: A download, a call of another host, or pip at the start; a look-up of a name that nobody knows there.

Fix: Bring what it needs when the image is built, and ask other hosts when they are needed.

    RUN python -m nltk.downloader -d /usr/share/nltk_data punkt
    ENV HF_HUB_OFFLINE=1
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import Trial
from hullproof.practices.checks import Observations, broken, check, in_experiment, listed
from hullproof.practices.library.own import raised_at
from hullproof.practices.library.trials import does_as_well, seen_of, what_fails

PROFILES = ("production", "kubernetes", "openshift")

_HOST = re.compile(
    r"https?://([A-Za-z0-9][\w.-]*\.[A-Za-z]{2,}|[A-Za-z][\w-]+)"
    r"|host(?:=| name )[\"']?([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)|resolve(?: host:?)? [\"']?([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)"
    r"|getaddrinfo\([\"']([^\"']+)"
)
_OWN = ("localhost", "127.0.0.1", "0.0.0.0")  # noqa: S104 - names that a log has


@check
def it_gets_ready_without_a_network(
    release: Release, offline_boot: Trial, project_texts: Mapping[str, str]
) -> Observations:
    """It does as well as in the ordinary boot; else the hosts that it asks for, or its log names, say what it wanted."""
    asked = [in_experiment("name server", f"is asked for {name}") for name in offline_boot.asked]
    if offline_boot.fault is None:
        yield from asked
        yield does_as_well(offline_boot, "without a network")
        return
    named = _hosts(offline_boot.container.log)
    hosts = list(dict.fromkeys((*offline_boot.asked, *named)))
    wanted = f"; it asks for {listed(hosts)}" if hosts else ""
    yield broken(
        f"without a network {what_fails(offline_boot)}{wanted}",
        *seen_of(offline_boot, release),
        *asked,
        *(in_experiment("log", f"names {host}") for host in named),
        fix=_to_bring(hosts, offline_boot, project_texts),
    )


def _to_bring(hosts: list[str], trial: Trial, project_texts: Mapping[str, str]) -> str | None:
    """Say what is to be brought or asked for later, and where the project asks for it; None where neither is known."""
    row = raised_at(trial.container.log, project_texts)
    naming = [
        f"{path}:{number}"
        for path, text in project_texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if any(host in line for host in hosts)
    ]
    at = f"{row.path}:{row.number}" if row is not None else naming[0] if len(naming) == 1 else "it"
    of = f" from {listed(hosts)}" if hosts else ""
    if at == "it" and not hosts:
        return None
    return f"Bring what {at} gets{of} when the image is built, or ask for it when it is needed."


def _hosts(log: tuple[str, ...]) -> list[str]:
    """List the hosts that a log names."""
    found = [next(filter(None, each)) for line in log for each in _HOST.findall(line)]
    return list(dict.fromkeys(host for host in found if host not in _OWN))
