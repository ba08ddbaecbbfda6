"""Make sure that an engine answers: use what is there, start what is installed, install what is missing.

Debian 12's own docker.io is 20.10, which has neither buildx nor named build contexts. Debian 13's runs on it, so
those few packages, and nothing else, are let in from there by a pinned source. Debian testing's Docker 28, which has a
flaw of 26.1 fixed (see `engine.flaws`), would run there as well, but gets no security updates of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.engine.connection import Engine
from hullproof.engine.endpoint import Endpoint, NoEngineError, find_endpoint
from hullproof.engine.plugins import find_buildx, find_compose, numbers
from hullproof.errors import EngineError
from hullproof.host.aptsources import debian_sources, read_sources
from hullproof.host.daemon import start_daemon
from hullproof.host.machine import (
    System,
    find_program,
    install_packages,
    is_package_installed,
    privilege,
    this_system,
    write_as_root,
)
from hullproof.process import run

if TYPE_CHECKING:
    from collections.abc import Callable

MANUAL = "https://docs.docker.com/engine/install/"
# The packages that Debian 12 takes from Debian 13.
FROM_TRIXIE = ("docker.io", "docker-cli", "docker-buildx", "docker-compose")
_SOURCE = Path("/etc/apt/sources.list.d/hullproof-trixie.sources")
_PIN = Path("/etc/apt/preferences.d/hullproof-trixie")
_QUESTION = "No usable Docker engine. Install {} with apt, and start it?"
_OLDEST_DAEMON = (23, 0)
# What can be done about without somebody deciding anything: everything else is shown as it is.
_FIXABLE = ("no-socket", "not-running", "cli-missing", "buildx-missing", "buildx-too-old", "engine-too-old")


@dataclass(frozen=True)
class Parts:
    """What of an engine is on this machine."""

    daemon: bool
    cli: bool
    buildx: bool
    compose: bool
    iptables: bool
    mmdebstrap: bool


def ensure_engine(
    *,
    assume_yes: bool,
    say: Callable[[str], None],
    ask: Callable[[str], bool] | None,
) -> Engine:
    """Return a usable engine.

    What is installed is started without a question. Installing asks through `ask`, unless `assume_yes` or CI=true
    answers it; without one (no terminal: a script, a container, an image build) whoever may become root without a
    password is taken at the word of the command, and what is installed is named. HULLPROOF_INSTALL=never refuses in
    any case. An engine that was started stays for the next command. Raises EngineError with what to run instead.
    """
    try:
        return Engine.connect()
    except NoEngineError as found:
        problem = found
    endpoint = find_endpoint()
    if not endpoint.is_default_socket or problem.case not in _FIXABLE:
        raise problem
    system, right = this_system(), privilege()
    parts = look_around()
    engine_answers = problem.case in ("cli-missing", "buildx-missing", "buildx-too-old")
    packages = needed_packages(system, parts, engine_answers=engine_answers)
    if packages:
        _require_right(problem, system, right, packages)
        if not (assume_yes or _in_ci() or ask is None or ask(_QUESTION.format(", ".join(packages)))):
            raise EngineError(f"{problem} (missing: {' '.join(packages)}; not installed, as you said no)")
        _install(system, packages, right or (), say)
    if not engine_answers:
        _start(endpoint, problem, say)
    return Engine.connect()


def _start(endpoint: Endpoint, problem: NoEngineError, say: Callable[[str], None]) -> None:
    """Start the daemon, unless the package that brought it just did."""
    try:
        Engine.connect(timeout_s=3)
    except NoEngineError as now:
        if now.case not in ("no-socket", "not-running"):
            return
    else:
        return
    right = privilege()
    if right is None:
        raise EngineError(
            f"{problem}; it is installed: start it with `sudo systemctl start docker` or `sudo dockerd`"
        )
    start_daemon(endpoint, right, say=say)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


def _require_right(
    problem: NoEngineError, system: System, right: tuple[str, ...] | None, packages: tuple[str, ...]
) -> None:
    """Raise EngineError where the packages cannot, or must not, be installed."""
    missing = " ".join(packages)
    if not system.has_apt_engine:
        raise EngineError(
            f"{problem} ({system.pretty} is not one that Hullproof can install an engine on: see {MANUAL})"
        )
    if os.environ.get("HULLPROOF_INSTALL") == "never":
        raise EngineError(
            f"{problem} (missing: {missing}; HULLPROOF_INSTALL=never, so nothing was installed)"
        )
    if right is None:
        raise EngineError(f"{problem} (installing {missing} needs root: run the same command with sudo)")


def look_around() -> Parts:
    """See what is installed, running or not."""
    docker = find_program("docker")
    dockerd = find_program("dockerd")
    try:
        find_buildx(docker)
        buildx = True
    except NoEngineError:
        buildx = False
    return Parts(
        daemon=dockerd is not None and _is_new_enough(dockerd),
        cli=docker is not None,
        buildx=buildx,
        compose=find_compose(docker) is not None,
        iptables=find_program("iptables") is not None,
        mmdebstrap=find_program("mmdebstrap") is not None,
    )


def _is_new_enough(dockerd: str) -> bool:
    done = run([dockerd, "--version"], timeout_s=15, waiting_for="dockerd --version")
    words = done.text.replace(",", " ").split()
    version = next((numbers(word) for word in words if numbers(word)), ())
    # A version that cannot be read is left to the engine itself to tell.
    return not version or version >= _OLDEST_DAEMON


def needed_packages(system: System, parts: Parts, *, engine_answers: bool) -> tuple[str, ...]:
    """Name the packages for what is missing; none when nothing but a start is."""
    docker_inc = is_package_installed("docker-ce-cli")
    if docker_inc:
        # Docker's own packages and Debian's exclude each other: stay with those that are there.
        names = {
            "daemon": ("docker-ce", "containerd.io"),
            "buildx": ("docker-buildx-plugin",),
            "compose": ("docker-compose-plugin",),
        }
    elif system.id == "ubuntu":
        names = {
            "daemon": ("docker.io",),
            "cli": ("docker.io",),
            "buildx": ("docker-buildx",),
            "compose": ("docker-compose-v2",),
        }
    else:
        names = {
            "daemon": ("docker.io",),
            "cli": ("docker-cli",),
            "buildx": ("docker-buildx",),
            "compose": ("docker-compose",),
        }
    wanted: list[str] = []
    if not engine_answers and not parts.daemon:
        wanted += names["daemon"]
    wanted += [name for part in ("cli", "buildx") if not getattr(parts, part) for name in names.get(part, ())]
    if not wanted:
        return ()
    if not parts.compose:
        wanted += names["compose"]
    if not engine_answers and not parts.iptables:
        wanted.append("iptables")
    if not parts.mmdebstrap:
        # For stand-in base images, where no registry answers: one question for all that may be needed.
        wanted += ["mmdebstrap", *(["debian-archive-keyring"] if system.id == "ubuntu" else [])]
    return tuple(dict.fromkeys(wanted))


def _install(
    system: System, packages: tuple[str, ...], right: tuple[str, ...], say: Callable[[str], None]
) -> None:
    say(
        f"no usable Docker engine: installing {', '.join(packages)} with apt (HULLPROOF_INSTALL=never refuses)"
    )
    if system.is_debian and system.codename == "bookworm" and set(packages) & set(FROM_TRIXIE):
        let_in_trixie(right, say)
    install_packages(packages, right, say=say)


def let_in_trixie(right: tuple[str, ...], say: Callable[[str], None]) -> None:
    """Write the pinned source of Debian 13, made from this machine's own Debian source."""
    text = trixie_source()
    say(f"taking {', '.join(FROM_TRIXIE)} from Debian 13 by {_SOURCE}, pinned in {_PIN}")
    # The pin first: at no moment may the source stand alone.
    for path, content in ((_PIN, trixie_pin()), (_SOURCE, text)):
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            write_as_root(right, path, content)


def trixie_source() -> str:
    """Return the apt source's text."""
    others = [source for source in read_sources() if "trixie" not in source.suites]
    head = "# Written by Hullproof: Debian 13's Docker packages for Debian 12. The pin beside it keeps all else out.\n"
    return head + "\n".join(source.render() for source in debian_sources(others, "trixie"))


def trixie_pin() -> str:
    """Return the apt preferences' text: nothing from Debian 13 but these packages."""
    blocks = []
    for suite in ("trixie", "trixie-updates", "trixie-security"):
        blocks.append(f"Package: *\nPin: release n={suite}\nPin-Priority: -1\n")
        blocks.append(f"Package: {' '.join(FROM_TRIXIE)}\nPin: release n={suite}\nPin-Priority: 990\n")
    return "# Written by Hullproof, with hullproof-trixie.sources.\n" + "\n".join(blocks)
