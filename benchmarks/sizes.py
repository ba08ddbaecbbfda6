"""What each file, stage, instruction and step of a large project costs: `python -m benchmarks.sizes`."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

from benchmarks.measure import in_a_folder, rounds, timed
from benchmarks.rows import Row, bound
from hullproof.dockerfile import contract, mentions_of_secrets, parse
from hullproof.engine.progress import Progress
from hullproof.lab.copying import copy_tree
from hullproof.owner import remove_tree
from hullproof.project import tree

NOTES = (
    "Microseconds for each, of many: 5,000 files of six bytes, 3,000 stages, 10,000 instructions, 3,000 steps. No engine "
    "takes part: what it needs for them comes on top. Copying one file is what opening two costs, and a link a tenth of it."
)
_FILES, _STAGES, _INSTRUCTIONS, _STEPS = 5_000, 3_000, 10_000, 3_000


def main() -> None:
    """Measure and print."""
    groups = {"files": files, "dockerfile": dockerfile, "build": build}
    in_a_folder("Large projects", __doc__ or "", groups, NOTES, default_rounds=5)


def files(folder: Path, count: int) -> list[Row]:
    """Look over a tree, copy it, link the copy, and remove that."""
    source = folder / "source"
    for number in range(_FILES):
        path = source / f"d{number // 100}" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x = 1\n")
    copy_tree(source, folder / "copy")

    def copied(*, link: bool) -> float:
        target = folder / uuid.uuid4().hex
        took = timed(lambda: copy_tree(folder / "copy", target, link=link))
        shutil.rmtree(target)
        return took

    def removed() -> float:
        copy_tree(source, folder / "gone", link=True)
        return timed(lambda: remove_tree(folder / "gone"))

    looked, copying, linking, removing = rounds(
        count,
        lambda: timed(lambda: list(tree.files(source))),
        lambda: copied(link=False),
        lambda: copied(link=True),
        removed,
    )
    return [
        _each("look over a tree, per file", looked, _FILES, at_most=20),
        _each("copy a tree, per file", copying, _FILES, at_most=500),
        _each("link a copy, per file", linking, _FILES, at_most=100),
        _each("remove a copy, per file", removing, _FILES, at_most=100),
    ]


def dockerfile(_folder: Path, count: int) -> list[Row]:
    """Understand a Dockerfile of many stages, and one of many instructions."""
    stages = "FROM x AS s0\n" + "".join(
        f"FROM s{i} AS s{i + 1}\nENV S{i}=$S{i - 1}\n" for i in range(_STAGES)
    )
    lines = "FROM x\n" + "".join(f"ENV E{i}=value:$E0\n" for i in range(_INSTRUCTIONS))
    of_stages, of_lines = rounds(
        count, lambda: timed(lambda: _understand(stages)), lambda: timed(lambda: _understand(lines))
    )
    return [
        _each("understand a Dockerfile, per stage", of_stages, _STAGES, at_most=2_000),
        _each("understand a Dockerfile, per instruction", of_lines, _INSTRUCTIONS, at_most=1_000),
    ]


def _understand(text: str) -> None:
    read = parse(text)
    release = read.release()
    contract(read, release)
    mentions_of_secrets(read, release)


def build(_folder: Path, count: int) -> list[Row]:
    """Follow a build of many steps, each of which is named, begun and done."""
    instructions = {
        f"s{i}": [(2 * i, f"FROM x AS s{i}"), (2 * i + 1, f"RUN make {i}")] for i in range(_STEPS)
    }
    told = [
        json.dumps({"vertexes": [{"digest": f"d{i}", "name": f"[s{i} 2/2] RUN make {i}", **more}]})
        for i in range(_STEPS)
        for more in ({}, {"started": "1"}, {"completed": "2"})
    ]

    def follow() -> None:
        progress = Progress(instructions)
        for line in told:
            progress.feed(line)
            progress.changed()

    (following,) = rounds(count, lambda: timed(follow))
    return [_each("follow a build, per step", following, _STEPS, at_most=1_000)]


def _each(what: str, took: list[float], many: int, *, at_most: float) -> Row:
    return bound(what, [seconds / many * 1e6 for seconds in took], at_most=at_most, unit="µs")


if __name__ == "__main__":
    main()
