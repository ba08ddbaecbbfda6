"""Making a stand-in ends with its run, and its folder with it, whatever becomes of the engine."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest

from hullproof.engine.connection import Engine
from hullproof.errors import EngineError
from hullproof.host.standin import provide_stand_in
from hullproof.host.standinplan import parse_reference, plan
from hullproof.owner import sweep_folders
from hullproof.run.run import Run

from ..rig import PATIENCE_S

# In the place of mmdebstrap: it says that it is at work, and unpacks for a minute.
MAKER = """\
#!/bin/sh
mkdir "$TMPDIR/mmdebstrap.root"
echo "I: downloading"
exec sleep 60
"""
ALONE = """
import sys
from tests.toolkit.host.test_standin_ending import make
make(print, "")
"""


def make(say: Any, owner: str) -> str:  # noqa: ANN401 - whatever takes a line
    """Have a stand-in made for an engine that has no image."""

    def absent(name: str) -> None:
        raise docker.errors.ImageNotFound(name)

    client = SimpleNamespace(api=SimpleNamespace(inspect_image=absent))
    engine = SimpleNamespace(
        client=client, architecture=str, calls=SimpleNamespace(require_open=lambda: None)
    )
    return provide_stand_in(
        cast("Engine", engine), plan(parse_reference("python:3-slim")), say=say, owner=owner
    )


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, and a maker that takes its time."""
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(MAKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def folders(temporary: Path) -> list[str]:
    """Name what stands-ins were made in."""
    return [each.name for each in temporary.iterdir() if "stand-in" in each.name]


def test_it_ends_with_its_run(temporary: Path) -> None:
    """One that made it in a thread, and was ended by the engine's death: nobody is left to remove the folder."""
    begun = threading.Event()
    failed: list[BaseException] = []

    def say(line: str) -> None:
        if "downloading" in line:
            begun.set()

    def work() -> None:
        try:
            make(say, run.id)
        except EngineError as error:
            failed.append(error)

    with contextlib.suppress(ZeroDivisionError), Run() as run:
        run.start(work, "helper")
        assert begun.wait(PATIENCE_S)
        assert len(folders(temporary)) == 1
        ending = time.monotonic()
        raise ZeroDivisionError
    assert time.monotonic() - ending < 5
    assert (len(failed), run.kept, folders(temporary)) == (1, [], [])


def test_a_killed_makers_folder_is_swept(temporary: Path) -> None:
    """By the next run, whatever that does: it tells by the name that nobody is at work in it any more."""
    with subprocess.Popen(
        [sys.executable, "-c", ALONE], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True
    ) as maker:
        assert any("downloading" in line for line in maker.stdout or ())
        (folder,) = folders(temporary)
        assert sweep_folders() == []
        maker.send_signal(signal.SIGKILL)
    assert sweep_folders() == [folder]
    assert folders(temporary) == []
