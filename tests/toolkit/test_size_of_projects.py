"""Projects of very many files: what is done for each of them is done once, and an interruption is heard meanwhile."""

from __future__ import annotations

import contextlib
import signal
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hullproof.dockerfile import Release, parse
from hullproof.engine.connection import Engine
from hullproof.engine.model.image import FileEntry, FileFacts, Layer
from hullproof.errors import EndingError
from hullproof.interruption import Interrupted, unwinding_on_signals
from hullproof.lab import application
from hullproof.lab.copying import copy_tree
from hullproof.practices.library.unneeded import needless_in
from hullproof.project import scripts, tree
from hullproof.project.project import Project

from .practices.by_hand import GOOD, IMAGE
from .rig import started
from .shop import make_shop
from .test_size import DOCKERFILES, Work, assert_linear, understand

pytestmark = pytest.mark.slow

FILES = 50_000


def fill(folder: Path, count: int) -> Path:
    """Write so many small files, a hundred in each folder."""
    for number in range(count):
        if number % 100 == 0:
            (folder / f"d{number // 100}").mkdir(parents=True)
        (folder / f"d{number // 100}" / f"f{number}.py").write_bytes(b"x = 1\n")
    return folder


def many_sources(folder: Path, size: int) -> Work:
    """Choose the application's files where each of many lines copies one, by its name and by a pattern."""
    folder /= uuid.uuid4().hex
    fill(folder, size)
    lines = [f"COPY d{i // 100}/f{i}.py d{i // 100}/x{i}*.py /app/\n" for i in range(size)]
    (folder / "Dockerfile").write_text("FROM x\n" + "".join(lines))
    project = Project.open(folder)
    return lambda: application.choose(project, None, ())


def scripts_by_name(folder: Path, size: int) -> Work:
    """Look for the script of each of many steps, where as many lines copy files to the place."""
    return _traced(folder, size, lambda i: f"COPY d{i // 100}/f{i}.py /app/\nRUN python /app/f{i}.py\n")


def scripts_in_folders(folder: Path, size: int) -> Work:
    """The same where they copy folders, none of which has it."""
    return _traced(folder, size, lambda i: f"COPY d{i // 100} /app/\nRUN python /app/x{i}.py\n")


def scripts_in_a_chain(folder: Path, size: int) -> Work:
    """The same in a chain of stages, in which each copies a file."""
    return _traced(
        folder,
        size,
        lambda i: f"FROM s{i} AS s{i + 1}\nCOPY d{i // 100}/f{i}.py /app/\nRUN python /app/f0.py\n",
    )


def scripts_beside_each_other(folder: Path, size: int) -> Work:
    """The same in stages of which each takes from the one before it."""
    return _traced(
        folder, size, lambda i: f"FROM x AS s{i + 1}\nCOPY --from=s{i} /app /app\nRUN python /app/x{i}.py\n"
    )


def _traced(folder: Path, size: int, lines: Callable[[int], str]) -> Work:
    folder /= uuid.uuid4().hex
    fill(folder, size)
    (folder / "Dockerfile").write_text("FROM x AS s0\n" + "".join(map(lines, range(size))))
    project = Project.open(folder)
    return lambda: scripts.testing(project)


def texts(_folder: Path, size: int) -> Work:
    """Read the text of each of many files of an image, all of them in its lowest layer."""
    entries = tuple(FileEntry(f"/etc/{i}", "file", 0, 0, 0o644) for i in range(size))
    layers = (
        Layer("a", from_base=False, entries=entries, texts={each.path: "x" for each in entries}),
        Layer("b", from_base=False, entries=tuple(FileEntry(f"/b{i}", "file", 0, 0, 0) for i in range(size))),
    )

    def work() -> None:
        files = FileFacts(layers)
        assert all(files.text(each.path) == "x" for each in entries)

    return work


def packages_with_tests(_folder: Path, size: int) -> Work:
    """Look for tests among an application's files, beside packages of which each brings one that the others speak of."""
    site = "/opt/venv/lib/python3.11/site-packages"
    paths = [f"{site}/p{i}/{name}" for i in range(size) for name in ("code.py", f"test_{i}.py")]
    paths += ["/app/run.py", "/app/test_run.py"]
    said = "".join(f"test_{i} " for i in range(size))  # else each would be told apart at a glance
    entries = tuple(FileEntry(each, "file", 0, 0, 0o644, sha256="0") for each in paths)
    text = {f"{site}/p0/code.py": said, "/app/test_run.py": "def test_run():\n    pass\n"}
    layer = Layer("a", from_base=False, entries=entries, texts=text)

    dockerfile = parse(GOOD)
    release = Release(dockerfile, dockerfile.release())

    def work() -> None:
        found = needless_in(release, IMAGE, FileFacts((layer,)), None, {})
        assert [each.all for each in found] == [["/app/test_run.py"]]

    return work


def copying(folder: Path, size: int) -> Work:
    """Copy many files."""
    source = fill(folder / uuid.uuid4().hex, size)
    return lambda: copy_tree(source, folder / uuid.uuid4().hex)


@pytest.mark.parametrize(
    "what",
    [
        many_sources,
        scripts_by_name,
        pytest.param(scripts_in_folders, marks=pytest.mark.nightly),  # more than a minute
        scripts_in_a_chain,
        scripts_beside_each_other,
        texts,
        packages_with_tests,
        copying,
    ],
)
def test_the_time_is_linear_in_the_files(tmp_path: Path, what: Callable[[Path, int], Work]) -> None:
    """However many lines copy them, and however many layers they lie in."""
    assert_linear(partial(what, tmp_path), 150)


@pytest.mark.parametrize(
    ("shape", "count"), [("stages in a chain", 3_000), ("lines of ENV", 10_000), ("directories", 5_000)]
)
def test_a_huge_dockerfile_is_understood_in_a_moment(shape: str, count: int) -> None:
    """Sizes of which each took more than four minutes once; much less than a minute leaves room for a busy machine."""
    text = DOCKERFILES[shape](count)
    begun = time.process_time()
    understand(text)
    assert time.process_time() - begun < 30


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("what", ["looking", "copying"])
def test_an_interruption_is_heard_between_two_files(tmp_path: Path, what: str) -> None:
    """Also in a thread, into which no signal comes."""
    source = fill(tmp_path / "source", 300)
    with unwinding_on_signals():
        looking = tree.files(source)
        assert next(looking)
        with contextlib.suppress(Interrupted):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(EndingError):
            list(looking) if what == "looking" else copy_tree(source, tmp_path / "target")


@pytest.mark.engine
def test_a_signal_is_heard_while_very_many_files_are_copied(
    engine: Engine, python_base: str, tmp_path: Path
) -> None:
    """The build takes none of them, and experiments have to copy them all the same. What cannot be removed in time is said."""
    assert python_base
    shop = make_shop(tmp_path / "shop")
    fill(shop / "data", FILES)
    (shop / ".dockerignore").write_text("data/d*\n")
    with started(engine, tmp_path / "temporary", "prove", shop, "--only=requirements-first") as run:
        run.wait_for("looking at")
        deadline = time.monotonic() + 120
        while not any(run.temporary.glob("hullproof-*/pristine-*/context/data/d1")):
            assert time.monotonic() < deadline
            assert run.process.poll() is None, run.lines
            time.sleep(0.01)
        run.process.send_signal(signal.SIGTERM)
        sent = time.monotonic()
        code, _ = run.end()
        assert time.monotonic() - sent < 15, run.lines[-1]
        gone = "everything this run created has been removed"
        kept = f"could not remove {run.temporary}/"  # removing takes its time, too, on a busy machine
        assert code == 143
        assert run.lines[-1].startswith(
            (f"hullproof: interrupted by SIGTERM; {gone}", f"hullproof: interrupted by SIGTERM; {kept}")
        )
        assert (gone in run.lines[-1]) == (run.left() == [])
        run.clean()
        assert run.left() == []
