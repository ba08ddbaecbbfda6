"""Every example of the documentation is followed, by a reader who has just installed what the pages tell of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hullproof.engine.connection import Engine

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
        # Where there is uv, pipx and Nox take it for pip.
        "UV_FIND_LINKS": str(wheels),
        "UV_CONSTRAINT": str(REPOSITORY / "constraints.txt"),
        "COLUMNS": "140",
        "NO_COLOR": "1",
    }
    given["HULLPROOF_FACTS"] = str(folder / "facts")  # kept, as they are for whoever follows the pages
    for name in ("HULLPROOF_REPORTS", "HULLPROOF_IMAGE", "VIRTUAL_ENV", "PYTEST_ADDOPTS"):
        given.pop(name, None)
    install = [str(binaries / "python"), "-m", "pip", "install", "-q", "hullproof[nox,pytest]", "pipx"]
    subprocess.run(install, env=given, check=True)
    return given


POSTGRES = """\
FROM {base}
RUN apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
COPY --chmod=755 start /start
USER postgres
EXPOSE 5432
VOLUME /var/lib/postgresql/data
CMD ["/start"]
"""
START = """\
#!/bin/sh
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
data=$(mktemp -d)
"$bin/initdb" -A trust -D "$data" >/dev/null
echo "host all all all trust" >> "$data/pg_hba.conf"
"$bin/pg_ctl" -w -D "$data" -o "-c listen_addresses='' -k /tmp" start >/dev/null
psql -h /tmp -c "create role $POSTGRES_USER login superuser password '$POSTGRES_PASSWORD'"
createdb -h /tmp -O "$POSTGRES_USER" "$POSTGRES_DB"
"$bin/pg_ctl" -w -D "$data" stop >/dev/null
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -k /tmp
"""


@pytest.fixture(scope="session")
def images(
    engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What stands for images that no registry gives here: Debian's PostgreSQL, which takes the same settings."""
    folder = tmp_path_factory.mktemp("postgres")
    (folder / "Dockerfile").write_text(POSTGRES.format(base=python_base))
    (folder / "start").write_text(START)
    name = f"hullproof-test-postgres:{os.getpid()}"
    subprocess.run(
        [str(engine.docker), "build", "-q", "-t", name, str(folder)], check=True, capture_output=True
    )
    yield {"postgres:16": name}
    engine.client.images.remove(name, force=True)


@pytest.fixture
def named_images(engine: Engine) -> Iterator[None]:
    """Remove the images that following a page names, as `nox -s build` does, unless they were there before."""

    def found() -> set[str]:
        return {tag for image in engine.client.images.list() for tag in image.tags if tag in NAMED}

    before = found()
    yield
    for tag in found() - before:
        engine.client.images.remove(tag)


NAMED = {"good:latest", "shop:latest"}


def is_followed(example: Example) -> bool:
    """Whether following it takes more than looking."""
    return example.not_run is None and (
        example.title is not None or example.language not in ("text", "json", "dockerfile")
    )


BY_DAY = {
    "README.md",
    "docs/how-to/own-practices.md",
}
"""The first page, and the one that code is copied from; the other pages are followed by night."""


def with_examples() -> list[object]:
    """Return the pages that have some."""
    pages = [page for page in PAGES if any(is_followed(each) for each in examples(page))]
    names = [str(page.relative_to(REPOSITORY)) for page in pages]
    return [
        pytest.param(page, id=name, marks=() if name in BY_DAY else pytest.mark.nightly)
        for page, name in zip(pages, names, strict=True)
    ]


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.usefixtures("python_base", "named_images")
@pytest.mark.parametrize("page", with_examples())
def test_the_examples_of_a_page_come_out_as_it_tells(
    page: Path, environ: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From top to bottom, in one folder."""
    found = "postgres:16" in page.read_text(encoding="utf-8")
    reader = Reader(tmp_path, environ, request.getfixturevalue("images") if found else {})
    for number, example in enumerate(examples(page)):
        if example.stand_in:
            reader.folder = tmp_path / f"project-{number}" / PROJECTS[example.stand_in].name
            shutil.copytree(PROJECTS[example.stand_in], reader.folder, ignore=shutil.ignore_patterns(".nox"))
        if is_followed(example):
            reader.follow(example)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.usefixtures("python_base", "named_images")
@pytest.mark.nightly
@pytest.mark.parametrize("name", ["image.yml", "nox.yml"])
def test_the_steps_of_an_example_workflow_go_through(
    name: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """As a runner would take them, in the good project with three lines of a noxfile."""
    folder = shutil.copytree(GOOD, tmp_path / "shop")
    (folder / "noxfile.py").write_text(
        "# /// script\n# dependencies = ['nox', 'hullproof[nox]']\n# ///\n"
        "from hullproof.sessions import image_sessions\nimage_sessions()\n"
    )
    (folder / ".hadolint.yaml").write_text("ignored: [DL3066]\n")
    workflow = yaml.safe_load((REPOSITORY / "docs/examples" / name).read_text())
    (job,) = workflow["jobs"].values()
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert scripts
    for script in scripts:
        script = script.replace("${{ matrix.python }}", "3.13")  # noqa: PLW2901 - as the runner does
        assert "${{" not in script
        runner = {
            **environ,
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "PIPX_HOME": str(tmp_path / "pipx"),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=folder, env=runner, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    if name == "image.yml":
        assert (tmp_path / "summary").read_text().startswith("## Release checklist: shop")
        assert (folder / "hullproof.sarif").is_file()


def test_what_cannot_be_tried_here_says_why() -> None:
    """An example that nobody runs is an exception: each is known, and has its reason."""
    left_out = {
        f"{page.relative_to(REPOSITORY)}: {each.not_run}"
        for page in PAGES
        for each in examples(page)
        if each.not_run
    }
    assert left_out == NOT_RUN


NOT_RUN = {
    "README.md: the board's own tests do all of this",
    "README.md: the whole of it runs in CI",
    "docs/how-to/air-gapped.md: needs a registry that can be reached",
    "docs/how-to/engines.md: needs Podman",
    "docs/how-to/engines.md: needs a second machine",
    "docs/how-to/evidence.md: needs a registry; tests/toolkit/evidence does all of this",
    "docs/how-to/given-image.md: needs a registry",
    "docs/how-to/gitlab.md: the session `tool` runs it",
}
