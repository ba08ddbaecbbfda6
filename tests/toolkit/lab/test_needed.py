"""Which files that a test run asked for may be missing from a release: what the application needs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from hullproof.lab.needed import _Choice
from hullproof.lab.watching import Note
from hullproof.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = "FROM x\nWORKDIR /srv\nCOPY . .\nENV SHOP=acceptance\nRUN pytest\n"
TESTS = "def test_it():\n    assert page('/report') != read('golden.html')\n"
LINE = 5


class _Shipped:
    def place_of(self, path: str) -> str | None:
        return "/app/shop/main.py" if path == "shop/main.py" else None


def note(path: str, by: str = "shop/main.py", module: str = "") -> Note:
    """Note that a file of the test stage was asked for."""
    return Note(LINE, f"/srv/{path}", f"/srv/{by}" if by else "", "/srv/tests/test_a.py::test_it", module)


@pytest.mark.parametrize(
    ("notes", "missing"),
    [
        ([note("shop/report.html")], ["shop/report.html"]),
        ([note("shop/report.html", by="")], ["shop/report.html"]),
        ([note("shop/report.html", by="tests/test_a.py")], []),
        ([note("shop/report.html", by="shop/other.py")], []),
        ([note("shop/golden.html")], []),
        ([note("shop/acceptance.toml")], []),
        ([note("shop/rows.py", module="shop.rows")], ["shop/rows.py"]),
        (
            [note("shop/layout.html", by="shop/report.html"), note("shop/report.html")],
            ["shop/layout.html", "shop/report.html"],
        ),
        (
            [note("shop/rows.py", "shop/lazy.py", "shop.rows"), note("shop/lazy.py", module="shop.lazy")],
            ["shop/lazy.py", "shop/rows.py"],
        ),
        ([note("shop/layout.html", by="shop/report.html")], []),
    ],
    ids=[
        "by the application", "by a framework", "by a test", "by what is not released", "named by a test",
        "chosen by the test stage", "imported", "in turn", "imported in turn", "in turn, for nobody",
    ],
)  # fmt: skip
def test_what_the_released_application_asks_for(
    tmp_path: Path, notes: list[Note], missing: list[str]
) -> None:
    """Also by way of what is missing itself; not what tests ask for, name or choose."""
    names = ["report.html", "layout.html", "golden.html", "acceptance.toml", "rows.py", "lazy.py"]
    left = frozenset(f"shop/{name}" for name in names)
    for path in (*left, "shop/main.py", "shop/other.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("x")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text(TESTS)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    choice = _Choice(Project.open(tmp_path), cast("Any", _Shipped()), left, (LINE,))
    groups = choice.groups(notes)
    assert sorted(path for each in groups for path in each.paths) == missing
    assert {(each.by, each.by_shipped) for each in groups} <= {
        ("shop/main.py", "/app/shop/main.py"),
        ("", ""),
    }
