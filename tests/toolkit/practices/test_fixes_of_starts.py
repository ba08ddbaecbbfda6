"""Fixes of what a start does: they name the line of the program, the script or the command, where that is plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import Restarts, Shares
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import GOOD, container, entry, files, image, layer, process, prove

CMD = 'CMD ["python", "run.py"]'
STALE = 'ENTRYPOINT ["sh", "-c", "rm -f /tmp/run.pid && exec \\"$@\\"", "sh"]'


def again(path: str, line: str, error: str) -> Restarts:
    """Say that a start failed in a line of the program."""
    frame = f'  File "{path}", line 3, in <module>'
    return Restarts(
        "it ends with exit code 1", None, ("Traceback (most recent call last):", frame, f"    {line}", error)
    )


@pytest.mark.parametrize(
    ("line", "error", "meant"),
    [
        ('os.mkdir("/tmp/a")', "FileExistsError: [Errno 17] File exists: '/tmp/a'", 'os.makedirs("/tmp/a", exist_ok=True)'),
        ("WORK.mkdir(parents=True)", "FileExistsError: [Errno 17] File exists: '/tmp/a'", "WORK.mkdir(parents=True, exist_ok=True)"),
        (
            'db.execute("CREATE TABLE t (x)")',
            "sqlite3.OperationalError: table t already exists",
            'db.execute("CREATE TABLE if not exists t (x)")',
        ),
    ],
)  # fmt: skip
def test_what_is_made_once_is_made_where_it_is_not_there(
    tmp_path: Path, line: str, error: str, meant: str
) -> None:
    """In the line that the traceback quotes; a file of the project that says something else there is another one."""
    program = f"import os\n\n{line}\n"
    (tmp_path / "run.py").write_text(program)
    (tmp_path / "Dockerfile").write_text(GOOD)
    seen = again("/app/run.py", line, error)
    fix = str(prove("restart", restarts=seen, project_texts={"run.py": program}).remedy)
    assert follow(fix, tmp_path), f"is prose: {fix}"
    assert (tmp_path / "run.py").read_text() == program.replace(line, meant)
    assert not changes(
        str(prove("restart", restarts=seen, project_texts={"run.py": "import os\n\n\n"}).remedy)
    )


@pytest.mark.parametrize(
    ("written", "meant", "said"),
    [
        ("mkdir /tmp/a", "mkdir -p /tmp/a", "mkdir: cannot create directory '/tmp/a': File exists"),
        ("ln /tmp/b /tmp/a", "ln -fn /tmp/b /tmp/a", "ln: failed to create hard link '/tmp/a': File exists"),
    ],
)
def test_an_entry_script_makes_what_is_not_there_yet(
    tmp_path: Path, written: str, meant: str, said: str
) -> None:
    """In its own line."""
    script = f'#!/bin/sh\nset -e\n{written}\nexec "$@"\n'
    (tmp_path / "entry.sh").write_text(script)
    seen = Restarts("it ends with exit code 1", None, (said,))
    assert follow(str(prove("restart", restarts=seen, project_texts={"entry.sh": script}).remedy), tmp_path)
    assert (tmp_path / "entry.sh").read_text() == script.replace(written, meant)


@pytest.mark.parametrize(
    "said", ["FileExistsError: [Errno 17] File exists: '/tmp/run.pid'", "already running, says /tmp/run.pid"]
)
def test_what_says_that_somebody_runs_is_removed_before_anything_does(tmp_path: Path, said: str) -> None:
    """In front of the command; in an entry script that there is. Not from a volume, where somebody may run, nor what may hold data."""
    seen = Restarts("it ends with exit code 1", None, (said,))
    (tmp_path / "Dockerfile").write_text(GOOD)
    shell = files(layer(2, entry("/usr/bin/sh", mode=0o755)))
    assert not changes(str(prove("restart", restarts=seen).remedy)), "there is no shell"
    assert follow(str(prove("restart", restarts=seen, files=shell).remedy), tmp_path)
    assert (tmp_path / "Dockerfile").read_text() == GOOD.replace(CMD, f"{STALE}\n{CMD}")
    shared = GOOD.replace("USER app", "VOLUME /tmp\nUSER app")
    assert not changes(str(prove("restart", shared, restarts=seen, files=shell).remedy))
    data = Restarts("it ends with exit code 1", None, (said.replace(".pid", ".json"),))
    assert not changes(str(prove("restart", restarts=data, files=shell).remedy))
    facts: dict[str, Any] = {
        "image": image(entrypoint=("./entry.sh",)),
        "project_texts": {"entry.sh": '#!/bin/sh\nexec "$@"\n'},
    }
    assert "Add `rm -f /tmp/run.pid` after entry.sh:1." in str(
        prove("restart", restarts=seen, **facts).remedy
    )


def many() -> Shares:
    """Say that there are as many processes as the machine has processors."""
    by_quota = container(processes=tuple(process(number) for number in range(1, 18)))
    return Shares(by_quota, container(), 512_000_000, 2)


@pytest.mark.parametrize(
    ("program", "meant"),
    [
        (
            "import multiprocessing\n\nworkers = 2 * multiprocessing.cpu_count() + 1\n",
            'import os\n\nworkers = int(os.environ.get("WEB_CONCURRENCY", "2"))\n',
        ),
        (
            "import os\n\nworkers = len(os.sched_getaffinity(0))\n",
            'import os\n\nworkers = int(os.environ.get("WEB_CONCURRENCY", "2"))\n',
        ),
        (
            "import multiprocessing as m\nimport os\n\npool = m.Pool(os.cpu_count() + spare)\n",
            'import multiprocessing as m\nimport os\n\npool = m.Pool(int(os.environ.get("WEB_CONCURRENCY", "2")) + spare)\n',
        ),
    ],
)
def test_the_line_that_counts_processors_is_given_a_number(tmp_path: Path, program: str, meant: str) -> None:
    """Two where nobody says; of two lines that count none is chosen."""
    (tmp_path / "conf.py").write_text(program)
    own = layer(15, entry("/app/conf.py", uid=1000), texts={"/app/conf.py": program})
    facts: dict[str, Any] = {"shares": many(), "files": files(own), "project_texts": {"conf.py": program}}
    assert follow(str(prove("resource-limits", **facts).remedy), tmp_path)
    assert (tmp_path / "conf.py").read_text() == meant
    facts["project_texts"] = {"conf.py": program, "old.py": program}
    assert not changes(str(prove("resource-limits", **facts).remedy))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('CMD ["sh", "-c", "exec gunicorn -w $(nproc) app:app"]', 'CMD ["sh", "-c", "exec gunicorn -w ${WEB_CONCURRENCY:-2} app:app"]'),
        ('CMD ["celery", "-A", "app", "worker"]', 'CMD ["celery", "-A", "app", "worker", "--concurrency=2"]'),
    ],
)  # fmt: skip
def test_a_command_is_given_a_number(tmp_path: Path, written: str, meant: str) -> None:
    """Where a shell counts in it, and where Celery does by itself."""
    (tmp_path / "Dockerfile").write_text(GOOD.replace(CMD, written))
    assert follow(str(prove("resource-limits", GOOD.replace(CMD, written), shares=many()).remedy), tmp_path)
    assert (tmp_path / "Dockerfile").read_text() == GOOD.replace(CMD, meant)
