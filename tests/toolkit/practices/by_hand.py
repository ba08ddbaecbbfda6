"""Facts made by hand: those of a project in which every practice holds, and ways to change one thing in them."""

# ruff: noqa: ANN401 - changes to facts can be of any type

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from hullproof.dockerfile import Release, parse
from hullproof.facts import (
    Answer,
    BaseFacts,
    BuildFacts,
    Canary,
    CanaryFacts,
    Checkout,
    CheckoutBuild,
    CheckoutTrial,
    ContainerFacts,
    EditOutcome,
    EditsFacts,
    FileEntry,
    FileFacts,
    GateFacts,
    HalfSent,
    HealthCheck,
    HealthTrial,
    HeldLines,
    ImageFacts,
    InstallStep,
    Layer,
    LeakFacts,
    Listener,
    LockFacts,
    NeededFacts,
    PlantedFile,
    Privileges,
    Process,
    RenewalFacts,
    ReproductionFacts,
    Restarts,
    Shares,
    Stopped,
    Trial,
    Unobservable,
    WithheldFacts,
)
from hullproof.model import Proof, Verdict
from hullproof.practices import get, judge
from hullproof.project.config import Config

BROKEN, PROVEN = Verdict.BROKEN, Verdict.PROVEN
UNPROVEN, NOT_APPLICABLE = Verdict.UNPROVEN, Verdict.NOT_APPLICABLE

GOOD = """\
FROM python:3.11-slim AS base
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM base AS test
COPY requirements-dev.txt .
RUN pip install --no-cache-dir -r requirements-dev.txt
COPY . .
RUN python -m pytest && touch /passed

FROM base AS release
RUN useradd --uid 1000 app && chown app:app /app
COPY --from=test /passed /tmp/passed
COPY --chown=app:app app/ app/
USER app
EXPOSE 5000
CMD ["python", "run.py"]
"""
PASSWD = "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\nadmin:x:0:0::/:/bin/sh\n"
PATH = "/usr/local/bin:/usr/bin:/bin"


def entry(path: str, **changes: Any) -> FileEntry:
    """Make a file of root's; a path that ends in a slash is a directory."""
    kind = "directory" if path.endswith("/") else "file"
    values = {
        "kind": kind,
        "uid": 0,
        "gid": 0,
        "mode": 0o755 if kind == "directory" else 0o644,
        "sha256": "0",
    }
    return FileEntry(path.rstrip("/") or "/", **{**values, **changes})


def layer(line: int, *entries: FileEntry, **changes: Any) -> Layer:
    """Make a layer of the Dockerfile's own, by the instruction at this line."""
    values = {"diff_id": f"sha256:{line}", "from_base": False, "line": line, "entries": entries}
    return Layer(**{**values, **changes})


BASE_LAYER = Layer(
    "sha256:base",
    from_base=True,
    size_bytes=130_000_000,
    entries=(
        entry("/usr/bin/dash", mode=0o755, size=125_000),
        entry("/usr/bin/su", mode=0o4755, size=70_000),
        entry("/usr/local/bin/python3.11", mode=0o755, size=14_000),
        entry("/usr/local/bin/python", kind="symlink", target="python3.11", mode=0o777),
        entry("/usr/lib/python3.11/test/test_os.py"),
        entry("/etc/passwd"),
        entry("/etc/group"),
        entry("/var/run", kind="symlink", target="/run", mode=0o777),
    ),
    texts={
        "/etc/passwd": PASSWD,
        "/etc/group": "root:x:0:\napp:x:1000:\nsudo:x:27:app\n",
        "/var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\n\nPackage: gcc-12-base\nStatus: install ok installed\n",
    },
)
OWN = (
    layer(2, entry("/app/")),
    layer(4, entry("/usr/local/lib/python3.11/site-packages/flask/__init__.py"), size_bytes=20_000_000),
    layer(13, entry("/app/", uid=1000)),
    layer(
        15, entry("/app/app/", uid=1000), entry("/app/app/views.py", uid=1000), entry("/app/run.py", uid=1000)
    ),
)


def files(*more: Layer, own: tuple[Layer, ...] = OWN, base: Layer = BASE_LAYER) -> FileFacts:
    """Put layers over those of the good project."""
    return FileFacts((base, *own, *more))


IMAGE = ImageFacts(
    id="sha256:release",
    user="app",
    workdir="/app",
    exposed=("5000/tcp",),
    command=("python", "run.py"),
    env={"PATH": PATH},
)


def image(**changes: Any) -> ImageFacts:
    """Change the good project's image."""
    return replace(IMAGE, **changes)


def process(pid: int = 1, *command: str, **changes: Any) -> Process:
    """Make a process of uid 1000 that works in /app and handles SIGTERM."""
    words = command or ("python", "run.py")
    values: dict[str, Any] = {
        "ppid": 0 if pid == 1 else 1,
        "uids": (1000,) * 4,
        "gids": (1000,) * 4,
        "cwd": "/app",
        "caught": 1 << 14,
        "capabilities": {"CapEff": 0, "CapPrm": 0, "CapAmb": 0, "CapBnd": 0xFF, "CapInh": 0xFF},
    }
    return Process(pid=pid, command=words, **{**values, **changes})


def fails(fault: str, *log: str, **changes: Any) -> Trial:
    """Make a boot with other options that does worse than the ordinary one."""
    return Trial("--with-options", container(exit_code=1, log=log, **changes), fault)


LISTENER = Listener("tcp", "0.0.0.0", 5000, (1,))  # noqa: S104 - what a server in a container should do
CONTAINER = ContainerFacts(
    ready=True,
    ready_after_s=0.4,
    ready_by="port 5000 is listened on",
    watched_s=3.0,
    processes=(process(),),
    listeners=(LISTENER,),
    answers=(Answer("tcp", 5000, answered=True, status=200),),
    stopped=Stopped("SIGTERM", 0.2, 0, killed=False),
)


def container(**changes: Any) -> ContainerFacts:
    """Change the good project's container."""
    return replace(CONTAINER, **changes)


INSTALL = InstallStep(4, "RUN pip install -r requirements.txt", "base", ("requirements.txt",))
DEV_INSTALL = InstallStep(8, "RUN pip install -r requirements-dev.txt", "test", ("requirements-dev.txt",))
APPLICATION = EditOutcome("app/views.py", {4: "cached", 8: "cached"}, other_steps_ran=(9, 10, 15))
EDITS = EditsFacts(
    (INSTALL, DEV_INSTALL),
    APPLICATION,
    (
        EditOutcome("requirements.txt", {4: "ran", 8: "ran"}),
        EditOutcome("requirements-dev.txt", {4: "cached", 8: "ran"}),
    ),
)
GATE = GateFacts(
    (
        PlantedFile(
            "tests/test_a.py",
            stops=True,
            line=10,
            said="FAILED tests/test_a.py::test_one_7 - AssertionError: 42",
        ),
        PlantedFile("tests/test_more.py", is_new=True, stops=True, line=10, said="AssertionError: 43"),
    ),
    test_lines=(10,),
)
CANARIES = CanaryFacts(
    (
        Canary(".git/config", "version control", nested=False, reached=False, pattern="**/.git"),
        Canary(".env", "environment file", nested=False, reached=False, pattern="**/.env*"),
        Canary("app/.env", "environment file", nested=True, reached=False, pattern="**/.env*"),
    ),
    ignore_file=".dockerignore",
    files_reaching=12,
    tests_left=True,
)
ASKS = ("python", "-c", "ask()")
AS_WELL = Trial("--with-options", CONTAINER)
BUILD = BuildFacts(ok=True, steps=(), duration_s=1.0, image_id="sha256:release")
REVISION = "0123456789abcdef0123456789abcdef01234567"
FACTS: Mapping[str, Any] = {
    "config": Config(),
    "build": BUILD,
    "test_scripts": {},
    "base": BaseFacts("python:3.11-slim", 1),
    "image": IMAGE,
    "files": files(),
    "container": CONTAINER,
    "edits": EDITS,
    "gate": GATE,
    "canaries": CANARIES,
    "withheld": WithheldFacts(),
    "needed": NeededFacts(),
    "tests": {},
    "kept_secrets": {},
    "project_texts": {},
    "changed_paths": (),
    "read_only_boot": AS_WELL,
    "root_group_boot": AS_WELL,
    "stranger_boot": AS_WELL,
    "renewal": RenewalFacts((4,), ("the argument REVISION",)),
    "other_checkouts": (CheckoutTrial(CheckoutBuild("from tracked files alone")),),
    "reproduction": ReproductionFacts(is_identical=True),
    "leaks": LeakFacts(("the secret token",)),
    "falsified": LockFacts(
        ("requirements.txt",), 4, "requirements.txt", "flask", failed=True, said="hashes do not match"
    ),
    "checkout": Checkout(REVISION, "", ("https://github.com/shop/shop",)),
    "judged": frozenset(),
    "today": date(2026, 11, 28),
    "health_trial": HealthTrial(HealthCheck(ASKS, 1, "timed out"), 2.0, 1),
    "half_sent": HalfSent(5000, "HTTP/1.1 200 OK", 0),
    "restarts": Restarts(None, None),
    "privileges": Privileges(AS_WELL),
    "offline_boot": AS_WELL,
    "held_lines": HeldLines((), (), 3),
    "shares": Shares(CONTAINER, CONTAINER, 512_000_000, 2),
    "orphan": "gone",
}


class ByHand(dict[str, Any]):
    """Facts by name. One that is an Unobservable cannot be had, for that reason."""

    def __getitem__(self, name: str) -> Any:
        """Return the fact, or raise what stands in its place."""
        value = super().__getitem__(name)
        if isinstance(value, Exception):
            raise value
        return value


def prove(practice: str, text: str = GOOD, **changes: Any) -> Proof:
    """Judge one practice of the good project, with its Dockerfile or some of its facts changed."""
    dockerfile = parse(text)
    release = Release(
        dockerfile, dockerfile.release(changes.pop("target", None)), changes.pop("build_args", {})
    )
    facts = ByHand({**FACTS, "release": release, **changes})
    proof = judge(get(practice), facts)
    if proof.verdict is BROKEN:
        assert proof.remedy, "what is broken comes with a remedy"
        assert any(item.where.startswith("Dockerfile:") for item in proof.evidence), (
            f"names no line: {proof.evidence}"
        )
    first = proof.summary.split(maxsplit=1)[0].rstrip(",;:.")
    assert first[:1].isupper() or not first.isalpha(), "a summary begins as a sentence does, or with a name"
    assert proof.summary.endswith("."), "a summary is a sentence"
    assert "failed with" not in proof.summary, f"crashed: {proof.summary}"
    return proof


def lines(proof: Proof) -> set[str]:
    """Collect the places of a proof's evidence."""
    return {item.where for item in proof.evidence}


def without(fact: str, reason: str = "the build fails") -> dict[str, Any]:
    """Say that a fact cannot be had."""
    return {fact: Unobservable(reason)}


NOTHING_BUILT = {
    **without("image"),
    **without("files"),
    **without("container"),
    "build": BuildFacts(ok=False, steps=(), duration_s=1.0, error="it failed"),
}
