"""What proving costs, beside a bare boot, plain rebuilds and the peers: `python -m benchmarks.proofs`."""

from __future__ import annotations

import functools
import json
import shutil
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.measure import arguments, attempted, machine, report, rounds, timed
from benchmarks.peers import ALL, OF_THE_BUILD, PEERS, Peer
from benchmarks.rows import Row, lead, times
from benchmarks.stand import REPOSITORY, Stand, proving, stand, tell
from hullproof.engine.build import build as plain_build
from hullproof.lab import rebuild
from hullproof.lab.copying import copy_tree
from hullproof.runner.keys import FOLDER
from hullproof.runner.prove import prove

if TYPE_CHECKING:
    from hullproof.engine.request import BuildRequest
    from hullproof.facts import BuildFacts

_QUICK = "--no-experiments"
_PROJECTS = 20
_TRIVIAL = 20
_SLOW_ROUNDS = 2
_GOOD = REPOSITORY / "tests" / "toolkit" / "cases" / "good"

NOTES = (
    "Bare boot: `docker run` of the image until GET /readyz gives 200. Proving: the whole command, from the start "
    "of Python to the end of the process, with the cached build, the watch, the stop and the removal.\n"
    "Without watching: the same, but the container is left as soon as it is ready. For comparison only: the watch "
    "is what finds containers that die soon.\n"
    "Plain rebuilds: the contexts that the experiments sabotaged, kept, and made new by a comment in each sabotaged "
    "file; built by `docker buildx build`, each to its end.\n"
    f"Peers: a statement is one thing said of the image, however many files it took (benchmarks/peers.py). Hullproof "
    f"makes {len(ALL)} without an experiment. It builds the image first, from the cache; the peers get it built. Theirs "
    "include starting, awaiting and removing the container.\n"
    f"Jobs: {_PROJECTS} distinct copies of the good case, with all experiments, new ones each time; measured once."
)


def main() -> None:
    """Measure and print."""
    groups: dict[str, Callable[[Stand, str, int], list[Row]]] = {
        "boot": beside_boot,
        "rebuilds": beside_rebuilds,
        "peers": beside_peers,
        "image": given_image,
        "jobs": side_by_side,
    }
    chosen: Namespace = arguments(__doc__ or "", default_rounds=5, groups=list(groups))
    with stand() as at:
        where = machine(at.engine)
        tell("a first build and a first proof, so that what follows is warm")
        image = at.must_build(at.release()).image or ""
        proving([str(at.tree), _QUICK])()
        rows = [
            row
            for name in chosen.only
            for row in attempted(name, functools.partial(groups[name], at, image, chosen.rounds))
        ]
        report("Proving", where, chosen, rows, NOTES)


# --- without experiments -----------------------------------------------------------------------------


def beside_boot(at: Stand, image: str, count: int) -> list[Row]:
    """Prove without experiments, beside a bare boot; then with twenty practices more, and with facts kept."""
    tell("proving without experiments")
    folder = add_trivial_practices(at.run.scratch("practices"))
    written = at.run.scratch("more") / "report.json"
    words = [str(at.tree), _QUICK, "--output", str(at.run.scratch("reports") / "report.json")]
    many = [*words[:-1], str(written)]
    kept = {FOLDER: str(at.run.scratch("facts"))}
    proving(many, env={"PYTHONPATH": str(folder)})()
    proving(words, env=kept)()
    booted, proved, unwatched, more, unchanged = rounds(
        count,
        lambda: at.bare_boot(image)[0],
        lambda: timed(proving(words)),
        lambda: timed(proving(words, watching=False)),
        lambda: timed(proving(many, env={"PYTHONPATH": str(folder)})),
        lambda: timed(proving(words, env=kept)),
    )
    added = sum(proof["family"] == "bench" for proof in json.loads(written.read_text("utf-8"))["proofs"])
    if added != _TRIVIAL:
        raise SystemExit(f"{added} of {_TRIVIAL} trivial practices were proven: there is nothing to compare")
    return [
        times("prove --no-experiments", proved, "bare boot to first answer", booted, at_most=1.5),
        times("  without watching", unwatched, "bare boot to first answer", booted, at_most=1.5),
        Row("  the least watching alone", [a - b for a, b in zip(proved, unwatched, strict=True)]),
        times(f"  with {_TRIVIAL} practices more", more, "with its own alone", proved, at_most=1.05),
        times("  with nothing changed", unchanged, "bare boot to first answer", booted),
    ]


def add_trivial_practices(folder: Path) -> Path:
    """Write twenty practices as another package would bring them; they count where Python looks into the folder."""
    names = [f"trivial_{number:02}" for number in range(_TRIVIAL)]
    about = folder / "bench_practices-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-practices\nVersion: 1\n", "utf-8")
    entries = "\n".join(f"{name} = {name}" for name in names)
    (about / "entry_points.txt").write_text(f"[hullproof.practices]\n{entries}\n", "utf-8")
    for name in names:
        (folder / f"{name}.py").write_text(_TRIVIAL_PRACTICE, "utf-8")
    return folder


_TRIVIAL_PRACTICE = '''"""The image has an id.

Why: It is cheap to see.

Proven by: The id.

Broken by: Its absence.

Fix: Build.
"""

from hullproof.practice import ContainerFacts, FileFacts, ImageFacts, check, in_image, proven

FAMILY = "bench"


@check
def it_has_an_id(image: ImageFacts, files: FileFacts, container: ContainerFacts):
    """The engine says so."""
    yield in_image("id", image.id)
    yield proven("it has one")
'''


# --- with experiments --------------------------------------------------------------------------------


def beside_rebuilds(at: Stand, _image: str, count: int) -> list[Row]:
    """Prove in full, beside the plain rebuilds of the same sabotages, one after the other."""
    tell("proving in full, to know the sabotages")
    with kept_sabotages(at) as sabotages:
        prove(at.project, at.engine, at.run)
    few = min(count, _SLOW_ROUNDS)
    words = [str(at.tree), "--output", str(at.run.scratch("reports") / "report.json")]
    tell(f"proving in full, beside {len(sabotages)} plain rebuilds")
    proved, plain = rounds(
        few, lambda: timed(proving(words)), lambda: sum(rebuilt(at, one) for one in sabotages)
    )
    return [
        times(f"prove, {few} rounds", proved, f"{len(sabotages)} plain rebuilds in turn", plain, at_most=1.0)
    ]


@contextmanager
def kept_sabotages(at: Stand) -> Iterator[list[BuildRequest]]:
    """Keep a copy of each context that the lab builds, as it was when the build began."""
    kept: list[BuildRequest] = []

    def build(engine: Any, request: BuildRequest, **settings: Any) -> BuildFacts:  # noqa: ANN401 - handed on
        context = at.run.scratch("sabotage") / "context"
        copy_tree(request.context, context)
        dockerfile = context / request.dockerfile.relative_to(request.context)
        kept.append(replace(request, context=context, dockerfile=dockerfile))
        return plain_build(engine, request, **settings)

    with patch.object(rebuild, "build", build):
        yield kept


def rebuilt(at: Stand, request: BuildRequest) -> float:
    """Make the sabotage new, so that no cache knows it, and return the seconds of its plain build."""
    if isinstance(request.output, Path):
        return at.build(replace(request, output=at.run.scratch("listing") / "context.tar")).seconds
    names = (str(path.relative_to(request.context)) for path in request.context.rglob("*") if path.is_file())
    sabotaged = sorted(name for name in names if _differs(request.context / name, at.tree / name))
    for name in sabotaged:
        at.edit(request.context / name)
    built = at.build(request)
    tell(f"  {', '.join(sabotaged)}: {built.seconds:.1f} s, {'goes through' if built.ok else 'fails'}")
    return built.seconds


def _differs(path: Path, original: Path) -> bool:
    return not original.is_file() or path.read_bytes() != original.read_bytes()


# --- the peers ---------------------------------------------------------------------------------------


def beside_peers(at: Stand, image: str, count: int) -> list[Row]:
    """Say what can be said of the image, beside the peers."""
    found = [make(at, image) for make in PEERS]
    peers = [peer for peer in found if peer is not None]
    words = [str(at.tree), _QUICK, "--output", str(at.run.scratch("reports") / "report.json")]
    tell("beside " + ", ".join(peer.name for peer in peers))
    ours, *theirs = rounds(
        count, lambda: timed(proving(words)), *(functools.partial(timed, peer.measure) for peer in peers)
    )
    return [
        row
        for peer, seconds in zip(peers, theirs, strict=True)
        for row in peer_rows(f"prove, {len(ALL)} statements", peer, ours, seconds)
    ]


def given_image(at: Stand, image: str, count: int) -> list[Row]:
    """The same of an image that is given, as the peers have it: nothing is built, and no project is read."""
    found = [make(at, image) for make in PEERS]
    peers = [peer for peer in found if peer is not None and peer.boots]
    words = ["--image", image, _QUICK, "--output", str(at.run.scratch("reports") / "report.json")]
    tell("prove --image beside " + ", ".join(peer.name for peer in peers))
    ours, *theirs = rounds(
        count, lambda: timed(proving(words)), *(functools.partial(timed, peer.measure) for peer in peers)
    )
    said = len(ALL) - len(OF_THE_BUILD)
    return [
        row
        for peer, seconds in zip(peers, theirs, strict=True)
        for row in peer_rows(f"prove --image, {said} statements", peer, ours, seconds, said)
    ]


def peer_rows(
    what: str, peer: Peer, ours: Sequence[float], theirs: Sequence[float], statements: int = len(ALL)
) -> list[Row]:
    """Compare the whole time and the time for each statement."""
    beside = f"{peer.name}, {peer.statements}"
    per_ours, per_theirs = each(ours, statements), each(theirs, peer.statements)
    if not peer.boots:
        return [
            times(what, ours, f"{beside}, boots nothing", theirs),
            times("  each statement", per_ours, f"  each of {peer.name}'s", per_theirs, unit="ms"),
        ]
    return [
        times(what, ours, beside, theirs, at_most=1.0),
        lead("  each statement", per_ours, f"  each of {peer.name}'s", per_theirs, at_least=5.0, unit="ms"),
    ]


def each(seconds: Sequence[float], statements: int) -> list[float]:
    """Return the milliseconds for each statement."""
    return [1000 * one / statements for one in seconds]


# --- several projects --------------------------------------------------------------------------------


def side_by_side(at: Stand, _image: str, _count: int) -> list[Row]:
    """Prove twenty projects in turn and two at a time."""

    def prove_all(jobs: int) -> float:
        folder = at.run.scratch("projects")
        projects = [copy_of_good(at, folder / f"good-{number:02}") for number in range(_PROJECTS)]
        output = ["--output", str(folder / "reports"), "--format", "json", "--jobs", str(jobs)]
        return timed(proving([*map(str, projects), *output]))

    tell(f"{_PROJECTS} projects")
    timed(proving([str(copy_of_good(at, at.run.scratch("warm") / "good"))]))
    in_turn, together = rounds(1, lambda: prove_all(1), lambda: prove_all(2))
    what, beside = f"{_PROJECTS} projects, --jobs 2", "one after the other"
    return [lead(what, together, beside, in_turn, at_least=1.6)]


def copy_of_good(at: Stand, folder: Path) -> Path:
    """Copy the good case, with code and tests that no cache knows."""
    shutil.copytree(_GOOD, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ("greeter/words.py", "tests/test_words.py"):
        at.edit(folder / path)
    return folder


if __name__ == "__main__":
    main()
