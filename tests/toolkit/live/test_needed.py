"""What the application needs later and the release lacks, on a real engine: seen by the project's own tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import TYPE_CHECKING, TypeAlias

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.layers import read_files
from hullproof.facts import NeededFacts
from hullproof.lab.needed import run
from hullproof.lab.recipe import Recipe
from hullproof.lab.scratch import Bench
from hullproof.project.project import Project
from hullproof.run.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.slow]

See: TypeAlias = "Callable[[Mapping[str, str]], NeededFacts]"
"""Takes the files of a project, by path."""

DOCKERFILE = """\
    FROM python:3.11-slim AS test
    WORKDIR /srv
    COPY . .
    USER nobody
    RUN PYTHONPATH=/srv python -m unittest discover \\
        -s tests -t . && touch /tmp/passed
    FROM python:3.11-slim
    WORKDIR /srv
    COPY --from=test /tmp/passed /tmp/
    COPY shop/__init__.py shop/main.py shop/
    CMD ["python", "-m", "shop.main"]
    """
MAIN = '''\
    """The shop."""
    import os
    from pathlib import Path

    HERE = Path(__file__).parent
    try:
        from shop import extras
    except ImportError:
        extras = None
    SETTINGS = (HERE / f"{os.environ.get('SHOP', 'live')}.toml")
    NOTICE = HERE / "notice.txt"


    def page(path):
        if path == "/report":
            from .reports import rows

            return (HERE / "pages" / "report.html").read_text().format(rows=rows())
        if path == "/settings":
            return SETTINGS.read_text()
        if path == "/notice":
            return NOTICE.read_text() if NOTICE.exists() else ""
        return "hello"
    '''
TESTS = """\
    import os
    import unittest
    from pathlib import Path

    os.environ["SHOP"] = "acceptance"
    from shop.main import extras, page
    from shop.reports import rows
    from shop.seeds import SEEDS


    class ShopTest(unittest.TestCase):
        def test_report(self):
            self.assertIn("1, 2", page("/report"))
            self.assertEqual(rows(), "1, 2")

        def test_settings(self):
            self.assertIn("tests", page("/settings"))

        def test_what_may_be_absent(self):
            page("/notice")
            self.assertTrue(SEEDS)
            self.assertTrue((Path(__file__).parents[1] / "prices.csv").read_text())
    """
FILES = {
    "Dockerfile": DOCKERFILE,
    "shop/__init__.py": '"""The shop."""\n',
    "shop/main.py": MAIN,
    "shop/reports.py": 'def rows():\n    return "1, 2"\n',
    "shop/pages/report.html": "<p>{rows}</p>\n",
    "shop/acceptance.toml": 'of = "tests"\n',
    "shop/notice.txt": "Closed on Sundays.\n",
    "shop/extras.py": "LEVEL = 1\n",
    "shop/seeds.py": "SEEDS = [1]\n",
    "prices.csv": "1;2\n",
    "tests/__init__.py": "",
    "tests/test_shop.py": TESTS,
}


@pytest.fixture
def see(engine: Engine, python_base: str, tmp_path: Path) -> Iterator[See]:
    """Give what runs the experiment on a project."""
    with Run() as own:
        own.uses(engine)

        def seen(files: Mapping[str, str]) -> NeededFacts:
            folder = tmp_path / "project"
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(dedent(text))
            project = Project.open(folder)
            recipe = Recipe(project, own.id, {"python:3.11-slim": f"docker-image://{python_base}"})
            built = build(engine, recipe.request(output="image"))
            assert built.image_id, built.error
            released = read_files(engine, built.image_id, base_diff_ids=())
            return run(engine, recipe, Bench(project, own), built, released)

        yield seen


def test_what_the_application_needs_later_is_missed(see: See) -> None:
    """A template that it opens and a module that it imports on demand; nothing of what it does without.

    Not what the tests chose, what is optional, or what the tests alone import and open.
    """
    facts = see(FILES)
    assert facts.lines == (5,)
    assert [(each.paths, each.by, each.imported, each.test) for each in facts.missing] == [
        (("shop/reports.py",), "shop/main.py", True, "tests/test_shop.py::test_report"),
        (("shop/pages/report.html",), "shop/main.py", False, "tests/test_shop.py::test_report"),
    ]
    assert "No module named 'shop.reports'" in facts.missing[0].said
    assert "report.html" in facts.missing[1].said
    assert facts.missing[0].by_shipped == "/srv/shop/main.py"


def test_a_release_that_lacks_nothing_costs_no_build(see: See) -> None:
    """Its tests are not run another time."""
    whole = DOCKERFILE.replace(
        "COPY shop/__init__.py shop/main.py shop/", "COPY shop shop\n    COPY prices.csv ./"
    )
    assert see({**FILES, "Dockerfile": whole}) == NeededFacts()
