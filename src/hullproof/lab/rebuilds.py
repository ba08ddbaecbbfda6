"""Rebuilds of the release with other inputs: what differs is said, the rest is the project's own.

    @experiment
    def renewal(rebuilds: Rebuilds, ...) -> RenewalFacts:
        built = rebuilds("another revision", arguments={"REVISION": "0" * 40})

Each works on a scratch copy of its own. Where an input is none by which the builder looks steps up (a secret, a time), it is to
be built `by` a recipe of `hullproof.lab.private`: else the next build of the user's would be given its results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hullproof.engine.build import StopWhen, build
from hullproof.engine.connection import Engine
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.model.image import FileEntry
from hullproof.errors import DeadlineError, Unobservable
from hullproof.lab.rebuild import REBUILD_DEADLINE_S
from hullproof.lab.recipe import Recipe
from hullproof.lab.scratch import Bench

Change = Callable[[Path], None]
"""Changes a scratch copy of the context, by `hullproof.lab.scratch.put`."""


@dataclass(frozen=True)
class Rebuilds:
    """Builds the release once more, with other inputs. `recipe` is that of the project's own build.

    `apart` is the same with cache mounts of its own: what a changed copy leaves there, no build of the user's finds.
    """

    engine: Engine
    recipe: Recipe
    apart: Recipe
    bench: Bench

    def __call__(
        self,
        what: str,
        *,
        change: Change | None = None,
        arguments: Mapping[str, str] | None = None,
        stop_when: StopWhen | None = None,
    ) -> BuildFacts:
        """Build it. `what` says in messages what differs. Raises Unobservable where that is not done in time."""
        recipe = replace(self.apart, arguments={**self.apart.arguments, **(arguments or {})})
        return self.by(recipe, what, change=change, stop_when=stop_when)

    def by(
        self,
        recipe: Recipe,
        what: str,
        *,
        change: Change | None = None,
        target: str | None = None,
        output: Path | str = "none",
        stop_when: StopWhen | None = None,
        links: bool = True,
    ) -> BuildFacts:
        """Build by another recipe. Without `links` the copy's times and modes may be changed, too.

        Raises Unobservable where that is not done in time.
        """
        context = self.bench.copy("rebuild", link=links)
        if change is not None:
            change(context)
        try:
            request = recipe.request(context, target=target, output=output)
            return build(self.engine, request, stop_when=stop_when, deadline_s=REBUILD_DEADLINE_S)
        except DeadlineError as error:
            raise Unobservable(f"{what}: {error}") from error


@dataclass(frozen=True)
class Renewal:
    """A rebuild with one thing changed that changes with every commit or release, and what ran again for it.

    `where` is its place: a line of the Dockerfile, or a file of the project. `ran`: lines of installing steps.
    """

    what: str
    where: str
    ran: tuple[int, ...]


@dataclass(frozen=True)
class RenewalFacts:
    """Experiment: what changes with every commit or release was changed, all at once, and each by itself for what ran again.

    `installs`: the lines of the steps that install dependencies. `changed`: what was changed, in words.
    """

    installs: tuple[int, ...]
    changed: tuple[str, ...] = ()
    renewals: tuple[Renewal, ...] = ()


@dataclass(frozen=True)
class LockFacts:
    """Experiment: the hashes of one locked package were falsified, and the release was built.

    `files`: what the installing steps read; `lock` is the one that has hashes, None where none has. `package` is the one
    whose hashes were falsified, `failed` whether the build failed of it, with the last line of what it said in `said`. `locked`: every version in
    the lock, by the package's name; `own` are the project's own distributions. `line` is that of the installing step.
    """

    files: tuple[str, ...] = ()
    line: int | None = None
    lock: str | None = None
    package: str | None = None
    failed: bool | None = None
    said: str | None = None
    locked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Leak:
    """A secret of the build that the image gives away: what it is, the line that takes it, and where it was found."""

    what: str
    line: int
    place: str


@dataclass(frozen=True)
class LeakFacts:
    """Experiment: each secret that the build takes carried a canary, and all that came of it was searched.

    `carried`: the secrets. `failed`: why the build with canaries failed, at `failed_line`. `has_provenance`: whether the
    builder attaches one, which was searched as well.
    """

    carried: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
    failed: str | None = None
    failed_line: int | None = None
    has_provenance: bool = False


@dataclass(frozen=True)
class Difference:
    """A path that two builds made differently: what each has there (None: nothing), and the line that made it."""

    path: str
    line: int | None
    first: FileEntry | None
    second: FileEntry | None


@dataclass(frozen=True)
class ReproductionFacts:
    """Experiment: the release was built twice, without cache, from copies at other paths, of other times and modes.

    `is_identical`: the images have one digest. `settings`: fields of the configuration that differ. `contents`, `modes`:
    what differs in the layers, each path once, by the strongest difference; `times` counts those that differ in their times alone.
    `packages`: those that only one has, or in another version. `dated`: accounts whose entry in /etc/shadow has the day of the build.
    `stamped`: installed modules whose bytecode has a time stamp, which rewritten times would make stale.
    """

    is_identical: bool
    settings: tuple[str, ...] = ()
    contents: tuple[Difference, ...] = ()
    modes: tuple[Difference, ...] = ()
    times: int = 0
    packages: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()
    stamped: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class CheckoutBuild:
    """A build from another checkout of the same commit. `how` says of which, as a clause: "from tracked files alone".

    `changed`: files that were left out, or had other modes or line ends. `error`: why it failed, at `line`, with the end of
    its output; `image_id` is None then, and where nothing had to be changed.
    """

    how: str
    changed: tuple[str, ...] = ()
    image_id: str | None = None
    error: str | None = None
    line: int | None = None
    output: tuple[str, ...] = ()
