"""A database that tests need and no build has: it is found, said first, and the gate is that of the other tests."""

from __future__ import annotations

import pytest

from hullproof.init.plan import ignore_file, plan

from .conftest import See, said

MANAGE = {
    "requirements.txt": "django\ngunicorn\npsycopg[binary]\n",
    "manage.py": "x('DJANGO_SETTINGS_MODULE', 's.settings')\n",
    "s/__init__.py": "",
    "s/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['DB_HOST']}}\n",
    "polls/__init__.py": "",
}
PLAIN = "from django.test import SimpleTestCase\nclass T(SimpleTestCase):\n    def test_x(self): ...\n"
NEEDS = "from django.test import TestCase\nclass T(TestCase):\n    def test_x(self): ...\n"
UNIT = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): ...\n"
FASTAPI = {
    "requirements.txt": "fastapi\nuvicorn\nasyncpg\n",
    "app.py": "app = FastAPI()\nURL = 'postgresql://localhost/x'\n",
}


COMPOSE = "services:\n  db:\n    image: docker.io/library/postgres:16\n"


@pytest.mark.parametrize(
    ("files", "where"),
    [
        (
            {**MANAGE, "s/settings.py": "import dj_database_url\nDATABASES = {'default': dj_database_url.config()}\n"},
            "PostgreSQL, by psycopg in requirements.txt:3",
        ),
        ({**MANAGE, "s/settings.py": "DATABASES = {'default': env.db()}\n"}, "PostgreSQL, by psycopg"),
        (
            {"requirements.txt": "fastapi\nuvicorn\nsqlmodel\n", "app.py": "app = FastAPI()\n", "compose.yaml": COMPOSE},
            "PostgreSQL, in compose.yaml:3",
        ),
    ],
)  # fmt: skip
def test_it_is_found_where_only_the_driver_or_the_compose_file_tells(
    see: See, files: dict[str, str], where: str
) -> None:
    """An address that is known only where it runs says nothing of what answers there."""
    test = "from django.test import TestCase\nclass T(TestCase): ...\n\ndef test_x(client): ...\n"
    assert said(see({**files, "tests/test_x.py": test}), "found")[0].startswith(f"{where}")


def test_settings_with_another_database_need_none(see: See) -> None:
    """Of Django's, an address that is named gets a made-up one of SQLite, and SQLite needs no server."""
    for settings in (
        "DATABASES = {'default': env.db('DATABASE_URL')}\n",
        "dj_database_url.config(default='sqlite:///x')\n",
    ):
        assert see({**MANAGE, "s/settings.py": settings, "polls/tests.py": NEEDS}).tests.withheld == ()


def test_the_tests_that_need_it_are_left_out_and_it_is_said_first(see: See) -> None:
    """Of Django's by their base class; the ignore file keeps them from the build, and a comment says so."""
    found = see({**MANAGE, "polls/tests.py": NEEDS, "tests/test_a.py": PLAIN, "tests/test_b.py": UNIT})
    assert found.tests.withheld == ("polls/tests.py",)
    assert said(found, "found")[0] == (
        "PostgreSQL, in s/settings.py:1, which 1 of 3 test files may need and no build has: they are left out, "
        "run them where it is"
    )
    assert "polls/tests.py\n" in ignore_file(found)
    assert "# The tests in polls/tests.py may need PostgreSQL" in plan(found)[0].text


@pytest.mark.parametrize(
    ("files", "withheld"),
    [
        ({"tests/test_a.py": "def test_a(): ...\n", "tests/test_b.py": "import asyncpg\ndef test_b(): ...\n"}, ("tests/test_b.py",)),
        (
            {
                "tests/conftest.py": "@pytest.fixture\ndef pool(): return asyncpg.connect()\n@pytest.fixture\ndef user(pool): ...\n",
                "tests/test_a.py": "def test_a(): ...\n",
                "tests/test_b.py": "def test_b(user): ...\n",
            },
            ("tests/test_b.py",),
        ),
        (
            {"tests/test_a.py": "def test_a(): ...\n", "tests/test_b.py": "from fastapi.testclient import TestClient\ndef test_b(): ...\n"},
            ("tests/test_b.py",),
        ),
    ],
)  # fmt: skip
def test_what_is_not_sure_to_do_without_it_is_left_out(
    see: See, files: dict[str, str], withheld: tuple[str, ...]
) -> None:
    """A driver, a fixture that leads to one, or a question to the application, which may ask the database."""
    assert see({**FASTAPI, **files}).tests.withheld == withheld


def test_where_all_tests_need_it_a_first_one_is_written(see: See) -> None:
    """The gate needs something to stop at; fixtures that connect stay away, too."""
    files = {
        "tests/conftest.py": "@pytest.fixture(autouse=True)\ndef db(): asyncpg.connect()\n",
        "tests/test_a.py": "def test_a(): ...\n",
    }
    found = see({**FASTAPI, **files})
    assert found.tests.written
    assert set(found.tests.withheld) == {"tests/test_a.py", "tests/conftest.py"}


@pytest.mark.parametrize(
    "files",
    [
        {**FASTAPI, "app.py": "app = FastAPI()\nURL = os.environ.get('DATABASE_URL', 'sqlite:///x')\n"},
        {"requirements.txt": "fastapi\nuvicorn\n", "app.py": "app = FastAPI()\n"},
        {
            **{key: text for key, text in MANAGE.items() if key != "s/settings.py"},
            "s/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n",
        },
    ],
)
def test_where_none_is_needed_no_test_is_left_out(see: See, files: dict[str, str]) -> None:
    """SQLite is a file, and every build has that."""
    found = see({**files, "tests/test_a.py": NEEDS})
    assert found.tests.withheld == ()
    assert not found.tests.foremost
