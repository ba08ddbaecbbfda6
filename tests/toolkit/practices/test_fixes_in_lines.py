"""Fixes that name lines: followed by their letter they make the Dockerfile that was meant, and ask for nothing twice."""

# ruff: noqa: ANN401 - changes to facts can be of any type

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import EditOutcome, EditsFacts, GateFacts, InstallStep, Listener, Stopped
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import CONTAINER, GATE, GOOD, LISTENER, entry, files, image, layer, process, prove

RUN = "RUN python -m pytest && touch /passed"
ESCAPED = tuple(replace(each, stops=False) for each in GATE.planted)
SILENT = tuple(replace(each, stops=False, said=None, line=None) for each in GATE.planted)
LOST = GateFacts(ESCAPED, test_lines=(10,))
NOWHERE = replace(GATE, planted=SILENT, test_lines=(), unneeded_test_lines=(10,))


def edited(line: int, *sources: str) -> EditsFacts:
    """Say that an edit to the code made a step run again."""
    step = InstallStep(line, "RUN …", "base", sources)
    return EditsFacts((step,), EditOutcome("app/views.py", {line: "ran"}, other_steps_ran=(line,)))


def followed(tmp_path: Path, practice: str, text: str, **facts: Any) -> str:
    """Prove a practice broken, follow its fix, and return the Dockerfile that comes of it."""
    fix = prove(practice, text, **facts).remedy or ""
    (tmp_path / "Dockerfile").write_text(text)
    assert follow(fix, tmp_path), f"is prose: {fix}"
    return (tmp_path / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"{RUN.partition(' &&')[0]} || true", "RUN python -m pytest"),
        ("RUN python -m pytest; touch /passed", RUN),
        ("RUN python -m pytest | tee /tmp/report", "RUN python -m pytest"),
        ("RUN set +e; cd /t; pytest; exit 0", "RUN cd /t && pytest"),
        ("RUN if pytest; then echo good; else echo bad; fi", "RUN pytest"),
        ("RUN --mount=type=cache,target=/c pytest & sleep 2", "RUN --mount=type=cache,target=/c pytest"),
        ('RUN if [ "$TESTS" = 1 ]; then pytest; fi', "RUN pytest"),
    ],
)
def test_a_step_keeps_the_exit_code_of_its_tests(tmp_path: Path, written: str, meant: str) -> None:
    """What it does besides stays; what loses or tells of the failure goes."""
    text = GOOD.replace(RUN, written)
    assert followed(tmp_path, "test-gate", text, gate=LOST) == GOOD.replace(RUN, meant)


@pytest.mark.parametrize(
    "written",
    [
        "RUN pytest; echo ok > /passed",
        "RUN for each in a b; do pytest $each; done",
        "RUN WHERE=tests; pytest $WHERE || true",
        "RUN pytest || ./tell_somebody",
        "RUN pytest | grep passed",
    ],
)
def test_a_step_that_is_more_than_commands_in_a_row_is_left_to_words(written: str) -> None:
    """What it does besides would be lost."""
    assert not changes(prove("test-gate", GOOD.replace(RUN, written), gate=LOST).remedy or "")


def test_what_the_step_has_already_is_not_asked_for() -> None:
    """A script that forgives is another file: the fix says so in words."""
    fix = prove("test-gate", GOOD.replace(RUN, "RUN ./run_tests.sh"), gate=LOST).remedy or ""
    assert not changes(fix)
    assert "set -e in a script" in fix


def test_the_release_comes_to_need_the_stage_that_tests(tmp_path: Path) -> None:
    """By a file that is there once the tests have passed, in a place that any user of the stage may write to."""
    text = GOOD.replace("COPY --from=test /passed /tmp/passed\n", "").replace(RUN, "RUN python -m pytest")
    made = followed(tmp_path, "test-gate", text, gate=NOWHERE)
    assert made == GOOD.replace("COPY --from=test /passed /tmp/passed\n", "").replace(
        "AS release\n", "AS release\nCOPY --from=test /tmp/passed /tmp/passed\n"
    ).replace(RUN, "RUN python -m pytest && touch /tmp/passed")


def test_a_runner_that_is_given_one_file_gets_them_all(tmp_path: Path) -> None:
    """Without the arguments that choose."""
    gate = replace(GATE, planted=(GATE.planted[0], SILENT[1]))
    text = GOOD.replace(RUN, "RUN python -m pytest tests/test_a.py -q")
    assert "\nRUN python -m pytest\n" in followed(tmp_path, "test-gate", text, gate=gate)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "COPY . .\nRUN pip install -r requirements.txt\n",
            "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        (
            "COPY app/ app/\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
            "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY app/ app/\n",
        ),
        (
            "COPY run.py requirements.txt ./\nRUN pip install -r requirements.txt\n",
            "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY run.py requirements.txt ./\n",
        ),
    ],
)
def test_the_code_comes_after_what_it_needs(tmp_path: Path, written: str, meant: str) -> None:
    """The list is copied first; every COPY of code comes behind the step, as it was."""
    head, tail = "FROM python:3.11-slim\nWORKDIR /app\n", 'CMD ["python", "run.py"]\n'
    line = 2 + written.count("\n")
    made = followed(
        tmp_path, "requirements-first", head + written + tail, edits=edited(line, "requirements.txt")
    )
    assert made == head + meant + tail


def test_a_nested_list_of_requirements_keeps_its_folder(tmp_path: Path) -> None:
    """The step that installs looks for it there."""
    text = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements/base.txt\nCMD ["python", "run.py"]\n'
    made = followed(tmp_path, "requirements-first", text, edits=edited(4, "requirements/base.txt"))
    assert "COPY requirements/base.txt ./requirements/\nRUN pip" in made


def test_uv_installs_without_the_project_first(tmp_path: Path) -> None:
    """And once more behind the code."""
    text = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN uv sync --no-dev\nCMD ["python", "run.py"]\n'
    made = followed(tmp_path, "requirements-first", text, edits=edited(4, "pyproject.toml", "uv.lock"))
    assert made.splitlines()[2:6] == [
        "COPY pyproject.toml uv.lock ./",
        "RUN uv sync --no-install-project --no-dev",
        "COPY . .",
        "RUN uv sync --no-dev",
    ]


def test_no_workdir_is_one_before_what_is_copied(tmp_path: Path) -> None:
    """Relative destinations then lie in it, and it is the user's."""
    text = GOOD.replace("WORKDIR /app\n", "").replace(" && chown app:app /app", "")
    facts = {"image": image(workdir="/"), "files": files(own=(layer(3, entry("/requirements.txt")),))}
    at_root = {"container": replace(CONTAINER, processes=(process(cwd="/"),))}
    made = followed(tmp_path, "workdir", text, **facts, **at_root)
    assert "WORKDIR /app\nCOPY --chown=app:app app/ app/\n" in made
    assert "RUN mkdir -p /app && chown app:app /app\nUSER app\n" in made
    elsewhere = {"container": replace(CONTAINER, processes=(process(cwd="/my app"),))}
    made = followed(tmp_path, "workdir", text, **facts, **elsewhere)
    assert "WORKDIR /my app\n" in made
    assert "RUN mkdir -p '/my app' && chown app:app '/my app'\nUSER app\n" in made


def test_root_is_left_where_nothing_comes_after_it(tmp_path: Path) -> None:
    """In the place of USER root, or behind the last step that needs it."""
    root = {"image": image(user="root"), "container": replace(CONTAINER, processes=(process(uids=(0,) * 4),))}
    made = layer(
        12, entry("/etc/passwd"), texts={"/etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"}
    )
    base = replace(files().layers[0], texts={"/etc/passwd": "root:x:0:0::/:/bin/sh\n"})
    facts = {**root, "files": files(made, base=base)}
    assert followed(tmp_path, "non-root-user", GOOD.replace("USER app", "USER root"), **facts) == GOOD
    again = GOOD.replace("EXPOSE", "USER root\nRUN mkdir /data\nEXPOSE")
    assert followed(tmp_path, "non-root-user", again, **facts) == again.replace(
        "/data\n", "/data\nUSER app\n"
    )


def test_a_port_that_nobody_serves_is_left_out(tmp_path: Path) -> None:
    """The line says what is served, and no more."""
    text = GOOD.replace("EXPOSE 5000", "EXPOSE 80 5000")
    assert followed(tmp_path, "expose", text, image=image(exposed=("80/tcp", "5000/tcp"))) == GOOD


def test_a_service_without_a_port_gets_its_own(tmp_path: Path) -> None:
    """In front of the command."""
    text = GOOD.replace("EXPOSE 5000\n", "")
    assert followed(tmp_path, "expose", text, image=image(exposed=())) == GOOD


def test_a_server_on_loopback_listens_for_all(tmp_path: Path) -> None:
    """Where its command names the address."""
    text = GOOD.replace('"run.py"', '"run.py", "--bind", "127.0.0.1:5000"')
    inside = replace(CONTAINER, listeners=(Listener("tcp", "127.0.0.1", 5000, (1,)),), answers=())
    assert followed(tmp_path, "expose", text, container=inside) == text.replace("127.0.0.1", "0.0.0.0")  # noqa: S104


def test_a_program_on_loopback_is_named_by_its_line(tmp_path: Path) -> None:
    """Where one line of it names the address; where two do, none is guessed."""
    program = "import app\n\napp.run(host='::1', port=5000)\n"
    own = layer(15, entry("/app/run.py", uid=1000), texts={"/app/run.py": program})
    inside = replace(CONTAINER, listeners=(Listener("tcp", "::1", 5000, (1,)),), answers=())
    (tmp_path / "run.py").write_text(program)
    texts = {"project_texts": {"run.py": program}}
    followed(tmp_path, "expose", GOOD, container=inside, files=files(own), **texts)
    assert (tmp_path / "run.py").read_text() == program.replace("::1", "0.0.0.0")  # noqa: S104
    two = replace(own, texts={"/app/run.py": program * 2})
    assert not changes(
        prove("expose", container=inside, files=files(two), project_texts={"run.py": program * 2}).remedy
        or ""
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            'DATABASE = "localhost:5432"\nbind = "localhost:5000"\n',
            'DATABASE = "localhost:5432"\nbind = "0.0.0.0:5000"\n',
        ),
        ("bind = f'127.0.0.1:{PORT}'\n", "bind = f'0.0.0.0:{PORT}'\n"),
        ('bind = "localhost:" + PORT\n', 'bind = "0.0.0.0:" + PORT\n'),
    ],
)
def test_an_address_with_its_port_is_named_by_its_line(tmp_path: Path, text: str, meant: str) -> None:
    """As gunicorn's settings have it; the address of another service stays."""
    own = layer(15, entry("/app/gunicorn.conf.py", uid=1000), texts={"/app/gunicorn.conf.py": text})
    inside = replace(CONTAINER, listeners=(Listener("tcp", "127.0.0.1", 5000, (1,)),), answers=())
    (tmp_path / "gunicorn.conf.py").write_text(text)
    texts = {"project_texts": {"gunicorn.conf.py": text}}
    followed(tmp_path, "expose", GOOD, container=inside, files=files(own), **texts)
    assert (tmp_path / "gunicorn.conf.py").read_text() == meant


def test_an_environment_of_the_tests_is_taken_from_the_stage_below(tmp_path: Path) -> None:
    """Which has no test runner in it."""
    text = GOOD.replace("COPY --from=test /passed", "COPY --from=test /venv /venv\nCOPY --from=test /passed")
    own = layer(14, entry("/venv/pyvenv.cfg"), entry("/venv/lib/python3.11/site-packages/pytest/__init__.py"))
    made = followed(tmp_path, "multistage", text, files=files(own))
    assert made == text.replace("--from=test /venv", "--from=base /venv")


def test_a_tool_that_is_installed_by_name_is_not(tmp_path: Path) -> None:
    """The whole step goes, where it does nothing else."""
    text = GOOD.replace("USER app", "RUN pip install poetry\nUSER app")
    own = layer(16, entry("/usr/local/lib/python3.11/site-packages/poetry/__init__.py"))
    assert followed(tmp_path, "multistage", text, files=files(own)) == GOOD


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FROM python:3.11 AS base", "FROM python:3.11-slim AS base"),
        ("FROM --platform=linux/amd64 python AS base", "FROM --platform=linux/amd64 python:slim AS base"),
        ("ARG V=3.11\nFROM python:${V} AS base", "ARG V=3.11\nFROM python:${V}-slim AS base"),
    ],
)
def test_the_base_is_the_slim_variant_of_the_same(tmp_path: Path, written: str, meant: str) -> None:
    """With its name, its platform and its variable."""
    text = GOOD.replace("FROM python:3.11-slim AS base", written)
    assert followed(tmp_path, "slim-base", text) == GOOD.replace("FROM python:3.11-slim AS base", meant)


def test_package_lists_go_in_the_step_that_fetched_them(tmp_path: Path) -> None:
    """Also of a step of several lines."""
    text = GOOD.replace("USER app", "RUN apt-get update && \\\n    apt-get install -y tini\nUSER app")
    own = layer(16, entry("/var/lib/apt/lists/deb.debian.org_InRelease"))
    made = followed(tmp_path, "slim-base", text, files=files(own))
    assert "RUN apt-get update && apt-get install -y tini && rm -rf /var/lib/apt/lists/*\nUSER app\n" in made
    text = GOOD.replace("USER app", "RUN apt-get update; apt-get install -y tini;\nUSER app")
    made = followed(tmp_path, "slim-base", text, files=files(own))
    assert "RUN apt-get update; apt-get install -y tini && rm -rf /var/lib/apt/lists/*\nUSER app\n" in made
    text = GOOD.replace("USER app", "RUN apt-get update # for later\nUSER app")
    assert not changes(prove("slim-base", text, files=files(own)).remedy or "")


def test_a_command_that_is_missing_names_what_is_there(tmp_path: Path) -> None:
    """The one script or package that can be started; where there are two, none is made up."""
    text = GOOD.replace('CMD ["python", "run.py"]\n', "")
    dead = {"image": image(command=("python3",)), "container": replace(CONTAINER, exit_code=0, ready=False)}
    assert followed(tmp_path, "default-command", text, **dead) == GOOD
    two = files(layer(15, entry("/app/main.py")))
    assert "run.py" not in str(prove("default-command", text, files=two, **dead).remedy)


def test_a_module_by_nearly_its_name_is_named(tmp_path: Path) -> None:
    """As the image has it."""
    text = GOOD.replace('"run.py"', '"-m", "appp"')
    own = layer(15, entry("/app/app/__main__.py"))
    log = ("/usr/local/bin/python: No module named appp",)
    dead = replace(CONTAINER, exit_code=1, ready=False, log=log, processes=(), listeners=())
    facts = {"image": image(command=("python", "-m", "appp")), "container": dead, "files": files(own)}
    assert '"-m", "app"]' in followed(tmp_path, "default-command", text, **facts)


def test_a_copy_of_everything_becomes_one_by_name(tmp_path: Path) -> None:
    """Folders and files that are needed, with the flags of the step; what lies among them is left to words."""
    text = GOOD.replace("COPY --chown=app:app app/ app/", "COPY --chown=app:app . .")
    held = ("/app/app/views.py", "/app/run.py", "/app/tests/test_a.py", "/app/.git/HEAD")
    own = layer(15, *(entry(path, uid=1000, sha256=path) for path in held))
    tests = {"/app/tests/test_a.py": "tests/test_a.py"}
    made = followed(tmp_path, "necessary-files", text, files=files(own=(own,)), tests=tests)
    named = "COPY --chown=app:app run.py ./\nCOPY --chown=app:app app/ app/"
    assert made == text.replace("COPY --chown=app:app . .", named)
    among = layer(15, *own.entries, entry("/app/app/tests/test_b.py", sha256="b"))
    tests |= {"b": "app/tests/test_b.py"}
    assert not changes(prove("necessary-files", text, files=files(own=(among,)), tests=tests).remedy or "")


def test_a_copy_of_nothing_that_is_needed_goes(tmp_path: Path) -> None:
    """And what else there is to do about a secret is said after that."""
    text = GOOD.replace("USER app", "COPY .env ./\nUSER app")
    env = layer(16, entry("/app/.env", uid=1000), texts={"/app/.env": "PASSWORD=v9Tq2mX7kLr4\n"})
    assert followed(tmp_path, "necessary-files", text, files=files(env)) == GOOD
    assert "replace it" in str(prove("necessary-files", text, files=files(env)).remedy)


def test_what_a_later_step_uses_is_not_taken_away(tmp_path: Path) -> None:
    """A step that only deletes it again goes along; one that uses it has it mounted; of two it is left to words."""
    env = layer(16, entry("/app/.env", uid=1000), texts={"/app/.env": "PASSWORD=v9Tq2mX7kLr4\n"})
    deleted = GOOD.replace("USER app", "COPY .env ./\nRUN rm .env\nUSER app")
    assert followed(tmp_path, "necessary-files", deleted, files=files(env)) == GOOD
    used = GOOD.replace("USER app", "COPY .env ./\nRUN ./set_up .env\nUSER app")
    mounted = "RUN --mount=type=bind,source=.env,target=/app/.env ./set_up .env"
    made = followed(tmp_path, "necessary-files", used, files=files(env))
    assert made == GOOD.replace("USER app", f"{mounted}\nUSER app")
    for deleting in ("./set_up .env && rm .env", "./set_up .env; rm .env;"):
        made = followed(
            tmp_path, "necessary-files", used.replace("./set_up .env", deleting), files=files(env)
        )
        assert made == GOOD.replace("USER app", f"{mounted}\nUSER app")
    twice = used.replace("USER app", "RUN ./check .env\nUSER app")
    assert not changes(prove("necessary-files", twice, files=files(env)).remedy or "")


@pytest.mark.parametrize(
    ("written", "meant", "cache"),
    [
        ("RUN pip install flask", "RUN pip install --no-cache-dir flask", "/root/.cache/pip/http-v2/a"),
        (
            "RUN pip install --cache-dir /c flask",
            "RUN pip install --no-cache-dir flask",
            "/root/.cache/pip/http-v2/a",
        ),
        ("RUN uv pip install flask", "RUN uv pip install --no-cache flask", "/root/.cache/uv/wheels-v1/a"),
    ],
)
def test_an_installer_keeps_nothing(tmp_path: Path, written: str, meant: str, cache: str) -> None:
    """By the option of the tool that is there."""
    text = GOOD.replace("USER app", f"{written}\nUSER app")
    made = followed(tmp_path, "necessary-files", text, files=files(layer(16, entry(cache))))
    assert made == GOOD.replace("USER app", f"{meant}\nUSER app")


def test_a_variable_that_holds_a_secret_goes_alone(tmp_path: Path) -> None:
    """The others of its line stay."""
    secret = "SECRET_KEY=q8Zr5vNw2xKp7Lm3Tj9Bc4Hd"
    text = GOOD.replace("USER app", f"ENV DEBUG=0 {secret}\nUSER app")
    assert followed(tmp_path, "necessary-files", text) == text.replace(f" {secret}", "")
    text = GOOD.replace("USER app", f'ARG WHERE WHAT="a b" {secret}\nUSER app')
    assert followed(tmp_path, "necessary-files", text) == text.replace(f" {secret}", "")
    alone = GOOD.replace("USER app", f"ENV {secret}\nUSER app")
    assert followed(tmp_path, "necessary-files", alone) == GOOD


def test_an_entry_script_makes_way_in_its_own_last_line(tmp_path: Path) -> None:
    """Named as the project has it, by its line."""
    script = "#!/bin/sh\nset -e\n# serve\npython run.py &\nwait\n"
    text = GOOD.replace('["python", "run.py"]', '["./start.sh"]').replace(
        "USER app", "COPY bin/start.sh ./\nUSER app"
    )
    own = layer(16, entry("/app/start.sh", uid=1000, mode=0o755), texts={"/app/start.sh": script})
    shell = process(1, "/bin/sh", "./start.sh", executable="/usr/bin/dash")
    facts = {"image": image(command=("./start.sh",)), "files": files(own)}
    seen = replace(CONTAINER, processes=(shell, process(7)), listeners=(replace(LISTENER, pids=(7,)),))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "start.sh").write_text(script)
    followed(tmp_path, "default-command", text, container=seen, **facts)
    assert (tmp_path / "bin" / "start.sh").read_text() == script.replace(
        "python run.py &", "exec python run.py"
    )


def test_an_entry_script_that_ends_becomes_the_command(tmp_path: Path) -> None:
    """It never looked at it."""
    script = "#!/bin/sh\necho preparing\n"
    text = GOOD.replace("USER app", "COPY start.sh ./\nUSER app").replace(
        "CMD", 'ENTRYPOINT ["/app/start.sh"]\nCMD'
    )
    own = layer(16, entry("/app/start.sh", uid=1000, mode=0o755), texts={"/app/start.sh": script})
    ended = replace(CONTAINER, exit_code=0, ready=False, processes=(), listeners=(), log=("preparing",))
    (tmp_path / "start.sh").write_text(script)
    followed(
        tmp_path,
        "default-command",
        text,
        container=ended,
        files=files(own),
        image=image(entrypoint=("/app/start.sh",)),
    )
    assert (tmp_path / "start.sh").read_text() == script + 'exec "$@"\n'


def test_a_deaf_program_of_python_s_gets_the_signal_that_python_handles(tmp_path: Path) -> None:
    """In front of the command; another program is told to handle SIGTERM."""
    deaf = process(caught=0)
    stopped = Stopped("SIGTERM", 10.0, 137, killed=True)
    seen = replace(CONTAINER, processes=(replace(deaf, executable="/usr/bin/python3.11"),), stopped=stopped)
    made = followed(tmp_path, "default-command", GOOD, container=seen)
    assert made == GOOD.replace("CMD [", "STOPSIGNAL SIGINT\nCMD [")


def test_a_stage_that_prepares_tests_runs_them(tmp_path: Path) -> None:
    """Behind its last step; the release takes something from it, where it does not yet."""
    nothing = replace(NOWHERE, unneeded_test_lines=())
    assert followed(tmp_path, "test-gate", GOOD.replace(f"{RUN}\n", ""), gate=nothing) == GOOD.replace(
        RUN, RUN.partition(" &&")[0]
    )
    alone = GOOD.replace(f"{RUN}\n", "").replace("COPY --from=test /passed /tmp/passed\n", "")
    made = followed(tmp_path, "test-gate", alone, gate=nothing)
    assert "COPY . .\nRUN python -m pytest && touch /tmp/passed\n" in made
    assert "AS release\nCOPY --from=test /tmp/passed /tmp/passed\n" in made


def test_a_fix_stays_one_that_can_be_read() -> None:
    """A dozen sentences, and how many more there are."""
    text = GOOD.replace(
        "USER app",
        "".join(f"ENV SECRET_KEY_{n}=q8Zr5vNw2xKp7Lm3Tj9Bc4Hd{n}\n" for n in range(40)) + "USER app",
    )
    fix = prove("necessary-files", text).remedy or ""
    assert "And 28 more like it" in fix
    assert len(fix) < 4_000


@pytest.mark.parametrize(
    "fix",
    [
        "Let the runner run the tests' whole folders and count every failure.",
        "Write what Dockerfile:4 names into requirements.txt, COPY it, and install with pip install -r requirements.txt.",
        "Copy by name what the application needs instead of the whole context.",
    ],
)
def test_prose_is_not_followed(fix: str, tmp_path: Path) -> None:
    """It says what to do, not which line to write."""
    (tmp_path / "Dockerfile").write_text(GOOD)
    assert follow(fix, tmp_path) == 0
    assert (tmp_path / "Dockerfile").read_text() == GOOD


def test_lines_keep_their_numbers_while_they_are_changed(tmp_path: Path) -> None:
    """As a person does who reads them off the file as it is; several that are added stay in order."""
    (tmp_path / "Dockerfile").write_text("FROM a\nRUN b && \\\n    c\nUSER d\n")
    fix = "Add `ENV X=1` after Dockerfile:1. Add `ENV Y=2` after Dockerfile:1. Remove Dockerfile:2. Write `USER e` in the place of Dockerfile:4."
    assert follow(fix, tmp_path) == 4
    assert (tmp_path / "Dockerfile").read_text() == "FROM a\nENV X=1\nENV Y=2\nUSER e\n"


def test_an_ignore_file_gets_its_lines(tmp_path: Path) -> None:
    """One that is not there is made; the sentences around are left alone."""
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    assert follow("Add `**/.git`, `**/.env*` to .dockerignore. See `hullproof explain x`.", tmp_path) == 1
    assert (tmp_path / ".dockerignore").read_text() == "**/.git\n**/.env*\n"


def test_the_sentences_of_the_page_are_those_that_are_followed() -> None:
    """Each of docs/reference/fixes.md, and behind another as well; within a sentence it is none."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "fixes.md").read_text()
    rows = [
        row.split("|")[1].strip(" `") for row in page.splitlines() if "FILE" in row and row.startswith("|")
    ]
    assert len(rows) == 4
    for row in rows:
        sentence = f"{row.removesuffix('.')}.".replace("FILE:LINE", "Dockerfile:1").replace(
            "FILE", ".dockerignore"
        )
        assert len(changes(sentence)) == 1, sentence
        assert len(changes(f"Let it be. {sentence} Or not.")) == 1, sentence
        assert not changes(f"Rather than that, {sentence}"), sentence
