"""Where things are measured: a copy of this repository on a real engine, and the plain ways to build and boot it.

Nothing here goes through Hullproof's own commands: `docker buildx build` and `docker run` as one would type them
are what the product is compared with. The recipe alone is shared, so that both build the same thing.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import CommandError, run
from hullproof.engine.connection import Engine
from hullproof.engine.progress import Progress
from hullproof.facts import builds
from hullproof.interruption import unwinding_on_signals
from hullproof.lab.recipe import Recipe
from hullproof.project.project import Project
from hullproof.run.run import Run
from hullproof.runner.keys import FOLDER, NEVER
from hullproof.runner.progress import Lines
from hullproof.runner.prove import Prover

if TYPE_CHECKING:
    from hullproof.engine.request import BuildRequest
    from hullproof.facts import Step
    from hullproof.host.bases import Base

REPOSITORY = Path(__file__).resolve().parent.parent
PORT = 5000
READY = "/readyz"
_BOOT_DEADLINE_S = 60.0
_POLL_S = 0.005
_NOT_OURS = ("*cache*", ".git", ".nox", "__pycache__", "*.egg-info", ".venv", "reports")


@dataclass(frozen=True)
class Built:
    """A plain build: its time, its steps, and the image where one was asked for."""

    seconds: float
    ok: bool
    steps: tuple[Step, ...]
    image: str | None


@dataclass
class Stand:
    """A copy of the repository, the engine, and one run under whose label all is made that is measured."""

    engine: Engine
    run: Run
    project: Project
    recipe: Recipe
    base: Base
    _count: int = field(default=0)

    @property
    def tree(self) -> Path:
        """The copy of the repository."""
        return self.project.folder

    def nonce(self) -> str:
        """Return a word that was not used before, anywhere."""
        self._count += 1
        return f"{self.run.id}-{self._count}"

    def edit(self, path: Path) -> None:
        """Add a comment to a file, so that its content is new."""
        with path.open("r+", encoding="utf-8") as file:  # which has to be there
            file.seek(0, os.SEEK_END)
            file.write(f"# bench {self.nonce()}\n")

    def build(self, request: BuildRequest, *extra: str) -> Built:
        """Build as `docker buildx build` does, to its end, whatever that is; only the command is timed."""
        metadata = self.run.scratch("plain") / "metadata.json"
        *options, context = request.argv(metadata)
        started = time.perf_counter()
        done = subprocess.run(
            self.engine.cli(*options, *extra, context),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
        )
        seconds = time.perf_counter() - started
        progress = Progress(request.instructions)
        for line in done.stderr.splitlines(keepends=True):
            progress.feed(line)
        image = self._image(metadata) if done.returncode == 0 and request.output == "image" else None
        return Built(seconds, done.returncode == 0, progress.steps(), image)

    def _image(self, metadata: Path) -> str:
        told: dict[str, str] = json.loads(metadata.read_text(encoding="utf-8"))
        known = (told.get("containerimage.digest"), told.get("containerimage.config.digest"))
        return next(digest for digest in known if digest and self._has(digest))

    def _has(self, image: str) -> bool:
        command = [self.engine.docker, "image", "inspect", image]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def must_build(self, request: BuildRequest, *extra: str) -> Built:
        """Build what has to succeed for there to be anything to measure."""
        built = self.build(request, *extra)
        if not built.ok:
            failed = next((step for step in built.steps if step.error), None)
            said = "\n".join(failed.log[-20:]) if failed else ""
            raise SystemExit(f"the build fails at {failed.name if failed else 'an unknown step'}\n{said}")
        return built

    def release(self, context: Path | None = None) -> BuildRequest:
        """Ask for the release, of the copy or of another context, as an image."""
        return self.recipe.request(context, output="image")

    def docker(self, *words: str) -> str:
        """Run a docker command."""
        return run([self.engine.docker, *words])

    def bare_boot(self, image: str) -> tuple[float, float]:
        """Run a container until it first answers over HTTP, then `docker stop` it; return the seconds of each."""
        label = [f"--label={name}={value}" for name, value in self.run.labels.items()]
        started = time.perf_counter()
        container = self.docker("run", "--detach", *label, image).strip()
        try:
            self._await_answer(container)
            answered = time.perf_counter()
            self.docker("stop", container)
            return answered - started, time.perf_counter() - answered
        finally:
            self.docker("rm", "--force", "--volumes", container)

    def start(self, image: str, *words: str) -> str:
        """Start a container and return its id when it answers over HTTP."""
        label = [f"--label={name}={value}" for name, value in self.run.labels.items()]
        container = self.docker("run", "--detach", *label, *words, image).strip()
        self._await_answer(container)
        return container

    def _await_answer(self, container: str) -> None:
        deadline, last = time.monotonic() + _BOOT_DEADLINE_S, "nothing"
        address = ""
        while time.monotonic() < deadline:
            state = {} if address else self.engine.client.api.inspect_container(container)
            address = address or _address(state)
            try:
                connection = http.client.HTTPConnection(address, PORT, timeout=2)
                connection.request("GET", READY)
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError as error:
                last = str(error)
            finally:
                connection.close()
            time.sleep(_POLL_S)
        raise SystemExit(
            f"no answer from {address or 'the container'}:{PORT}{READY} within {_BOOT_DEADLINE_S:g} s (last: {last}); "
            "benchmarks need an engine on this machine, whose network can be reached from here"
        )


def _address(state: dict[str, dict[str, dict[str, dict[str, str]]]]) -> str:
    return next((one["IPAddress"] for one in state["NetworkSettings"]["Networks"].values()), "")


@contextmanager
def stand() -> Iterator[Stand]:
    """Set up a stand; all that is made with it is gone at the end."""
    with unwinding_on_signals(tell), closing(Engine.connect()) as engine, Run() as ours:
        ours.uses(engine)
        _keep_bytecode(ours.scratch("bytecode"))
        tree = ours.scratch("tree") / "hullproof"
        shutil.copytree(REPOSITORY, tree, ignore=shutil.ignore_patterns(*_NOT_OURS), symlinks=True)
        project = Project.open(tree)
        graph = Prover(project, engine, ours, tell=Lines(tell)).graph
        reference = project.release.base.reference
        base = next(each for each in graph.fact(builds.bases).bases if each.reference == reference)
        yield Stand(engine, ours, project, graph.fact(builds.recipe), base)


def _keep_bytecode(folder: Path) -> None:
    """Let commands find their bytecode, as installed ones do, whatever the environment says."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def tell(line: str) -> None:
    """Say what is going on."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def two_lines(at: Stand, context: Path) -> BuildRequest:
    """Return the floor of builds: a Dockerfile of two lines on the same base, with the same context."""
    dockerfile = at.run.scratch("floor") / "Dockerfile"
    dockerfile.write_text(f"FROM {at.base.reference}\nCOPY . /context\n", encoding="utf-8")
    return replace(at.release(context), dockerfile=dockerfile, target=None, secrets={}, instructions={})


def prove_command(*words: str, watching: bool = True) -> list[str]:
    """Return the command that proves; without `watching`, the container is left as soon as it is ready."""
    if watching:
        return [sys.executable, "-m", "hullproof", "prove", *words]
    code = (
        "from hullproof.facts import containers; from hullproof.runner import prove; "
        "prove.WATCH_S = containers.UNSETTLED_S = 0.0; from hullproof.cli import main; main()"
    )
    return [sys.executable, "-c", code, "prove", *words]


def proving(
    words: Sequence[str], *, watching: bool = True, env: dict[str, str] | None = None
) -> Callable[[], object]:
    """Return what runs the command once, and says so where not all was proven: then it did other work.

    Nothing is taken from before unless `env` says where that is kept.
    """

    def prove() -> None:
        try:
            run(prove_command(*words, watching=watching), env={FOLDER: NEVER, **(env or {})})
        except CommandError as error:
            if error.exit_code != 1:
                raise
            bad = [line for line in error.said.splitlines() if line.endswith((": broken", ": unproven"))]
            tell("\n".join(["counted, though not all was proven:", *(bad or [str(error)])]))

    return prove
