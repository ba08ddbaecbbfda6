"""Every example of the documentation is followed, by a reader who has just installed what the pages tell of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ..cases.catalogue import GOOD
from .examples import Example, Reader, examples

REPOSITORY = Path(__file__).parents[3]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
PROJECTS = {"the good project": GOOD, "this repository": REPOSITORY}


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader's environment: a fresh one of Python's, with an index that has this version of ours."""
    folder = tmp_path_factory.mktemp("reader")
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--wheel-dir", wheels, REPOSITORY], check=True)
    venv.create(folder / "python", with_pip=True)
    binaries = folder / "python" / "bin"
    given = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}".strip(),
        "PIP_CONSTRAINT": str(REPOSITORY / "constraints.txt"),
        "COLUMNS": "140",
        "NO_COLOR": "1",
    }
    for name in ("HULLPROOF_REPORTS", "HULLPROOF_IMAGE", "VIRTUAL_ENV", "PYTEST_ADDOPTS"):
        given.pop(name, None)
    install = [str(binaries / "python"), "-m", "pip", "install", "-q", "hullproof[nox,pytest]"]
    subprocess.run(install, env=given, check=True)
    return given


def is_followed(example: Example) -> bool:
    """Whether following it takes more than looking."""
    return example.not_run is None and (
        example.title is not None or example.language not in ("text", "json", "dockerfile")
    )


def with_examples() -> list[Path]:
    """Return the pages that have some."""
    return [page for page in PAGES if any(is_followed(each) for each in examples(page))]


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.usefixtures("python_base")
@pytest.mark.parametrize("page", with_examples(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_the_examples_of_a_page_come_out_as_it_tells(
    page: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    """From top to bottom, in one folder."""
    reader = Reader(tmp_path, environ)
    for number, example in enumerate(examples(page)):
        if example.stand_in:
            reader.folder = tmp_path / f"project-{number}" / PROJECTS[example.stand_in].name
            shutil.copytree(PROJECTS[example.stand_in], reader.folder, ignore=shutil.ignore_patterns(".nox"))
        if is_followed(example):
            reader.follow(example)


def test_what_cannot_be_tried_here_says_why() -> None:
    """An example that nobody runs is an exception: each is known, and has its reason."""
    left_out = {
        f"{page.relative_to(REPOSITORY)}: {each.not_run}"
        for page in PAGES
        for each in examples(page)
        if each.not_run
    }
    assert left_out == NOT_RUN


NOT_RUN: set[str] = set()
