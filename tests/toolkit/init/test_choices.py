"""Python's version, the server and the port: what the project says, what is taken otherwise, and what is refused."""

from __future__ import annotations

import pytest

from hullproof.errors import UsageError

from .conftest import FLASK, See, said

APP = {"app.py": FLASK, "requirements.txt": "flask\ngunicorn\n"}
PROJECT = "[project]\nname = 'x'\ndependencies = ['flask', 'gunicorn']\nrequires-python = '{}'\n"


@pytest.mark.parametrize(
    ("files", "version", "others", "told"),
    [
        ({".python-version": "3.12.4\n"}, "3.12", ("3.12",), "Python 3.12, in .python-version"),
        ({".python-version": "cpython-3.11"}, "3.11", ("3.11",), "Python 3.11, in .python-version"),
        ({".python-version": "# why\n3.11\n"}, "3.11", ("3.11",), "Python 3.11, in .python-version"),
        ({"runtime.txt": "python-3.12.1"}, "3.12", ("3.12",), "Python 3.12, in runtime.txt"),
        ({".venv/pyvenv.cfg": "home = /x\nversion_info = 3.12.1\n"}, "3.12", ("3.12",), "Python 3.12, in .venv/pyvenv.cfg"),
        ({"Dockerfile": "FROM python:3.11-slim\n"}, "3.11", ("3.11",), "Python 3.11, in Dockerfile"),
        ({"Dockerfile": "ARG PYTHON_VERSION=3.12\n"}, "3.12", ("3.12",), "Python 3.12, in Dockerfile"),
        ({".python-version": "3.6\n"}, "3.13", ("3.13",), "Python 3.13, since nothing says which (--python)"),
        ({}, "3.13", ("3.13",), "Python 3.13, since nothing says which (--python)"),
        (
            {"pyproject.toml": PROJECT.format(">=3.11,<3.13")},
            "3.11",
            ("3.11", "3.12"),
            "Python 3.11, the lowest that pyproject.toml [project] allows (--python)",
        ),
        (
            {"pyproject.toml": PROJECT.format(">=3.10,<3.15")},
            "3.10",
            ("3.10", "3.11", "3.12", "3.13", "3.14"),
            "Python 3.10, the lowest that pyproject.toml [project] allows (--python)",
        ),
        (
            {"pyproject.toml": PROJECT.format(">=3.11")},
            "3.11",
            ("3.11",),
            "Python 3.11, the lowest that pyproject.toml [project] allows (--python)",
        ),
        ({"pyproject.toml": PROJECT.format("==3.11.*")}, "3.11", ("3.11",), "Python 3.11, in pyproject.toml [project]"),
        (
            {"pyproject.toml": PROJECT.format(">=3.12"), ".python-version": "3.11"},
            "3.12",
            ("3.12",),
            "Python 3.12, the lowest that pyproject.toml [project] allows (--python)",
        ),
    ],
)  # fmt: skip
def test_the_version_of_python_is_what_the_project_says(
    see: See, files: dict[str, str], version: str, others: tuple[str, ...], told: str
) -> None:
    """A pin, the environment beside it, a range; the workflow tries up to the last that a range names."""
    found = see({**APP, **files})
    assert (found.python.version, found.python.others) == (version, others)
    assert told in [*said(found, "found"), *said(found, "assumed")]


@pytest.mark.parametrize(
    ("written", "version"), [("^3.11", "3.11"), ("~3.11", "3.11"), (">=3.9,<3.12", "3.10")]
)
def test_poetry_has_its_own_way_to_write_a_range(see: See, written: str, version: str) -> None:
    """A caret allows what does not change the first number, a tilde not the second."""
    poetry = f"[tool.poetry.dependencies]\npython = '{written}'\n"
    assert see({**APP, "pyproject.toml": poetry}).python.version == version


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("three", "--python three: is not a version of Python; give one such as --python 3.13"),
        ("3.6", "--python 3.6: its pip is too old for these images; give 3.9 or newer"),
        ("3.11", "--python 3.11: pyproject.toml [project] says >=3.12; give one that fits"),
    ],
)
def test_a_version_that_cannot_be_is_refused(see: See, asked: str, told: str) -> None:
    """One line says why."""
    with pytest.raises(UsageError) as raised:
        see({**APP, "pyproject.toml": PROJECT.format(">=3.12")}, python=asked)
    assert str(raised.value) == told


FACTORY = "def create_app():\n    app = Flask('x')\n    return app\n"


@pytest.mark.parametrize(
    ("requirements", "code", "command", "stop_signal"),
    [
        (
            "flask gunicorn",
            FLASK,
            "gunicorn --bind=0.0.0.0:5000 --threads=4 --worker-tmp-dir=/dev/shm --access-logfile=- app:app",
            None,
        ),
        (
            "flask gunicorn",
            FACTORY,
            "gunicorn --bind=0.0.0.0:5000 --threads=4 --worker-tmp-dir=/dev/shm --access-logfile=- app:create_app()",
            None,
        ),
        ("flask waitress", FLASK, "waitress-serve --host=0.0.0.0 --port=5000 app:app", "SIGINT"),
        (
            "flask waitress",
            FACTORY,
            "waitress-serve --host=0.0.0.0 --port=5000 --call app:create_app",
            "SIGINT",
        ),
        (
            "flask granian",
            FLASK,
            "granian --interface=wsgi --host=0.0.0.0 --port=5000 --access-log app:app",
            None,
        ),
        (
            "flask uwsgi",
            FLASK,
            "uwsgi --master --die-on-term --need-app --http-socket=0.0.0.0:5000 --module=app:app",
            None,
        ),
        ("flask", FLASK, "flask --app=app:app run --host=0.0.0.0 --port=5000", "SIGINT"),
        ("flask uvicorn", FLASK, "flask --app=app:app run --host=0.0.0.0 --port=5000", "SIGINT"),
        ("fastapi uvicorn gunicorn", "app = FastAPI()\n", "uvicorn --host=0.0.0.0 --port=8000 app:app", None),
        ("fastapi[standard]", "app = FastAPI()\n", "fastapi run --port=8000 --app=app app.py", None),
        (
            "fastapi[standard] uvicorn",
            "app = FastAPI()\n",
            "uvicorn --host=0.0.0.0 --port=8000 app:app",
            None,
        ),
        (
            "fastapi[standard]",
            "def make():\n    return FastAPI()\n",
            "uvicorn --host=0.0.0.0 --port=8000 --factory app:make",
            None,
        ),
        (
            "starlette hypercorn",
            "app = Starlette()\n",
            "hypercorn --bind=0.0.0.0:8000 --access-logfile=- app:app",
            None,
        ),
        ("starlette daphne", "app = Starlette()\n", "daphne --bind=0.0.0.0 --port=8000 app:app", None),
        (
            "quart",
            "app = Quart('x')\n",
            "hypercorn --bind=0.0.0.0:8000 --access-logfile=- app:app",
            None,
        ),
    ],
)
def test_the_server_is_one_that_the_project_depends_on(
    see: See, requirements: str, code: str, command: str, stop_signal: str | None
) -> None:
    """One that speaks what the application speaks; what is deaf to SIGTERM as PID 1 is stopped by another signal."""
    found = see({"app.py": code, "requirements.txt": requirements.replace(" ", "\n")}).server
    assert (" ".join(found.command), found.stop_signal) == (command, stop_signal)


def test_a_server_for_development_is_told_of(see: See) -> None:
    """With what would be better."""
    found = see({"app.py": FLASK, "requirements.txt": "flask\n"})
    assert "Flask's own server, which is for development: depend on gunicorn, then init --force" in said(
        found, "assumed"
    )


def test_an_application_without_a_server_is_one_line(see: See) -> None:
    """FastAPI brings none, unless its extra does."""
    with pytest.raises(UsageError) as raised:
        see({"app.py": "app = FastAPI()\n", "requirements.txt": "fastapi\n"})
    assert str(raised.value) == (
        "app = FastAPI() in app.py:1 needs a server; add uvicorn to the dependencies, then init again"
    )


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("app.run(port=8080)\n", 8080),
        ("uvicorn.run('app:app', host='0.0.0.0', port=int(os.environ.get('PORT', 8081)))\n", 8081),
        ("serve(app, port=int(os.getenv('PORT') or 8082))\n", 8082),
        ("PORT = 8083\nHTTPServer(('', PORT), x)\n", 8083),
        ("D = {'PORT': '5432'}\ncherrypy.config.update({'server.socket_port': 8079})\n", 8079),
        ("db = connect(host='db', port=5432)\n", 5000),
        ("app.run(port=0)\n", 5000),
        ("app.run(port=70000)\n", 5000),
        ("app.run(port=True, debug=True)\n", 5000),
    ],
)
def test_the_port_is_the_one_that_the_code_serves_on(see: See, text: str, port: int) -> None:
    """Not one that it connects to, and not one that is none."""
    assert see({**APP, "app.py": FLASK + text}).server.port == port


def test_the_port_of_gunicorn_is_in_its_own_file(see: See) -> None:
    """Or in the Dockerfile that is there already."""
    assert see({**APP, "Dockerfile": "EXPOSE 8085\n"}).server.port == 8085
    assert see({**APP, "gunicorn.conf.py": "workers = 2\nbind = '0.0.0.0:8084'\n"}).server.port == 8084


@pytest.mark.parametrize("asked", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(see: See, asked: int) -> None:
    """One line says what would be right."""
    with pytest.raises(UsageError, match=f"--port {asked}: must be from 1 to 65535"):
        see(APP, port=asked)


def test_a_script_that_names_no_port_is_a_worker(see: See) -> None:
    """It says how to tell it otherwise; a handler for SIGTERM is seen."""
    found = see({"run.py": "signal.signal(signal.SIGTERM, end)\nif __name__ == '__main__':\n    work()\n"})
    assert (found.server.port, found.server.stop_signal) == (None, None)
    assert "which port it listens on, if on any, is not known: none is exposed (--port 8000)" in said(
        found, "assumed"
    )
