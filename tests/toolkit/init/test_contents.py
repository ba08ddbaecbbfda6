"""What the release is made of, what its tests need, and what they need to start."""

from __future__ import annotations

import pytest

from .conftest import FLASK, See, said

WEB = {"requirements.txt": "flask\ngunicorn\n"}


@pytest.mark.parametrize(
    ("files", "release"),
    [
        ({"app.py": FLASK, "unused.py": "x = 1\n"}, ("app.py",)),
        ({"app.py": "import config\n" + FLASK, "config.py": "x = 1\n"}, ("app.py", "config.py")),
        ({"app.py": "from lib.a import b\n" + FLASK, "lib/a.py": "import c\n", "c.py": "x = 1\n"}, ("app.py", "c.py", "lib")),
        ({"app.py": FLASK + "x = 'lib.tasks:run'\n", "lib/tasks.py": "x = 1\n"}, ("app.py", "lib")),
        ({"app.py": FLASK + "p = BASE / 'data' / 'x'\n", "data/x": "1", "other/x": "1"}, ("app.py", "data")),
        ({"app.py": FLASK + "p = open('data/x')\n", "data/x": "1"}, ("app.py", "data")),
        ({"app.py": FLASK + "p = os.path.join(here, 'data')\n", "data/x": "1"}, ("app.py", "data")),
        ({"app.py": FLASK + "p = {'data': 1}\n", "data/x": "1"}, ("app.py",)),
        ({"app.py": FLASK + "p = 'words.txt'\n", "words.txt": "1"}, ("app.py", "words.txt")),
        ({"app.py": FLASK + "p = BASE / 'CHANGELOG.md'\n", "CHANGELOG.md": "1"}, ("CHANGELOG.md", "app.py")),
        ({"app.py": FLASK, "templates/a.html": "", "static/a.css": ""}, ("app.py", "static", "templates")),
        ({"shop/app.py": FLASK, "templates/a.html": ""}, ("shop",)),
        ({"app.py": FLASK, "gunicorn.conf.py": ""}, ("app.py", "gunicorn.conf.py")),
        ({"app.py": FLASK + "p = open('.env')\nq = 'db.sqlite3'\n", ".env": "", "db.sqlite3": ""}, ("app.py",)),
        ({"app.py": FLASK + "import tests.data\n", "tests/data.py": ""}, ("app.py",)),
        ({"src/shop/app.py": FLASK, "src/shop/__init__.py": ""}, ("src",)),
    ],
)  # fmt: skip
def test_the_release_takes_what_its_code_imports_or_names(
    see: See, files: dict[str, str], release: tuple[str, ...]
) -> None:
    """Entries at the top of the project, from the application on; never secrets, databases or tests."""
    assert see({**WEB, **files}).contents.release == release


def test_streamlit_s_pages_and_settings_belong_to_it(see: See) -> None:
    """It finds both by their places, and no code names them; its secrets lie beside them."""
    page = "import streamlit as st\n\nst.title('x')\n"
    found = see({
        "requirements.txt": "streamlit\n",
        "Home.py": page,
        "pages/1_Data.py": page,
        ".streamlit/config.toml": "[server]\nport = 8600\n",
        ".streamlit/secrets.toml": "token = 'x'\n",
    })  # fmt: skip
    assert found.contents.release == (".streamlit/config.toml", "Home.py", "pages")
    assert (found.application.entry.path, found.server.port) == ("Home.py", 8600)
    assert "port 8600, in .streamlit/config.toml:2" in said(found, "found")


@pytest.mark.parametrize(
    ("ignored", "release"),
    [(None, ("app.py",)), ("*.pyc\n", ("app.py", "words.db")), ("# x\n/words.db\n!x\n", ("app.py",)), ("*.db\n", ("app.py",))],
)  # fmt: skip
def test_what_git_ignores_is_no_part_of_it(see: See, ignored: str | None, release: tuple[str, ...]) -> None:
    """No checkout has it. A database that git keeps is one that belongs to the project."""
    files = {"app.py": FLASK + "p = BASE / 'words.db'\n", "words.db": ""}
    assert see({**WEB, **files, **({".gitignore": ignored} if ignored else {})}).contents.release == release


def test_migrations_belong_to_it_where_a_tool_for_them_does(see: See) -> None:
    """They are run from the image, by name, and no code says so."""
    found = see(
        {
            "requirements.txt": "flask\ngunicorn\nalembic\n",
            "app.py": FLASK,
            "alembic.ini": "",
            "alembic/env.py": "",
        }
    )
    assert found.contents.release == ("alembic", "alembic.ini", "app.py")


UNITTEST = "import unittest\nclass XTest(unittest.TestCase): ...\n"
DJANGO = "from django.test import TestCase\nclass PollsTest(TestCase): ...\n"


def test_the_tests_bring_what_only_they_use(see: See) -> None:
    """It goes into their stage and no further."""
    found = see(
        {
            **WEB,
            "app.py": FLASK,
            "tools.py": "",
            "tests/test_x.py": "import tools, app\ndef test_x(): ...\n",
            "pytest.ini": "[pytest]\n",
        }
    )
    assert found.contents.tests == ("tests", "pytest.ini", "tools.py")


def test_tests_among_the_code_are_seen(see: See) -> None:
    """The release leaves them behind."""
    found = see({**WEB, "shop/app.py": FLASK, "shop/tests/test_x.py": "def test_x(): ...\n", "lib/x.py": ""})
    assert found.contents.clutter == ("shop",)


@pytest.mark.parametrize(
    ("files", "runner", "command"),
    [
        ({"tests/test_x.py": "def test_x(): ...\n"}, "pytest", "python -m pytest -p no:cacheprovider"),
        ({"tests/test_x.py": UNITTEST, "tests/conftest.py": ""}, "pytest", "python -m pytest -p no:cacheprovider"),
        (
            {"tests/unit/test_x.py": "def test_x(): ...\n", "tests/integration/test_y.py": "def test_y(): ...\n"},
            "pytest",
            "python -m pytest -p no:cacheprovider tests/unit",
        ),
        ({"tests/test_x.py": UNITTEST}, "unittest", "python -m unittest discover --start-directory tests"),
        (
            {"tests/test_x.py": UNITTEST, "tests/__init__.py": ""},
            "unittest",
            "python -m unittest discover --start-directory tests --top-level-directory .",
        ),
        ({"test_app.py": UNITTEST}, "unittest", "python -m unittest discover --start-directory ."),
        ({"tests.py": UNITTEST}, "unittest", "python -m unittest discover --start-directory ."),
        ({}, "unittest", "python -m unittest discover --start-directory tests"),
    ],
)  # fmt: skip
def test_the_tests_are_run_by_what_they_are_written_for(
    see: See, files: dict[str, str], runner: str, command: str
) -> None:
    """tests/unit before all others; in a project without any, a first one is written."""
    found = see({**WEB, "app.py": FLASK, **files}).tests
    assert (found.runner, " ".join(found.command), found.written) == (runner, command, not files)


MANAGE = {
    "manage.py": "x('DJANGO_SETTINGS_MODULE', 's.settings')\n",
    "s/__init__.py": "",
    "s/settings.py": "",
}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"polls/tests.py": DJANGO, "polls/__init__.py": ""}, "python manage.py test"),
        (
            {"polls/tests.py": DJANGO, "polls/__init__.py": "", "tests/test_x.py": "def test_x(): ...\n"},
            "python manage.py test polls tests",
        ),
        ({}, "python manage.py test tests"),
    ],
)
def test_django_is_told_of_folders_that_it_would_not_find(
    see: See, files: dict[str, str], command: str
) -> None:
    """By itself it goes into packages only."""
    found = see({"requirements.txt": "django\n", **MANAGE, **files})
    assert " ".join(found.tests.command) == command


def test_django_below_the_top_is_told_where_its_tests_are(see: See) -> None:
    """It would look where the command is run."""
    files = {
        f"web/{path}": text
        for path, text in {**MANAGE, "polls/__init__.py": "", "polls/tests.py": DJANGO}.items()
    }
    assert see({"requirements.txt": "django\n", **files}).tests.command == (
        "python",
        "web/manage.py",
        "test",
        "web",
    )


def test_what_the_tests_use_and_nobody_declares_is_installed_and_said(see: See) -> None:
    """The runner, and what FastAPI's client for tests is made of."""
    found = see({
        "requirements.txt": "fastapi\nuvicorn\n",
        "app.py": "app = FastAPI()\n",
        "tests/test_x.py": "from fastapi.testclient import TestClient\ndef test_x(): ...\n",
    })  # fmt: skip
    assert found.dependencies.test.packages == ("pytest>=8", "httpx>=0.27")
    assert "pytest>=8 and httpx>=0.27 for the tests, which nothing declares" in said(found, "assumed")


@pytest.mark.parametrize(
    ("code", "environment"),
    [
        ("KEY = os.environ['API_KEY']\n", {"API_KEY": "made-up"}),
        ("URL = os.environ['DATABASE_URL']\n", {"DATABASE_URL": "sqlite:////tmp/made-up.sqlite3"}),
        ("N = int(os.environ['N'])\n", {"N": "1"}),
        ("KEY = env('SECRET_KEY')\nDEBUG = env.bool('DEBUG', default=False)\n", {"SECRET_KEY": "made-up"}),
        ("N = config('N', cast=int)\nM = config('M', default='x')\n", {"N": "1"}),
        (
            "class S(BaseSettings):\n    token: str\n    mail: EmailStr\n    size: int\n    debug: bool = False\n",
            {"TOKEN": "made-up", "MAIL": "nobody@example.org", "SIZE": "1"},
        ),
        ("class S(BaseSettings):\n    model_config = C(env_prefix='app_')\n    token: str\n", {"APP_TOKEN": "made-up"}),
        ("if 'X' in os.environ:\n    X = os.environ['X']\n", {}),
        ("try:\n    X = os.environ['X']\nexcept KeyError:\n    X = 1\n", {}),
        ("def f():\n    return os.environ['X']\n", {}),
        ("os.environ['X'] = '1'\nY = os.environ.get('Y')\n", {}),
    ],
)  # fmt: skip
def test_what_it_needs_to_start_is_made_up(see: See, code: str, environment: dict[str, str]) -> None:
    """Only what is read without a default while modules are imported: the rest may be missing."""
    assert see({**WEB, "app.py": FLASK + code}).environment == environment


def test_tests_that_set_a_variable_get_none(see: See) -> None:
    """They know better."""
    files = {"app.py": FLASK + "A, B = os.environ['A_KEY'], os.environ['B_KEY']\n"}
    found = see(
        {
            **WEB,
            **files,
            "tests/conftest.py": "os.environ['A_KEY'] = 'x'\n",
            "tests/test_x.py": "def test_x(): ...\n",
        }
    )
    assert found.test_environment == {"B_KEY": "made-up"}


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ({}, "hullproof.toml"),
        ({"pyproject.toml": "[tool.hullproof]\nready = '/'\n"}, "pyproject.toml [tool.hullproof]"),
    ],
)
def test_a_database_is_told_of(see: See, own: dict[str, str], place: str) -> None:
    """With the compose file that may describe it, and where to say so: where the project's settings are."""
    settings = {"s/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"}
    found = see({"requirements.txt": "django\n", **MANAGE, **settings, "compose.yml": "", **own})
    told = "PostgreSQL, in s/settings.py:1: if the application cannot start without it, set compose ="
    assert said(found, "note")[0] == f'{told} "compose.yml" in {place}'


def test_a_project_that_asks_for_its_own_version_is_installed(see: See) -> None:
    """What builds it is copied for that, and nothing where nobody asks."""
    project = "[build-system]\nrequires = ['hatchling']\n[project]\nname = 'my-shop'\nreadme = 'README.md'\n"
    files = {
        "pyproject.toml": project + "dependencies = ['flask', 'gunicorn']\n",
        "README.md": "",
        "shop/web.py": FLASK,
    }
    assert see(files).own is None
    asks = "import importlib.metadata\nv = importlib.metadata.version('my_shop')\n"
    own = see({**files, "shop/__init__.py": asks}).own
    assert own is not None
    assert own.copied == ("pyproject.toml", "README.md", "shop")
