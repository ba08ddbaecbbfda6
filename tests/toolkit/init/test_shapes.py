"""Shapes of service beside a web application with a server: workers, pages, scripts, and what a person says is run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hullproof.errors import UsageError
from hullproof.init.look import look
from hullproof.init.model import Choices
from hullproof.init.plan import plan

from .conftest import FLASK, Make, See, said

CELERY = "from celery import Celery\n\napp = Celery('tasks', broker='redis://redis')\n"
GRADIO = "import gradio as gr\n\ndemo = gr.Interface(str, 'text', 'text')\ndemo.launch()\n"


@pytest.mark.parametrize(
    ("package", "path", "code", "command"),
    [
        ("celery[redis]", "tasks.py", CELERY, "celery --app=tasks:app worker --loglevel=INFO"),
        ("celery", "shop/celery.py", CELERY, "celery --app=shop.celery:app worker --loglevel=INFO"),
        ("rq", "jobs.py", "from rq import Queue\n\nq = Queue('mail', connection=redis)\n", "rq worker mail"),
        ("dramatiq", "shop/work.py", "import dramatiq\n\n@dramatiq.actor(max_retries=1)\ndef send(): ...\n", "dramatiq shop.work"),
        ("arq", "worker.py", "class WorkerSettings:\n    functions = []\n", "arq worker.WorkerSettings"),
        ("huey", "tasks.py", "from huey import RedisHuey\n\nhuey = RedisHuey('x')\n", "huey_consumer tasks.huey"),
        ("faststream[cli,rabbit]", "hub.py", "app = FastStream(broker)\n", "faststream run hub:app"),
        ("taskiq", "broker.py", "broker = ListQueueBroker('redis://redis')\n", "taskiq worker broker:broker"),
    ],
)  # fmt: skip
def test_a_worker_takes_its_work_from_a_queue(
    see: See, package: str, path: str, code: str, command: str
) -> None:
    """It listens nowhere, and needs a broker, which is said."""
    beside = {"shop/__init__.py": ""} if path.startswith("shop/") else {}
    found = see({"requirements.txt": f"{package}\n", path: code, **beside})
    assert (" ".join(found.server.command), found.server.port) == (command, None)
    assert "needs its broker beside it" in said(found, "note")[0]


@pytest.mark.parametrize("kind", ["Celery", "RedisHuey", "ListQueueBroker"])
def test_a_first_test_passes_for_what_no_server_calls(make: Make, kind: str) -> None:
    """A worker's object is there, and need not be callable."""
    folder = make({
        "requirements.txt": "celery\nhuey\ntaskiq\n",
        "tasks.py": f"from library import {kind}\n\napp = {kind}('x')\n",
        "library.py": f"class {kind}:\n    def __init__(self, name): ...\n",
    })  # fmt: skip
    written = next(each for each in plan(look(folder, Choices())) if each.path == "tests/test_first.py")
    (folder / "tests").mkdir()
    (folder / written.path).write_text(written.text, encoding="utf-8")
    tested = subprocess.run(
        (sys.executable, "-m", "unittest", "discover", "--start-directory", "tests"),
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stderr
    assert "Ran 1 test" in tested.stderr


@pytest.mark.parametrize(
    ("package", "code", "command", "port"),
    [
        (
            "streamlit",
            "import streamlit as st\n\nst.title('x')\n",
            "streamlit run --server.address=0.0.0.0 --server.port=8501 --server.headless=true --browser.gatherUsageStats=false app.py",
            8501,
        ),
        ("gradio", GRADIO, "python app.py", 7860),
        ("gradio", GRADIO.replace("launch()", "launch(server_port=7000)"), "python app.py", 7000),
        ("sanic", "from sanic import Sanic\n\napp = Sanic('x')\n", "sanic --host=0.0.0.0 --port=8000 --single-process app:app", 8000),
        (
            "aiohttp",
            "from aiohttp import web\n\napp = web.Application()\n\nif __name__ == '__main__':\n    web.run_app(app)\n",
            "python app.py",
            8080,
        ),
        (
            "aiohttp\ngunicorn",
            "from aiohttp import web\n\napp = web.Application()\n",
            "gunicorn --bind=0.0.0.0:8080 --worker-class=aiohttp.GunicornWebWorker --worker-tmp-dir=/dev/shm --access-logfile=- app:app",
            8080,
        ),
        ("falcon\nwaitress", "import falcon\n\napp = falcon.App()\n", "waitress-serve --host=0.0.0.0 --port=8000 app:app", 8000),
    ],
)  # fmt: skip
def test_what_brings_a_server_of_its_own_listens_everywhere(
    see: See, package: str, code: str, command: str, port: int
) -> None:
    """On its usual port, or on that which the code says."""
    found = see({"requirements.txt": f"{package}\n", "app.py": code}).server
    assert (" ".join(found.command), found.port) == (command, port)
    assert ("GRADIO_SERVER_NAME" in found.environment) == (package == "gradio")


def test_a_web_application_comes_before_its_worker(see: See) -> None:
    """Which is named, with the option that takes it."""
    found = see({"requirements.txt": "flask\ngunicorn\ncelery\n", "web.py": FLASK, "tasks.py": CELERY})
    assert found.application.entry.spelled == "web:app"
    assert said(found, "assumed")[0].endswith("not app = Celery(...) in tasks.py:3 (--entry tasks:app)")
    worker = see({}, entry="tasks:app").server
    assert worker.command[0] == "celery"


@pytest.mark.parametrize(
    ("code", "port"),
    [
        ("from robyn import Robyn\n\napp = Robyn(__file__)\napp.start(host='0.0.0.0', port=8081)\n", 8081),
        ("bot = Client()\nbot.run(TOKEN)\n", None),
        ("sched = BlockingScheduler()\n\nwhile True:\n    sched.tick()\n", None),
    ],
)
def test_a_file_that_does_something_by_itself_is_a_program(see: See, code: str, port: int | None) -> None:
    """It ends in a call or a loop, and no other file imports it, whatever library it uses."""
    files = {
        "requirements.txt": "robyn\n",
        "shop.py": code,
        "config.py": "load()\n",
        "tool.py": "import config\n",
    }
    found = see(files)
    assert (found.server.command, found.server.port) == (("python", "shop.py"), port)


def test_two_files_that_do_something_are_no_choice(see: See) -> None:
    """The line names both."""
    with pytest.raises(
        UsageError, match=r"two or more programs: a.py:1 and b.py:1; say which, such as --entry a.py"
    ):
        see({"requirements.txt": "x\n", "a.py": "go()\n", "b.py": "go()\n"})


@pytest.mark.parametrize(
    ("command", "port", "release"),
    [
        ("python -m shop.worker --queue mail", None, ("shop",)),
        ("panel serve page.py --port 5006", 5006, ("page.py",)),
        ("uvicorn shop.worker:app --host=0.0.0.0 --port=9000", 9000, ("shop",)),
    ],
)
def test_a_command_that_is_given_is_run(
    see: See, command: str, port: int | None, release: tuple[str, ...]
) -> None:
    """As it is typed, in exec form, with the code that it names."""
    files = {
        "requirements.txt": "x\n",
        "shop/__init__.py": "",
        "shop/worker.py": "x = 1\n",
        "page.py": "x = 1\n",
    }
    found = see(files, command=command)
    assert (" ".join(found.server.command), found.server.port) == (command, port)
    assert found.contents.release == release


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("", "give one program and its arguments"),
        ("python a.py && python b.py", "is run without a shell"),
        ("python a.py --port $PORT", "is run without a shell"),
        ("python 'a.py", "No closing quotation"),
        ("python gone.py", "names no file and no module of the project"),
    ],
)
def test_a_command_that_cannot_be_is_one_line(see: See, command: str, told: str) -> None:
    """It says why."""
    with pytest.raises(UsageError, match="--command") as raised:
        see({"requirements.txt": "x\n", "a.py": "x = 1\n"}, command=command)
    assert told in str(raised.value)


WEB = {"requirements.txt": "fastapi\nuvicorn\n"}


@pytest.mark.parametrize(
    ("files", "port", "place"),
    [
        ({"server.py": "port = os.environ.get('PORT', '50051')\nserver.add_insecure_port(f'[::]:{port}')\nif __name__ == '__main__': ...\n"}, 50051, "server.py:2"),
        ({"app/api.py": "app = FastAPI()\n", "app/__main__.py": "uvicorn.run('app.api:app', port=40000)\n"}, 40000, "app/__main__.py:1"),
        ({"run.py": "p.add_argument('-p', '--port', type=int, default=8123)\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"run.py": "@click.option('--port', default=8123)\ndef main(port): ...\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"run.py": "def main(port: int = 8123): ...\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"run.py": "import cfg\nserve(port=cfg.PORT)\nif __name__ == '__main__': ...\n", "cfg.py": "PORT = int(os.getenv('APP_PORT', 8123))\n"}, 8123, "cfg.py:1"),
        ({"run.py": "import cfg\nif __name__ == '__main__': ...\n", "cfg.py": "class Settings(BaseSettings):\n    db_port: int = 5432\n    port: int = 8123\n"}, 8123, "cfg.py:3"),
        ({"run.py": "import cfg\nif __name__ == '__main__': ...\n", "cfg.py": "class Settings(BaseSettings):\n    port: int = Field(default=8123, alias='PORT')\n"}, 8123, "cfg.py:2"),
        ({"run.py": "PORT = config('PORT', default=8123, cast=int)\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"run.py": "s = HTTPServer(('0.0.0.0', 8123), H)\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"run.py": "asyncio.start_server(f, '0.0.0.0', 8123)\nif __name__ == '__main__': ...\n"}, 8123, "run.py:1"),
        ({"app.py": "app = FastAPI()\n", "Procfile": "web: uvicorn app:app --port 8123\n"}, 8123, "Procfile:1"),
        (
            {"app.py": "app = FastAPI()\n", "Makefile": "run:\n\tssh -p 2222 x\n\tuvicorn \\\n\t  --reload --port 8123 app:app\n"},
            8123,
            "Makefile:4",
        ),
        ({"app.py": "app = FastAPI()\n", "Dockerfile": "CMD gunicorn -b :8123 app:app\n"}, 8123, "Dockerfile:1"),
        ({"run.py": "db = connect(port=int(os.environ.get('DB_PORT', 5432)))\nREDIS_PORT = 6379\nif __name__ == '__main__': ...\n"}, None, ""),
    ],
)  # fmt: skip
def test_a_port_is_found_wherever_the_code_says_it(
    see: See, files: dict[str, str], port: int | None, place: str
) -> None:
    """As a default of a variable, an option, a field or a parameter; not one that it connects to."""
    found = see({**WEB, **files})
    assert found.server.port == port
    if port is None:
        assert "which port it listens on, if on any, is not known: none is exposed (--port 8000)" in said(
            found, "assumed"
        )
    else:
        assert f"port {port}, in {place}" in said(found, "found")


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("@app.get('/healthz')\ndef h(): ...\n@app.get('/readyz')\ndef r(): ...\n", "/healthz"),
        ("@app.get('/health/')\ndef h(): ...\n", "/health/"),
        ("@router.get('/health')\ndef h(): ...\napp.include_router(router, prefix='/api')\n", None),
        ("@router.get('/health')\ndef h(): ...\napp.include_router(router)\n", "/health"),
        ("@app.get('/')\ndef h(): ...\n", None),
        ("x = client.get('/status')\n", None),
    ],
)
def test_the_health_check_asks_the_path_that_is_there_for_it(see: See, code: str, path: str | None) -> None:
    """That of the process itself first; one that a prefix may have moved is not known well enough."""
    assert see({**WEB, "app.py": "app = FastAPI()\n" + code}).server.health == path


@pytest.mark.parametrize(
    ("pyproject", "hints", "version"),
    [
        (">=3.10", {"mypy.ini": "[mypy]\npython_version = 3.12\n"}, "3.12"),
        (
            ">=3.10",
            {".github/workflows/t.yml": "matrix: { python-version: ['3.11', '3.12', '3.13'] }\n"},
            "3.13",
        ),
        (">=3.10", {"tox.ini": "[tox]\nenvlist = py310,py312\n"}, "3.12"),
        (">=3.10,<3.12", {"tox.ini": "[tox]\nenvlist = py310,py312\n"}, "3.10"),
        (">=3.11", {".tool-versions": "nodejs 22\npython 3.12.1\n"}, "3.12"),
    ],
)
def test_what_the_project_works_with_is_what_it_gets(
    see: See, pyproject: str, hints: dict[str, str], version: str
) -> None:
    """The newest that its tools and its CI name, within what it allows; an upper end of a range is no choice."""
    project = (
        f"[project]\nname = 'x'\ndependencies = ['fastapi', 'uvicorn']\nrequires-python = '{pyproject}'\n"
    )
    assert see({"app.py": "app = FastAPI()\n", "pyproject.toml": project, **hints}).python.version == version


@pytest.mark.parametrize(
    ("wheels", "version"),
    [
        (
            [
                "x-1-cp311-cp311-manylinux_2_17_x86_64.whl",
                "x-1-cp312-cp312-win_amd64.whl",
                "x-1-py3-none-any.whl",
            ],
            "3.11",
        ),
        (["x-1-cp310-abi3-manylinux_2_17_x86_64.whl"], "3.14"),
        (["x-1-cp313-cp313t-manylinux_2_17_x86_64.whl", "x-1-cp312-cp312-manylinux_2_17_x86_64.whl"], "3.12"),
        (["x-1-py3-none-any.whl"], "3.10"),
    ],
)
def test_locked_packages_decide_by_their_wheels(see: See, wheels: list[str], version: str) -> None:
    """The newest Python that each binary package has a wheel for; the lowest that is allowed where there is none."""
    project = "[project]\nname = 's'\ndependencies = ['fastapi', 'uvicorn']\nrequires-python = '>=3.10'\n"
    listed = ", ".join(f"{{ url = 'https://files.example/{wheel}' }}" for wheel in wheels)
    lock = f"[[package]]\nname = 'x'\nsource = {{ registry = 'r' }}\nwheels = [{listed}]\n"
    found = see({"app.py": "app = FastAPI()\n", "pyproject.toml": project, "uv.lock": lock})
    assert found.python.version == version


def test_a_port_that_it_is_told_by_a_variable_is_told(see: See) -> None:
    """Where it cannot do without: the image says one, and whoever runs it another."""
    found = see(
        {
            "run.py": "serve(port=int(os.environ['PORT']))\nX = os.environ['PORT']\nif __name__ == '__main__': ...\n"
        }
    )
    assert (found.server.port, found.server.environment) == (8000, {"PORT": "8000"})
    assert found.environment == {"PORT": "8000"}


def test_what_gunicorn_is_configured_to_do_is_left_to_its_file(see: See) -> None:
    """Options of the command would win over it. The number of its processes is a variable's."""
    files = {"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK}
    assert see(files).server.environment == {"WEB_CONCURRENCY": "2"}
    command = see({**files, "gunicorn.conf.py": "threads = 9\naccesslog = '-'\n"}).server.command
    assert " ".join(command) == "gunicorn --bind=0.0.0.0:5000 --worker-tmp-dir=/dev/shm app:app"


def test_what_the_dockerfile_that_is_there_has_and_ours_has_not_is_named(see: See) -> None:
    """Packages of the system, variables and volumes: somebody needed them. Words of its other lines are none of these."""
    dockerfile = (
        "FROM python:3.12\nENV TZ=Europe/Berlin PYTHONUNBUFFERED=1 WEB_CONCURRENCY=4\n"
        "RUN apt-get update && apt-get install -y -t trixie --no-install-recommends \\\n    ffmpeg libpq5=15.*\n"
        "VOLUME /srv/uploads\nRUN pip install -r requirements.txt\nCMD gunicorn app:app\n"
    )
    files = {"requirements.txt": "flask\ngunicorn\npsycopg\n", "app.py": FLASK, "Dockerfile": dockerfile}
    told = [each for each in said(see(files), "note") if each.startswith("Dockerfile ")]
    rest = "; ours does not: add to it what is still needed"
    assert told == [
        f"Dockerfile {each}{rest}" for each in ("installs ffmpeg", "sets TZ", "has VOLUME /srv/uploads")
    ]


def test_what_tox_installs_for_the_tests_is_what_they_get(see: See) -> None:
    """Where nothing else declares it."""
    files = {
        "requirements.txt": "flask\ngunicorn\n",
        "app.py": FLASK,
        "tests/test_x.py": "def test_x(): ...\n",
    }
    tox = "[testenv]\ndeps =\n    pytest>=8\n    responses  # why\n    -r more.txt\n"
    assert see({**files, "tox.ini": tox}).dependencies.test.packages == ("pytest>=8", "responses")
