"""The report: all proofs of one project's image, and what exactly they are about.

Plain frozen data. Renderers read nothing else; the JSON face of it is `report.schema.json`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Literal

Source = Literal["dockerfile", "image", "container", "experiment"]

SCHEMA = "hullproof.report/1"

DEFAULT_PROFILE = "guide"
"""The set of practices that is proven where nothing else is asked for."""


class Verdict(Enum):
    """What is known of a practice, from good to bad."""

    PROVEN = "proven"
    NOT_APPLICABLE = "not-applicable"
    UNPROVEN = "unproven"
    BROKEN = "broken"

    @property
    def is_good(self) -> bool:
        """Whether a release may be signed off with it."""
        return self in (Verdict.PROVEN, Verdict.NOT_APPLICABLE)

    @property
    def text(self) -> str:
        """The verdict as it reads in a sentence."""
        return self.value.replace("-", " ")


class Status(Enum):
    """What counts when a release is signed off, in the order in which one looks at it: the verdict, or that it is accepted."""

    BROKEN = "broken"
    UNPROVEN = "unproven"
    ACCEPTED = "accepted"
    NOT_APPLICABLE = "not-applicable"
    PROVEN = "proven"

    @property
    def text(self) -> str:
        """The status as it reads in a sentence."""
        return self.value.replace("-", " ")

    @property
    def verdict(self) -> Verdict:
        """The verdict on all that this decides for; what is accepted counts as what does not apply."""
        return Verdict.NOT_APPLICABLE if self is Status.ACCEPTED else Verdict(self.value)


_DECIDING = (Status.BROKEN, Status.UNPROVEN, Status.PROVEN, Status.ACCEPTED, Status.NOT_APPLICABLE)


def deciding(statuses: Collection[Status]) -> Status:
    """Return the status that decides for all: `unproven` where there is none to go by."""
    return next((each for each in _DECIDING if each in statuses), Status.UNPROVEN)


@dataclass(frozen=True)
class Evidence:
    """A fact, with the place where it was seen: `Dockerfile:31`, `config.User`, `/proc/1/status`."""

    source: Source
    where: str
    statement: str


@dataclass(frozen=True)
class Acceptance:
    """The project accepts a practice as broken, on purpose, through the day `until`.

    `expired`: that day was past when the report was made, so that the practice counts again.
    """

    reason: str
    until: date
    expired: bool = False


@dataclass(frozen=True)
class Explanation:
    """What there is to know of a practice, whatever its verdict: paragraphs, divided by blank lines.

    An indented paragraph is code.
    """

    why: str
    proven_by: str
    broken_by: str
    fix: str = field(metadata={"json": "mend"})


@dataclass(frozen=True)
class Proof:
    """A practice, its verdict and its evidence. `remedy` is None when proven.

    `accepted` is set only where the verdict is `broken` and the project's configuration accepts that. `observed_at`: when
    the oldest of the facts that it rests on was observed, where that was in an earlier run, and nothing has changed since.
    """

    id: str
    family: str
    title: str
    verdict: Verdict
    summary: str
    evidence: tuple[Evidence, ...] = ()
    remedy: str | None = None
    duration_s: float = 0.0
    accepted: Acceptance | None = None
    explanation: Explanation | None = None
    observed_at: datetime | None = None

    @property
    def status(self) -> Status:
        """Its verdict, or `accepted` where that is for now no obstacle."""
        return Status.ACCEPTED if self.is_excused else Status(self.verdict.value)

    @property
    def is_excused(self) -> bool:
        """Whether it is broken and that is accepted for now, so that it does not count."""
        return self.accepted is not None and not self.accepted.expired

    @property
    def is_good(self) -> bool:
        """Whether a release may be signed off with it."""
        return self.verdict.is_good or self.is_excused


@dataclass(frozen=True)
class ProjectInfo:
    """The project as the report names it: never a path of the machine, only names within the project.

    `dockerfile` is a path within the project, `folder` the project's own within its repository (empty where the
    repository is the project, None without a repository). `target_note` says why the release is another stage than the last,
    which a plain `docker build` would make; None where it is the last.
    """

    name: str
    dockerfile: str
    dockerfile_sha256: str | None = None
    target: str | None = None
    target_note: str | None = None
    revision: str | None = None
    folder: str | None = None


@dataclass(frozen=True)
class ImageInfo:
    """The release image and the base it starts from.

    `id` is what its engine knows it by (`docker images`). `digest` is that of its manifest for its platform, by which
    registries keep it: None where no manifest of it is known, as before the first push from a store that keeps none.
    `config_digest` is that of its configuration, the same on every engine and in every registry. Sizes are the bytes of
    the files in all layers, on every engine the same; None where the layers could not be read.
    `reference` is how the image was given, where it was not built; `comparison` says in a clause how it compares with what
    the project builds.
    """

    id: str
    digest: str | None
    size_bytes: int | None
    base: str | None
    base_is_stand_in: bool
    base_size_bytes: int | None = None
    base_note: str | None = None
    platform: str | None = None
    config_digest: str | None = None
    reference: str | None = None
    comparison: str | None = None
    base_digest: str | None = None

    @property
    def short_id(self) -> str:
        """Its id as people compare it."""
        return self.id.removeprefix("sha256:")[:12]

    @property
    def stand_in(self) -> str | None:
        """What is to be said of a stand-in base; None where it starts from the image that it names."""
        return (self.base_note or "not the official image") if self.base_is_stand_in else None


@dataclass(frozen=True)
class EngineInfo:
    """The engine that built and ran the image. `note` says what is known to be wrong with it, and what follows."""

    name: str
    version: str
    buildx_version: str | None = None
    platform: str | None = None
    storage_driver: str | None = None
    note: str | None = None


DEFAULT_MEMORY_MB = 4_000
"""What a container may have of memory where nothing is configured, in units of 1,000,000 bytes."""
DEFAULT_PROCESSES = 2_048
"""How many processes and threads: what Podman gives by default."""


@dataclass(frozen=True)
class Limits:
    """What one container may have at the most: memory in bytes, processes and threads; None where it is not limited."""

    memory_bytes: int | None = None
    processes: int | None = None

    @property
    def are_usual(self) -> bool:
        """Whether they are those that hold where nothing is configured and the engine's machine has room for them."""
        return self == Limits(DEFAULT_MEMORY_MB * 1_000_000, DEFAULT_PROCESSES)


@dataclass(frozen=True)
class Conditions:
    """Under which conditions the image was booted: with or without a network, and within which limits.

    `build_cgroup` is the cgroup of the engine's machine that steps of builds were held below: None where they had no limits.
    """

    network: bool
    container: Limits
    build_cgroup: str | None = None

    @property
    def are_usual(self) -> bool:
        """Whether they are those of a project that says nothing of them, on a machine that has room for them."""
        return self.network and self.container.are_usual


@dataclass(frozen=True)
class SidecarInfo:
    """The container that the booted one was looked at from: the image it was made from, and all that it may do."""

    image: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True)
class Quote:
    """An instruction of the Dockerfile as it is written, from its line on, which some evidence names."""

    line: int
    text: str

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Its lines, each with its number."""
        return list(enumerate(self.text.split("\n"), self.line))


@dataclass(frozen=True)
class BuildError:
    """What the project's own build failed on, why in a line, and the lines of output that tell it.

    `remedy` is given where the reason is plain; `base_note` says what a stand-in base stands for, whether or not it may
    be the cause.
    """

    instruction: str | None
    line: int | None
    output: tuple[str, ...] = ()
    reason: str | None = None
    remedy: str | None = None
    base_note: str | None = None


@dataclass(frozen=True)
class Component:
    """Something that an image is made of: a Python distribution (`pypi`) or a system's package (`deb`, `apk`).

    `place` is the folder or the database that has it; the rest is known of packages alone: whose they are, for which
    architecture, and of which release.
    """

    kind: str
    name: str
    version: str
    place: str
    vendor: str | None = None
    architecture: str | None = None
    distribution: str | None = None


@dataclass(frozen=True)
class Components:
    """All that an image is made of, or the reason why that is not known."""

    all: tuple[Component, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True)
class Report:
    """All proofs of one run. `left_out` names practices of the profile that were not asked for.

    `sidecar` is None where no container was looked at. `quotes` are the instructions that evidence names. `components` are
    for bills of materials alone: the report's JSON does without them.
    """

    project: ProjectInfo
    image: ImageInfo | None
    engine: EngineInfo | None
    hullproof_version: str
    started_at: datetime
    duration_s: float
    proofs: tuple[Proof, ...]
    build_error: BuildError | None = None
    left_out: tuple[str, ...] = field(default=())
    sidecar: SidecarInfo | None = None
    conditions: Conditions | None = None
    quotes: tuple[Quote, ...] = ()
    profile: str = DEFAULT_PROFILE
    components: Components = field(default=Components(unknown="nobody looked"), metadata={"json": None})

    @property
    def status(self) -> Status:
        """How the project stands: as the practice that decides."""
        return deciding([proof.status for proof in self.proofs])

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all proofs; what is accepted as broken for now counts as what does not apply."""
        return self.status.verdict
