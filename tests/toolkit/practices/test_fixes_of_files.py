"""Fixes that name lines beside those of the Dockerfile's own steps: of an ignore file, a program, an entry script; and rights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hullproof.facts import Stopped
from hullproof.practices.library.ignoring import to_let_through
from hullproof.practices.library.lines import append, insert, remove_from, rewrite
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import CANARIES, CONTAINER, GOOD, container, entry, files, image, layer, process, prove

PROGRAM = "import signal\nimport sys\n\nsignal.signal(signal.SIGTERM, lambda *_: print(1))\nserve()\n"


@pytest.mark.parametrize(
    ("text", "path", "fix"),
    [
        ("**/.git\ntests\n", "tests", "Remove .dockerignore:2."),
        ("**/tests/\n**/.env\n", "tests", "Remove .dockerignore:1."),
        ("*.txt\n**/.env\n", "requirements.txt", "Add `!requirements.txt` after .dockerignore:1."),
        ("*\n!app\n", "tests", "Add `!tests` after .dockerignore:1."),
        ("docs\n*.txt\n", "app/requirements.txt", None),
        ("# tests\n!tests\n", "tests", None),
    ],
)
def test_an_ignore_file_lets_a_path_through(text: str, path: str, fix: str | None) -> None:
    """What names it alone goes; behind a pattern comes an exception, so that what later lines withhold stays withheld."""
    assert to_let_through(".dockerignore", text, path) == fix


@pytest.mark.parametrize("path", ["a b.py", "a`b.py", "a:1. Remove Dockerfile.py"])
def test_a_file_whose_name_would_be_read_otherwise_is_left_to_words(path: str) -> None:
    """A sentence with it would name no line, or another."""
    assert rewrite(path, 1, "x") is None
    assert insert(path, "after", 1, "x") is None
    assert remove_from(path, 1) is None
    assert append(path, "x") is None


def test_a_last_command_that_cannot_be_shown_is_left_to_words() -> None:
    """One with backticks ends a quotation early."""
    script = '#!/bin/sh\npython "`pwd`/run.py"\n'
    own = layer(15, entry("/app/start.sh", uid=1000, mode=0o755), texts={"/app/start.sh": script})
    text = GOOD.replace("app/ app/\n", "app/ app/\nCOPY start.sh ./\n").replace(
        '["python", "run.py"]', '["./start.sh"]'
    )
    shell, below = process(1, "/bin/sh", "./start.sh"), process(7, "python", "/app/run.py", ppid=1)
    facts = {"container": container(processes=(shell, below)), "image": image(command=("./start.sh",))}
    fix = str(prove("default-command", text, files=files(own), **facts).remedy)
    assert not changes(fix)
    assert "Let the last line of ./start.sh be exec" in fix


def test_an_ignore_file_that_left_out_all_leaves_out_what_must_not_get_through() -> None:
    """Once it lets something through, the rest of it is not let through along with that."""
    nothing = replace(CANARIES, sources_missing=((3, "requirements.txt"),))
    fix = str(prove("dockerignore", canaries=nothing, project_texts={".dockerignore": "*\n"}).remedy)
    assert "Add `!requirements.txt` after .dockerignore:1. Add `**/.git`, `**/.env*` to .dockerignore." in fix


@pytest.mark.parametrize(
    "stopped", [Stopped("SIGTERM", 10.0, 137, killed=True), Stopped("SIGTERM", 0.1, 1, killed=False)]
)
def test_the_one_handler_of_the_stop_signal_ends_the_program(tmp_path: Path, stopped: Stopped) -> None:
    """By its own line, as the project has it; the same text elsewhere is not taken for it."""
    own = layer(15, entry("/app/run.py", uid=1000), texts={"/app/run.py": PROGRAM})
    seen = container(stopped=stopped, log=("NameError: name 'x' is not defined",))
    facts = {"container": seen, "files": files(own), "project_texts": {"src/run.py": PROGRAM}}
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "run.py").write_text(PROGRAM)
    (tmp_path / "Dockerfile").write_text(GOOD)
    assert follow(str(prove("default-command", GOOD, **facts).remedy), tmp_path)
    assert (tmp_path / "src" / "run.py").read_text() == PROGRAM.replace("print(1)", "sys.exit(0)")
    assert (tmp_path / "Dockerfile").read_text() == GOOD
    facts["project_texts"] = {"src/run.py": PROGRAM, "old/run.py": PROGRAM}
    assert "run.py:" not in str(prove("default-command", GOOD, **facts).remedy)


@pytest.mark.parametrize(
    "command",
    [
        ("sh", "-c", "cd /tmp && exec python run.py"),
        ("env", "--chdir=/tmp", "python", "run.py"),
        ("env", "-C", "/tmp", "python", "run.py"),
    ],
)
def test_a_command_keeps_to_the_directory(command: tuple[str, ...]) -> None:
    """Whatever changed it before."""
    away = replace(CONTAINER, processes=(process(cwd="/tmp"),))
    fix = prove("workdir", container=away, image=image(command=command)).remedy
    assert 'Write `CMD ["python", "run.py"]` in the place of Dockerfile:18.' in str(fix)


@pytest.mark.parametrize("word", ["start.sh", "/usr/local/bin/start.sh"])
def test_an_entry_script_keeps_to_the_directory(word: str) -> None:
    """By its line, also where PATH leads to it and it works out where to go."""
    script, path = '#!/bin/sh\ncd "$(dirname "$0")"\nexec "$@"\n', "/usr/local/bin/start.sh"
    text = GOOD.replace("USER app", "COPY bin/start.sh /usr/local/bin/\nUSER app")
    facts = {
        "image": image(entrypoint=(word,)),
        "container": replace(CONTAINER, processes=(process(cwd="/usr/local/bin"),)),
        "files": files(layer(16, entry(path, mode=0o755), texts={path: script})),
    }
    assert "Remove bin/start.sh:2." in str(prove("workdir", text, **facts).remedy)


def test_a_program_keeps_to_the_directory() -> None:
    """Its one line goes; not where the rest makes no sense without it."""
    away = replace(CONTAINER, processes=(process(cwd="/tmp"),))
    for text, fix in (
        ("import os\nos.chdir('/tmp')\n", True),
        ("import os\nif a:\n    os.chdir('/tmp')\n", False),
        ('bind = ":8000"\nchdir = "/tmp"\n', True),
        ('import os\nchdir = "/tmp"\n', False),
    ):
        own = layer(15, entry("/app/run.py", uid=1000), texts={"/app/run.py": text})
        proof = prove("workdir", container=away, files=files(own), project_texts={"run.py": text})
        assert ("Remove run.py:2." in str(proof.remedy)) is fix


@pytest.mark.parametrize(
    ("step", "made", "meant"),
    [
        ("RUN passwd -d root", entry("/etc/shadow"), "Remove Dockerfile:16."),
        ("RUN mkdir /d && chmod 666 /etc/passwd", entry("/etc/passwd", mode=0o666), "Write `RUN mkdir /d` in the place"),
        ("RUN ./open.sh", entry("/etc/passwd", mode=0o666), "Add `RUN chown root /etc/passwd && chmod go-w /etc/passwd` before"),
        ("RUN chmod u+s /usr/local/bin/python3.11", entry("/usr/local/bin/python3.11", mode=0o4755), "Remove Dockerfile:16."),
    ],
)  # fmt: skip
def test_a_way_to_root_is_closed_where_it_was_opened(step: str, made: object, meant: str) -> None:
    """The command goes that opens it; where that is not seen, root takes it back before USER."""
    text = {
        "/etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n",
        "/etc/shadow": "root::1:0:::::\n",
    }
    own = layer(16, made, texts=text)  # type: ignore[arg-type] # an entry, which a parameter's type does not say
    proof = prove("non-root-user", GOOD.replace("USER app", f"{step}\nUSER app"), files=files(own))
    assert meant in str(proof.remedy)
