"""Why two builds made a file differently, and what makes them agree. Sources: reproducible-builds.org, docs/build-repro.md of BuildKit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hullproof.facts import Difference


@dataclass(frozen=True)
class Cause:
    """Why a file differs, as a clause, and the fix, with {line} for the instruction that made it.

    {epoch} stands for what gives each step that may have made it one time.
    """

    why: str
    fix: str


_KEPT_BY_MANAGERS = re.compile(r"^/var/log/|^/var/cache/|^/var/lib/apt/lists/")
"""What a package manager writes and nothing reads in a container."""


STAMPED = Cause(
    "bytecode with the time of its source",
    "{epoch} Whatever compiles, as pip and venv do, then does so by hash.",
)
_BYTECODE = Cause(
    "bytecode in which sets stand in another order, or paths of the build",
    "Set PYTHONHASHSEED=0 in {line}, or ship no bytecode.",
)
_ONCE = Cause(
    "a file that one build alone makes", "Let {line} make the same files each time: no random or dated names."
)
_OTHER = Cause(
    "content that is made anew in each build, such as a time, a random number or an order",
    "Look at what {line} writes there: take the time from SOURCE_DATE_EPOCH, sort what is listed, and make random values when "
    "the container starts.",
)
_BY_PATH = (
    (re.compile(r"\.dist-info/direct_url\.json$|__editable__|/easy-install\.pth$"), Cause(
        "the path that a package was installed from", "Install it without --editable, from a path that stays the same, at {line}.")),
    (re.compile(r"/uv_cache\.json$"), Cause(
        "a time that uv notes", "Remove uv_cache.json and its line in RECORD at {line}, or install with --no-install-project and copy the code.")),
    (re.compile(r"\.dist-info/RECORD$"), Cause("the list of an installed package's files, of which some differ", "Fix at {line} what differs beside it.")),
    (re.compile(r"^/var/log/|^/var/cache/(?:ldconfig/aux-cache|debconf/)|^/var/lib/(?:apt|dpkg)/|^/var/cache/apt/"), Cause(
        "logs and caches of the package manager",
        "Remove them in the same step, {line}: rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log "
        "/var/log/alternatives.log.")),
    (re.compile(r"^/etc/(?:machine-id|ssh/ssh_host_)|\.(?:pem|key|crt)$"), Cause(
        "a key or an id that is made anew in each build", "Make it when the container starts, not at {line}.")),
    (re.compile(r"\.so(?:\.[\d.]+)?$|\.a$|\.o$"), Cause(
        "a compiled library with times, paths or a build id in it",
        "Install a wheel at {line}, or compile with -ffile-prefix-map and without __DATE__.")),
)  # fmt: skip


def cause_of(difference: Difference) -> Cause:
    """Say why a path differs, by what each build has there."""
    first, second, path = difference.first, difference.second, difference.path
    if first is None or second is None:
        return next((cause for pattern, cause in _BY_PATH if pattern.search(path)), _ONCE)
    if path.endswith(".pyc"):
        by_time = [each.bytecode is not None and not each.bytecode.by_hash for each in (first, second)]
        return STAMPED if all(by_time) else _BYTECODE
    return next((cause for pattern, cause in _BY_PATH if pattern.search(path)), _OTHER)


def removable(differences: Iterable[Difference]) -> list[str]:
    """List the paths that a step may delete as well as make: logs, and caches that are made again."""
    return sorted({each.path for each in differences if _KEPT_BY_MANAGERS.search(each.path)})


def by_cause(differences: Iterable[Difference]) -> list[tuple[Cause, list[Difference]]]:
    """Group what differs by its cause, the most frequent first; what only follows from others last."""
    found: dict[Cause, list[Difference]] = {}
    for each in differences:
        found.setdefault(cause_of(each), []).append(each)
    return sorted(found.items(), key=lambda item: (item[0].why.startswith("the list"), -len(item[1])))
