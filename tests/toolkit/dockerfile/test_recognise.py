"""Installing commands and test runs: what is one, what is none, and what they use."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import Install, ShellCommand, install_commands, parse, test_commands


def installs(command: str) -> tuple[Install, ...]:
    """Recognise the installs of one RUN."""
    return install_commands(parse(f"FROM x\nRUN {command}\n").release().instructions[0])


def commands_in(command: str) -> tuple[ShellCommand, ...]:
    """Recognise the test runs of one RUN."""
    return test_commands(parse(f"FROM x\nRUN {command}\n").release().instructions[0])


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("pip install -r requirements.txt", ["requirements.txt"]),
        ("pip3 install --no-cache-dir -qr a.txt -rb.txt --requirement=c.txt", ["a.txt", "b.txt", "c.txt"]),
        ("python3 -m pip --no-cache-dir install -U -r r.txt -c c.txt", ["r.txt"]),
        ("/venv/bin/pip install --prefix /i -r /tmp/r.txt", ["/tmp/r.txt"]),
        ("uv pip install --system -r r.txt", ["r.txt"]),
        ("uv pip sync r.txt", ["r.txt"]),
        ("pip-sync r.txt", ["r.txt"]),
        ("pip wheel -w /w -r r.txt", ["r.txt"]),
        ("conda env update -n base -f e.yml", ["e.yml"]),
        ("micromamba install -y -n base -f e.yml", ["e.yml"]),
        ("pipenv install -r r.txt", ["r.txt"]),
    ],
)
def test_requirement_files(command: str, files: list[str]) -> None:
    """However it is spelled, the file is found."""
    (install,) = installs(command)
    assert list(install.requirement_files) == files
    assert install.declares_file
    assert not install.installs_named_only


@pytest.mark.parametrize(
    ("command", "project", "no_deps"),
    [
        ("pip install .", True, False),
        ("pip install --no-deps -e '.[dev]'", True, True),
        ("pip install ./pkg", True, False),
        ("pip install 'app @ file:///src'", True, False),
        ("uv sync --frozen", True, False),
        ("uv sync --frozen --no-install-project --no-dev", False, False),
        ("poetry install --only main", True, False),
        ("poetry install --no-root --only main", False, False),
        ("pdm sync --prod --no-self", False, False),
        ("pipenv sync --system", False, False),
        ("rye sync --no-dev", True, False),
        ("pixi install --locked", True, False),
        ("python setup.py develop", True, False),
    ],
)
def test_project_itself(command: str, project: bool, no_deps: bool) -> None:  # noqa: FBT001 (a table's columns)
    """Whether the application is installed along with what it depends on."""
    (install,) = installs(command)
    assert (install.installs_project, install.no_deps, install.declares_file) == (project, no_deps, True)


@pytest.mark.parametrize(
    ("command", "packages", "tools"),
    [
        ("pip install flask 'gunicorn>=20' -i https://i/simple", ["flask", "gunicorn>=20"], False),
        ("pip install --upgrade pip setuptools==70", ["pip", "setuptools==70"], True),
        ("uv pip install git+https://h/a/b.git", ["git+https://h/a/b.git"], False),
        ("pip install 'poetry~=1.8'", ["poetry~=1.8"], True),
        ("poetry add flask", ["flask"], False),
        ("conda install -c conda-forge -y numpy", ["numpy"], False),
        ("pip install pytest pytest-cov", ["pytest", "pytest-cov"], True),
        ("pip install pytest flask", ["pytest", "flask"], False),
    ],
)
def test_named_only(command: str, packages: list[str], tools: bool) -> None:  # noqa: FBT001 (a table's column)
    """Packages named in RUN, and the harmless case of developers' tools."""
    (install,) = installs(command)
    assert (list(install.packages), install.installs_named_only, install.tools_only) == (
        packages,
        True,
        tools,
    )


def test_artifacts_and_stdin() -> None:
    """Built wheels are no project; a list on stdin is a file."""
    (wheels,) = installs("pip install --no-index --find-links=/w /w/*.whl /v/*")
    assert (wheels.artifacts, wheels.installs_project, wheels.installs_named_only) == (
        ("/w/*.whl", "/v/*"),
        False,
        False,
    )
    (named,) = installs("pip install --no-index --find-links /w app")
    assert (named.artifacts, named.installs_named_only) == (("app",), False)
    assert installs("pip install --no-index --find-links /w .")[0].installs_project
    assert installs("pip install $(cat r.txt)")[0].declares_file
    for piped in ("pip install -r /dev/stdin", "uv pip install -r -"):
        assert installs(f"uv export | {piped}")[0].declares_file
    assert installs("cat r.txt | xargs pip install")[0].declares_file


@pytest.mark.parametrize(
    "command",
    ["pip --version", "pip freeze", "echo pip install x", "uv lock", "poetry export", "apt-get install pip"],
)
def test_what_installs_nothing(command: str) -> None:
    """Neither naming an installer nor asking it something installs."""
    assert installs(command) == ()


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "py.test -q --cov app tests/unit",
        "python -m pytest -n 4 tests/a.py::test_x",
        "coverage run --source=app -m pytest tests",
        "uv run pytest -x",
        "python -m unittest discover -s tests -p '*_t.py'",
        "python -m unittest",
        "tox -e py311 -- -x",
        "nox -s tests",
        "python manage.py test shop --parallel 4",
        "./manage.py test",
        "flask test",
        "pdm test",
        "runuser -u app -- python -m unittest discover -s test",
        "python -m xmlrunner discover -s test",
        "unittest-parallel -s test",
        "python -m tests.run",
        "python tests/run_all.py",
        "django-admin test",
        "python -W error manage.py test",
        "python -m django test --settings=shop.settings",
        "pipenv run test",
        "behave features",
        "python -m nose2 -v",
        "trial app",
        "stestr run",
        "ward",
        "hatch test",
        "hatch run test:unit",
        "make -C src test",
        "make check",
        "./scripts/run_tests.sh",
        "python setup.py test",
        "python -m tests",
        "python tests/test_app.py",
        "python -c 'import sys, pytest; sys.exit(pytest.main())'",
        "python -m doctest a.py",
    ],
)
def test_test_runs(command: str) -> None:
    """Each runner is known."""
    assert len(commands_in(command)) == 1


@pytest.mark.parametrize(
    "command",
    [
        "pip install pytest",
        "pytest --collect-only",
        "pytest --co tests",
        "python -m pytest --version",
        "tox -l",
        "tox --notest",
        "tox -e lint,docs",
        "nox --list",
        "nox -s lint",
        "make build",
        "make -n test",
        "test -f tests/x",
        "echo pytest",
        "python -m build",
        "pdm export --group dev -o requirements-test.txt",
        "cp -r tests/unit /x",
        "coverage report",
        "python manage.py migrate",
    ],
)
def test_no_test_runs(command: str) -> None:
    """Lists, versions, linters and lookalikes run no tests."""
    assert commands_in(command) == ()


def test_onbuild_and_cmd_run_nothing() -> None:
    """Tests as CMD or ONBUILD are not run by this build."""
    read = parse("FROM x\nONBUILD RUN pytest\nCMD pytest\n")
    assert [test_commands(instruction) for instruction in read.instructions] == [(), ()]
