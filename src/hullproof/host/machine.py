"""The machine we are on: which system it is, what rights there are, and its package manager."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.errors import DeadlineError, EngineError
from hullproof.process import Done, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOCK_TIMEOUT_S = 300
_APT_TIMEOUT_S = 900
_LOCKED = ("Could not get lock", "Unable to acquire the dpkg frontend lock", "Unable to lock directory")


@dataclass(frozen=True)
class System:
    """A Linux distribution as /etc/os-release tells it. `version` is (12,) for Debian 12, (24, 4) for Ubuntu 24.04."""

    id: str
    like: tuple[str, ...]
    version: tuple[int, ...]
    codename: str
    pretty: str

    @property
    def is_debian(self) -> bool:
        """Debian itself, whose suites one another's packages fit."""
        return self.id == "debian"

    @property
    def has_apt_engine(self) -> bool:
        """Whether an engine that is new enough can come from the distribution's own packages."""
        wanted = {"debian": (12,), "ubuntu": (24, 4)}.get(self.id)
        # Testing and sid have no number: newer than all.
        return wanted is not None and (not self.version or self.version >= wanted)


def this_system(path: Path = Path("/etc/os-release")) -> System:
    """Read os-release(5); an unknown system has empty fields."""
    fields: dict[str, str] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        text = ""
    for line in text.splitlines():
        name, _, value = line.partition("=")
        fields[name.strip()] = value.strip().strip("\"'")
    version = tuple(int(part) for part in fields.get("VERSION_ID", "").split(".") if part.isdigit())
    return System(
        id=fields.get("ID", ""),
        like=tuple(fields.get("ID_LIKE", "").split()),
        version=version,
        codename=fields.get("VERSION_CODENAME", ""),
        pretty=fields.get("PRETTY_NAME", "this system"),
    )


def privilege() -> tuple[str, ...] | None:
    """Return what to put before a command that needs root: nothing, or sudo. None: no such right.

    Only a sudo that asks for no password counts: a prompt in the middle of a run would be missed.
    """
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    allowed = run([sudo, "-n", "true"], timeout_s=15, waiting_for="sudo").returncode == 0
    return (sudo, "-n") if allowed else None


def find_program(name: str) -> str | None:
    """Look a program up, also in the folders for root that a user's PATH often lacks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin")


def is_package_installed(name: str) -> bool:
    """Ask dpkg; False where there is none."""
    if shutil.which("dpkg-query") is None:
        return False
    done = run(["dpkg-query", "-W", "-f", "${Status}", name], timeout_s=15, waiting_for="dpkg-query")
    return "install ok installed" in done.text


def write_as_root(right: Sequence[str], path: Path, text: str) -> None:
    """Write a system file, whole or not at all."""
    with tempfile.NamedTemporaryFile("w", prefix="hullproof-", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        argv = [*right, "install", "-m", "0644", file.name, str(path)]
        done = run(argv, timeout_s=30, waiting_for=f"{path} to be written")
    if done.returncode != 0:
        raise EngineError(f"{path} could not be written: {cause(done)}")


def install_packages(packages: Sequence[str], right: Sequence[str], *, say: Callable[[str], None]) -> None:
    """Install packages with apt, after refreshing its lists, without what they merely recommend.

    Raises EngineError with the cause in one line. Configuration files that exist are kept as they are.
    """
    say("refreshing apt's package lists")
    # Other people's sources may be broken: what counts is whether the packages can be had then.
    refreshed = _apt(["update", "-q"], right, say)
    say(f"installing {' '.join(packages)}")
    options = ["-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]
    done = _apt(["install", *options, *packages], right, say)
    if done.returncode != 0:
        why = cause(done)
        if "the mirror lacks" in why and refreshed.returncode != 0:
            why = cause(refreshed)
        raise EngineError(f"apt could not install {' '.join(packages)}: {why}")


def _apt(arguments: Sequence[str], right: Sequence[str], say: Callable[[str], None]) -> Done:
    """Run apt-get, again and again while somebody else holds its locks."""
    deadline, said = time.monotonic() + _LOCK_TIMEOUT_S, False
    while True:
        done = run(
            [*right, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "apt-get", *arguments],
            timeout_s=_APT_TIMEOUT_S,
            waiting_for=f"apt-get {arguments[0]}",
            each_line=lambda line: (
                say(f"  {line}") if line.startswith("Setting up") or " MB]" in line else None
            ),
        )
        if done.returncode == 0 or not any(sign in done.text for sign in _LOCKED):
            return done
        if not said:
            say("another package manager is at work: waiting for it to end")
            said = True
        if time.monotonic() > deadline:
            last = done.lines[-1] if done.lines else "nothing"
            raise DeadlineError(
                f"timed out after {_LOCK_TIMEOUT_S} s waiting for apt's lock; last output: {last}"
            )
        time.sleep(2)


# What apt, dpkg, mmdebstrap and docker print when something outside of them is the matter.
_CAUSES = (
    ("No space left on device", "the disk is full: free some space"),
    ("Could not resolve", "the package mirror's name cannot be resolved: check the network and DNS"),
    (
        "Temporary failure resolving",
        "the package mirror's name cannot be resolved: check the network and DNS",
    ),
    ("Could not connect", "the package mirror cannot be reached: check the network, proxy and apt sources"),
    ("Connection timed out", "the package mirror does not answer: check the network, proxy and apt sources"),
    ("Network is unreachable", "there is no network: check the connection"),
    ("NO_PUBKEY", "the package mirror's signature cannot be checked: install debian-archive-keyring"),
    ("is not signed", "the package mirror is not signed: check the apt sources"),
    (
        "Certificate verification failed",
        "the package mirror's certificate is not trusted: install the authority",
    ),
    ("Could not get lock", "another package manager holds dpkg's lock: wait for it to end"),
    (
        "Unable to locate package",
        "the mirror lacks a package: run `apt-get update` and check the apt sources",
    ),
    ("has no installation candidate", "the mirror lacks a package: check the apt sources and pins"),
    ("unmet dependencies", "apt cannot resolve the packages: `apt-get -f install` shows why"),
)


def cause(done: Done) -> str:
    """Return one line for why a program failed: the known cause with its way out, else its own last words."""
    for sign, meaning in _CAUSES:
        if sign in done.text:
            return meaning
    errors = [line for line in done.lines if line.startswith(("E:", "Err:", "error", "dpkg: error"))]
    last = (errors or list(done.lines) or ["it printed nothing"])[-1]
    return f"exit code {done.returncode}: {last}"
