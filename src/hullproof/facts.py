"""Facts: what can be observed of a project, from its image, its booted container and experiments.

Plain frozen data, so that a practice can be tested from hand-made facts, without an engine. What could
not be observed is never guessed: a fact that cannot be had raises `Unobservable`, and a field that is
not known is None.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal


class Unobservable(Exception):  # noqa: N818 - a finding about the project, not a fault of ours
    """A fact could not be observed. The text is the reason, one sentence, as the report shows it."""


# --- the build -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One step of a build, as BuildKit reported it.

    `stage` and `line` are None where the step could not be traced to the Dockerfile (internal steps).
    `cached` steps were not run; a step that is neither cached nor `started` was never reached.
    """

    name: str
    stage: str | None = None
    line: int | None = None
    instruction: str = ""
    cached: bool = False
    started: bool = False
    completed: bool = False
    error: str | None = None
    log: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether the step was really executed (or began to be), not answered from the cache."""
        return self.started and not self.cached


@dataclass(frozen=True)
class BuildFacts:
    """A build and how it went. `error` is one line; `failed_step` the step that failed, where there is one.

    `stopped_early`: we ended the build ourselves because what we wanted to know was known.
    """

    ok: bool
    steps: tuple[Step, ...]
    duration_s: float
    image_id: str | None = None
    error: str | None = None
    failed_step: Step | None = None
    stopped_early: bool = False
    output: tuple[str, ...] = ()

    def at_line(self, line: int) -> Step | None:
        """Return the step made by the instruction that starts at `line` of the Dockerfile."""
        return next((step for step in self.steps if step.line == line), None)


# --- the image -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BaseFacts:
    """The image that the release stage starts from. `line` is that of the FROM that names it."""

    reference: str
    line: int
    size_bytes: int | None = None
    diff_ids: tuple[str, ...] = ()
    stand_in: bool = False
    note: str | None = None


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of the image's history. `line`: of the instruction that made it, where it is known."""

    created_by: str
    empty_layer: bool
    from_base: bool
    line: int | None = None


@dataclass(frozen=True)
class ImageFacts:
    """The release image's configuration, as the engine tells it.

    `exposed` is in the engine's words: "5000/tcp". `command` and `entrypoint` are argument lists;
    a shell-form instruction shows there as ("/bin/sh", "-c", ...).
    """

    id: str
    size_bytes: int
    user: str = ""
    workdir: str = ""
    exposed: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"
    healthcheck: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    diff_ids: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    platform: str | None = None
    digest: str | None = None


FileKind = Literal["file", "directory", "symlink", "device", "fifo"]


@dataclass(frozen=True)
class FileEntry:
    """One path in one layer. `mode` holds the permission bits with setuid, setgid and sticky.

    `sha256` is known for regular files that the project's own layers add, up to 1 MiB each.
    `capabilities`: the file carries capabilities of its own (`security.capability`).
    `private_key`: the content holds the header of a private key (own layers only).
    A hard link shows as the file that it links to.
    """

    path: str
    kind: FileKind
    uid: int
    gid: int
    mode: int
    size: int = 0
    target: str = ""
    sha256: str | None = None
    capabilities: bool = False
    private_key: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def setuid(self) -> bool:
        """Whether running it changes the user."""
        return bool(self.mode & 0o4000) and self.kind == "file"


@dataclass(frozen=True)
class Layer:
    """One layer of the image, from the base or added by the Dockerfile.

    `removed` lists the paths that this layer deletes; one that ends in "/" had all that lower layers
    put into that directory hidden. `texts` holds the small system files by path, wherever the layer
    has them: /etc/passwd, /etc/group, /etc/shadow, the rules of sudo and doas, package databases of dpkg and apk;
    and, in own layers, the small text files outside of what the system and packages bring.
    """

    diff_id: str
    from_base: bool
    entries: tuple[FileEntry, ...]
    created_by: str = ""
    line: int | None = None
    removed: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileFacts:
    """All files of the image, layer by layer, lowest first."""

    layers: tuple[Layer, ...]

    @property
    def added_layers(self) -> tuple[Layer, ...]:
        """The layers that the Dockerfile adds to its base."""
        return tuple(layer for layer in self.layers if not layer.from_base)

    @cached_property
    def final(self) -> Mapping[str, FileEntry]:
        """The files as a container sees them: path to entry, with deletions applied."""
        return self._merged(self.layers)

    @cached_property
    def base(self) -> Mapping[str, FileEntry]:
        """The files of the base alone."""
        return self._merged(tuple(layer for layer in self.layers if layer.from_base))

    def text(self, path: str) -> str | None:
        """Return the content of a system file (see `Layer.texts`) in the final view, None if absent."""
        entry = self.final.get(path)
        if entry is None:
            return None
        for layer in reversed(self.layers):
            if path in layer.texts or any(other is entry for other in layer.entries):
                return layer.texts.get(path)
        return None

    @staticmethod
    def _merged(layers: tuple[Layer, ...]) -> Mapping[str, FileEntry]:
        """Lay the layers over each other. A layer hides what lower ones have, never what it has itself."""
        view: dict[str, FileEntry] = {}
        for layer in layers:
            hidden = [gone.rstrip("/") for gone in layer.removed]
            for entry in layer.entries:
                below = view.get(entry.path)
                if below is not None and below.kind == "directory" != entry.kind:
                    hidden.append(entry.path)
            if hidden:
                paths = sorted(view)
                for folder in hidden:
                    # All that starts with "folder/": "0" is the character after "/".
                    for path in paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}0")]:
                        if path != "/":
                            view.pop(path, None)
            for gone in layer.removed:
                view.pop(gone if gone != "/" else "", None)
            view.update((entry.path, entry) for entry in layer.entries)
        return view


# --- the container ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Process:
    """A process in the container, as the kernel tells it in /proc/PID/.

    `uids` and `gids`: real, effective, saved, filesystem. `capabilities` are bit masks by the names of
    /proc/PID/status: CapInh, CapPrm, CapEff, CapBnd, CapAmb. `caught` is the SigCgt mask, `ignored` SigIgn.
    `executable` and `cwd` are None where the kernel would not say.
    """

    pid: int
    ppid: int
    uids: tuple[int, int, int, int]
    gids: tuple[int, int, int, int]
    command: tuple[str, ...]
    name: str = ""
    groups: tuple[int, ...] = ()
    executable: str | None = None
    cwd: str | None = None
    capabilities: Mapping[str, int] = field(default_factory=dict)
    caught: int = 0
    ignored: int = 0
    no_new_privileges: bool | None = None


@dataclass(frozen=True)
class Listener:
    """A socket that waits for clients in the container's network namespace. `pids`: who holds it open."""

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    pids: tuple[int, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside the container can reach it."""
        return self.address.startswith("127.") or self.address in ("::1", "::ffff:127.0.0.1")


@dataclass(frozen=True)
class Answer:
    """What a port said when asked on the container's own, non-loopback address.

    `status` is the HTTP status, where it speaks HTTP. `detail`: what was seen, in a few words.
    """

    protocol: Literal["tcp", "udp"]
    port: int
    answered: bool
    status: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Stopped:
    """How the container ended after the stop signal. `killed`: only SIGKILL at the deadline ended it."""

    signal: str
    seconds: float
    exit_code: int | None
    killed: bool


@dataclass(frozen=True)
class Executed:
    """A command that was run in the container. `stdout` and `stderr` are text, `?`-like where it was none."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class ContainerFacts:
    """The booted release image: started with no override but its network and labels.

    `start_error`: the engine could not start it; then nothing else is known. `exit_code` is set when the
    process ended by itself, `lived_s` seconds after its start. `ready`: the configured path answered, or
    else any port was listened on; `ready_by` says what was seen, or what was waited for and seen last.
    `watched_s`: how long it was watched in all. `unobservable`: why nothing could be seen from inside;
    then `processes`, `listeners` and `answers` are empty and mean nothing.
    """

    start_error: str | None = None
    ready: bool = False
    ready_after_s: float | None = None
    ready_by: str = ""
    exit_code: int | None = None
    lived_s: float | None = None
    watched_s: float = 0.0
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    answers: tuple[Answer, ...] = ()
    log: tuple[str, ...] = ()
    stopped: Stopped | None = None
    unobservable: str | None = None

    @property
    def died(self) -> bool:
        """Whether it did not start, or ended before it was told to."""
        return self.start_error is not None or self.exit_code is not None

    @property
    def main(self) -> Process | None:
        """PID 1, where it was seen."""
        return next((process for process in self.processes if process.pid == 1), None)


# --- experiments -----------------------------------------------------------------------------------

EXPERIMENTS = frozenset({"edits", "gate", "canaries"})
"""The names under which experiments are asked for; every other fact is had without one."""


@dataclass(frozen=True)
class InstallStep:
    """A step that installs the project's dependencies. `files`: what of the context declares them."""

    line: int
    instruction: str
    stage: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditOutcome:
    """A rebuild after one edit. `edited` is the path in the project.

    `installs` tells for each installing step, by its line, whether it "ran", was "cached", or was "not-built".
    `brought`: lines of those that ran and whose output names packages of others, not the project alone.
    `other_steps_ran`: lines of the other steps that the edit made run again.
    `confirmed`: an accusing result was seen twice, with fresh content.
    """

    edited: str
    installs: Mapping[int, Literal["ran", "cached", "not-built"]]
    other_steps_ran: tuple[int, ...] = ()
    brought: tuple[int, ...] = ()
    confirmed: bool = True
    error: str | None = None


@dataclass(frozen=True)
class EditsFacts:
    """Experiment: an edit to an application file, then an edit to what declares the dependencies.

    `application` is None, with the reason in `no_application`, where no file of the application reaches
    the image from the context; `requirements` is empty, with the reason in `no_requirements`, where no
    file declares the dependencies.
    """

    install_steps: tuple[InstallStep, ...]
    application: EditOutcome | None = None
    requirements: tuple[EditOutcome, ...] = ()
    no_application: str | None = None
    no_requirements: str | None = None


@dataclass(frozen=True)
class GateFacts:
    """Experiment: a failing test planted where the project's tests live.

    `planted` is its path, None where the project has no tests (`no_tests` says what was looked for).
    `failed`: the build failed. `failed_line`: the line of the step that failed. `named_planted`: that step's
    output names the planted test. `twin_passed`: the same build with the planted test passing succeeded
    (None where it was not needed). `test_lines`: lines of steps that run tests, in stages that the release
    needs; `unneeded_test_lines`: those in stages that BuildKit skips. `reached`: whether the planted file got
    to the builder. `existing_tests_gate`: with the existing tests broken instead, the build failed
    (None where it was not tried): tells a gate that names single files from one that does not hold at all.
    """

    planted: str | None = None
    no_tests: str | None = None
    failed: bool = False
    failed_line: int | None = None
    failed_instruction: str = ""
    named_planted: bool = False
    twin_passed: bool | None = None
    test_lines: tuple[int, ...] = ()
    unneeded_test_lines: tuple[int, ...] = ()
    reached: bool | None = None
    existing_tests_gate: bool | None = None
    output: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Canary:
    """A file planted in a scratch context that must not reach the builder.

    `kind` is one of "version control", "environment file", "key", "virtual environment", "bytecode", "cache",
    "own": "own" is a file of the project itself that looks like a secret. `nested`: below the top directory.
    `judged`: whether its reaching the builder breaks the practice, or is only said.
    """

    path: str
    kind: str
    nested: bool
    reached: bool
    judged: bool = True


@dataclass(frozen=True)
class CanaryFacts:
    """Experiment: what of a scratch context, with canaries in it, reaches the builder.

    `ignore_file`: the one that the builder uses, None where there is none. `sources_missing`: (line, path) of
    what COPY and ADD name in the project's tree but the ignore file withholds. `tests_left`: whether any test
    reaches the builder, None where the project has none. `misplaced`: ignore files that the builder does not read.
    """

    canaries: tuple[Canary, ...]
    ignore_file: str | None
    files_reaching: int = 0
    sources_missing: tuple[tuple[int, str], ...] = ()
    tests_left: bool | None = None
    misplaced: tuple[str, ...] = ()
