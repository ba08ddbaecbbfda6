"""Where an application is entered: what is found, what is preferred, and what is said where it cannot be told."""

from __future__ import annotations

import pytest

from hullproof.errors import UsageError
from hullproof.init.model import Findings

from .conftest import FLASK, See, said

GUNICORN = {"requirements.txt": "flask\ngunicorn\n"}
UVICORN = {"requirements.txt": "fastapi\nuvicorn\n"}


def entry(findings: Findings) -> tuple[str, str, str]:
    """Return what a test asks for most: the kind, how --entry names it, and the folder of its imports."""
    found = findings.application.entry
    return found.kind, found.spelled, found.root


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("shop/web.py", FLASK, ("object", "shop.web:app", "")),
        ("app.py", "import flask\nserver = flask.Flask('x')\n", ("object", "app:server", "")),
        ("src/shop/__init__.py", FLASK, ("object", "shop:app", "src")),
        ("shop/web.py", "class Own(Flask): ...\n\napp = Own()\n", ("object", "shop.web:app", "")),
        (
            "shop/web.py",
            "try:\n    app = Flask('x')\nexcept OSError:\n    raise\n",
            ("object", "shop.web:app", ""),
        ),
        ("shop/web.py", "app: Flask = Flask('x')\n", ("object", "shop.web:app", "")),
        (
            "shop/__init__.py",
            "def create_app(config=None):\n    app = Flask('x')\n    return app\n",
            ("factory", "shop:create_app", ""),
        ),
        ("web.py", "def application(environ, start_response): ...\n", ("object", "web:application", "")),
        (
            "web.py",
            "class App:\n    def __call__(self, environ, start_response): ...\n\napp = App()\n",
            ("object", "web:app", ""),
        ),
        ("run.py", "def main(): ...\n\nif __name__ == '__main__':\n    main()\n", ("script", "run.py", "")),
        ("greeter/__main__.py", "print('hello')\n", ("script", "greeter/__main__.py", "")),
    ],
)
def test_an_application_is_found_where_it_is_made(
    see: See, path: str, text: str, expected: tuple[str, str, str]
) -> None:
    """By what makes it: a framework's class or one derived from it, a factory, a callable, a main part."""
    assert entry(see({**GUNICORN, path: text})) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/main.py", "from app.db import db\napp = FastAPI()\n"),
        ("src/shop/main.py", "from shop.db import db\napp = FastAPI()\n"),
    ],
)
def test_a_package_without_a_marker_is_imported_as_its_own_imports_say(
    see: See, path: str, text: str
) -> None:
    """The folder of an import of itself is that of its name: no __init__.py is needed for that."""
    folder, name = path.rpartition("/")[0], "app.main" if path.startswith("app") else "shop.main"
    found = see({**UVICORN, path: text, f"{folder}/db.py": "db = 1\n"})
    assert found.application.entry.module == name


def test_modules_that_import_their_neighbours_by_name_are_imported_from_their_folder(see: See) -> None:
    """As where people run it with `cd service && uvicorn main:app`."""
    found = see({**UVICORN, "service/main.py": "import db\napp = FastAPI()\n", "service/db.py": "x = 1\n"})
    assert entry(found) == ("object", "main:app", "service")


def test_an_object_comes_before_the_factory_that_makes_it(see: See) -> None:
    """Wherever it is called from, also in a module that names no framework, and whatever the factory is called."""
    found = see({
        **GUNICORN,
        "shop/__init__.py": "def build(x=1):\n    app = Flask('x')\n    return app\n",
        "serve.py": "from shop import build\n\napp = build()\n",
    })  # fmt: skip
    assert entry(found) == ("object", "serve:app", "")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (FLASK, "def app(environ, start_response): ...\n"),
        ("server = Flask('x')\n", "def application():\n    x = Flask('x')\n    return x\n"),
        (FLASK, "api = Flask('x')\n"),
    ],
)
def test_the_likeliest_is_taken(see: See, better: str, worse: str) -> None:
    """A framework's before any callable, an object before a factory, one that is called app before others."""
    assert entry(see({**GUNICORN, "other.py": better, "main.py": worse}))[1].startswith("other:")


def test_a_factory_that_needs_arguments_is_no_way_in(see: See) -> None:
    """No server could call it."""
    with pytest.raises(UsageError, match="no application was found"):
        see({**GUNICORN, "shop.py": "def create_app(config):\n    app = Flask('x')\n    return app\n"})


def test_the_others_are_told_with_the_option_that_takes_one_of_them(see: See) -> None:
    """The likeliest by its module's name is taken, and it says so."""
    found = see({**GUNICORN, "shop/main.py": FLASK, "shop/admin.py": FLASK})
    assert entry(found)[1] == "shop.main:app"
    assert (
        "that is the one to serve, not app = Flask(...) in shop/admin.py:3 (--entry shop.admin:app)"
        in said(found, "assumed")
    )


def test_two_that_are_equally_likely_are_a_question(see: See) -> None:
    """One line names both, and the option that decides."""
    with pytest.raises(UsageError) as raised:
        see({**GUNICORN, "a/main.py": FLASK, "b/main.py": FLASK})
    assert str(raised.value) == (
        "two or more applications: app = Flask(...) in a/main.py:3 and app = Flask(...) in b/main.py:3; "
        "say which, such as --entry a.main:app"
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("b.main:app", ("object", "b.main:app", "")),
        ("run.py", ("script", "run.py", "")),
        ("b.main:make()", ("factory", "b.main:make", "")),
    ],
)
def test_what_is_asked_for_is_taken(see: See, asked: str, expected: tuple[str, str, str]) -> None:
    """An object, a script, or a factory, which is written as a call."""
    files = {
        **GUNICORN,
        "a/main.py": FLASK,
        "b/main.py": FLASK + "make = lambda: app\n",
        "run.py": "print()\n",
    }
    assert entry(see(files, entry=asked)) == expected


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("shop.web", "--entry shop.web: must be MODULE:NAME, such as shop.web:app, or a file such as run.py"),
        (
            "shop.api:app",
            "--entry shop.api:app: there is no shop/api.py in the project or below src; name the module that makes it",
        ),
        (
            "shop.web:server",
            "--entry shop.web:server: shop/web.py has no server; name the application as that file does",
        ),
        ("serve.py", "--entry serve.py: there is no such file; give its path within the project"),
        ("../serve.py", "--entry ../serve.py: there is no such file; give its path within the project"),
    ],
)
def test_what_is_asked_for_and_is_not_there_is_one_line(see: See, asked: str, told: str) -> None:
    """It says what was looked for, and where."""
    with pytest.raises(UsageError) as raised:
        see({**GUNICORN, "shop/web.py": FLASK}, entry=asked)
    assert str(raised.value) == told


def test_a_procfile_decides(see: See) -> None:
    """It is how the project is served elsewhere, also where the name comes from a star import."""
    files = {
        "Procfile": "release: true\nweb: gunicorn shop:app --log-file -\n",
        "shop/__init__.py": "from .a import *\n",
    }
    found = see({**GUNICORN, **files, "shop/a.py": FLASK, "shop/b.py": FLASK})
    assert entry(found) == ("object", "shop:app", "")
    assert found.application.entry.framework == "Flask"


@pytest.mark.parametrize(
    "aside", ["tests/app.py", "docs/app.py", "examples/app.py", "vendor/x/app.py", ".x/app.py"]
)
def test_no_application_is_looked_for_in_tests_examples_or_vendored_code(see: See, aside: str) -> None:
    """What lies there belongs to something else."""
    with pytest.raises(UsageError, match="no application was found"):
        see({**GUNICORN, aside: FLASK})


def test_no_application_is_looked_for_where_alembic_makes_one(see: See) -> None:
    """Its env.py needs one, and serves none."""
    factory = {"shop/__init__.py": "def create_app():\n    x = Flask('x')\n    return x\n"}
    files = {**factory, "db/env.py": "app = create_app()\n", "db/script.py.mako": ""}
    assert entry(see({**GUNICORN, **files})) == ("factory", "shop:create_app", "")


def test_no_application_is_looked_for_in_virtual_environments(see: See) -> None:
    """Whatever they are called."""
    with pytest.raises(UsageError, match="no application was found"):
        see({**GUNICORN, "myenv/pyvenv.cfg": "", "myenv/lib/app.py": FLASK})


def test_an_application_whose_packages_nobody_declares_is_one_line(see: See) -> None:
    """It could be built, and would not start."""
    with pytest.raises(UsageError) as raised:
        see({"app.py": FLASK})
    assert str(raised.value) == (
        "app = Flask(...) in app.py:3 needs flask, which nothing declares; list it in requirements.txt"
    )


def test_a_project_below_is_pointed_at(see: See) -> None:
    """Its folder is the one to give, where the application's packages are declared there."""
    with pytest.raises(UsageError) as raised:
        see({"backend/requirements.txt": "fastapi\n", "backend/app/main.py": "app = FastAPI()\n"})
    assert str(raised.value) == (
        "app = FastAPI() in backend/app/main.py:1 is in a project of its own: hullproof init backend"
    )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"README.md": "x"}, "there is no Python file here"),
        ({"api/requirements.txt": "x\n"}, "is it in api? hullproof init api"),
        ({"tool.py": "x = 1\n"}, "say where it is, such as --entry shop.web:app"),
    ],
)
def test_where_there_is_none_the_line_says_what_to_do(see: See, files: dict[str, str], told: str) -> None:
    """Give another folder, or name the application."""
    with pytest.raises(UsageError, match="no application was found") as raised:
        see(files)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"def f(:\n# Flask",
        b"Flask\0",
        b"\xff\xfe Flask",
        b"# -*- coding: nonsense -*-\nFlask()",
        b"x = " + b"(" * 5000,
    ],
)
def test_files_that_are_no_python_are_passed_over(see: See, content: bytes) -> None:
    """They may be written for another version, or for nobody."""
    folder = see({**GUNICORN, "app.py": FLASK}).folder
    (folder / "broken.py").write_bytes(content)
    assert entry(see({}))[1] == "app:app"


def test_the_one_command_of_the_project_is_the_last_resort(see: See) -> None:
    """It runs as the function that it calls, so that nothing has to be installed."""
    found = see({
        "pyproject.toml": "[project]\nname = 'x'\ndependencies = []\n[project.scripts]\nx = 'x.cli:main'\n",
        "x/__init__.py": "", "x/cli.py": "def main(): ...\n",
    })  # fmt: skip
    assert found.server.command == ("python", "-c", "import sys; from x.cli import main; sys.exit(main())")


def test_django_is_found_by_its_manage_py(see: See) -> None:
    """With its settings, the module that servers load, and the folder that all is imported from."""
    found = see({
        "requirements.txt": "Django>=5\ngunicorn\n",
        "web/manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
        "web/site1/settings.py": "STATIC_ROOT = BASE_DIR / 'static-all'\n",
        "web/site1/wsgi.py": "application = get_wsgi_application()\n",
        "web/site1/asgi.py": "application = get_asgi_application()\n",
    })  # fmt: skip
    application = found.application
    assert entry(found) == ("object", "site1.wsgi:application", "web")
    assert (application.manage, application.settings) == ("web/manage.py", "web/site1/settings.py")
    assert application.static_root == "web/static-all"
    asked = see({}, entry="site1.asgi:application").application
    assert (asked.entry.interface, asked.manage) == ("asgi", "web/manage.py")


def test_django_is_served_by_the_application_that_its_settings_name(see: See) -> None:
    """What makes it may be of another package, as with Channels."""
    found = see(
        {
            "requirements.txt": "django\nchannels[daphne]\n",
            "manage.py": "x('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
            "site1/settings.py": "ASGI_APPLICATION = 'site1.routing.application'\n",
            "site1/routing.py": "application = ProtocolTypeRouter({})\n",
        }
    )
    assert found.application.entry.place == "site1/routing.py:1"
    assert found.server.command == ("daphne", "--bind=0.0.0.0", "--port=8000", "site1.routing:application")
