"""What experiments leave in the builder's cache: nothing that a later build of the unchanged project takes.

Each experiment that there is comes through here, by the table of them: one that is added is held to this, too.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.request import BuildRequest
from hullproof.events import ignore
from hullproof.facts import EXPERIMENTS, Unobservable
from hullproof.lab.recipe import Recipe
from hullproof.owner import image_name
from hullproof.project.project import Project
from hullproof.run.run import Run
from hullproof.runner.graph import Graph

from .test_experiments import FAKE_PIP

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.nightly]

PROJECT = {
    "Dockerfile": """\
FROM python:3.11-slim AS deps
ARG API_TOKEN=""
WORKDIR /srv
COPY requirements.txt .
RUN --mount=type=secret,id=token --mount=type=cache,target=/kept,id=UNIQUE \\
    pip install -r requirements.txt && mkdir /seen && ls /kept > /seen/kept; \\
    cat /run/secrets/token > /seen/token; echo "$API_TOKEN" > /seen/argument; echo installed > /kept/installed

FROM deps AS test
COPY app app
COPY tests/unit tests/unit
RUN --mount=type=cache,target=/kept,id=UNIQUE \\
    cp -r /kept /seen/before; cp -r tests /kept/; python -m unittest discover -s tests/unit

FROM deps AS release
COPY --from=test /seen /seen
COPY --link app/ app/
COPY requirements.txt /etc/requirements.txt
EXPOSE 8000
USER 1000
CMD ["python", "-m", "http.server", "8000", "--directory", "app"]
""",
    ".dockerignore": "**/.git\n**/.env*\n",
    "requirements.txt": "flask==3.0.0 --hash=sha256:" + "0" * 64 + "\n",
    "app/main.py": "print('UNIQUE')\n",
    "tests/unit/test_app.py": """\
import unittest


class TestApp(unittest.TestCase):
    def test_app(self):
        self.assertTrue(True)
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that no build has seen, whose steps keep all that they get hold of."""
    unique = uuid.uuid4().hex
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace("UNIQUE", unique))
    for arguments in (("init", "-q"), ("add", ".")):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)
    return Project.open(tmp_path)


@pytest.fixture
def base(engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Put a pip that needs no index on top of the Python image."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "pip").write_text(FAKE_PIP)
    (folder / "pip").chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {python_base}\nCOPY pip /usr/local/bin/pip\n")
    with Run() as run:
        run.uses(engine)
        tag = image_name(run.id)
        assert build(engine, BuildRequest(folder, folder / "Dockerfile", tags=(tag,))).ok
        yield tag


def plain_build(engine: Engine, recipe: Recipe, folder: Path) -> dict[str, tuple[str, float]]:
    """Build the project as its owner does; return the release's own files, each with its content's hash and its time."""
    output = folder / f"{uuid.uuid4().hex}.tar"
    built = build(engine, recipe.request(output=output))
    assert built.ok, built.error
    found = {}
    with tarfile.open(output) as archive:
        for member in archive:
            content = (
                archive.extractfile(member) if re.match(r"(srv|seen|etc/requirements)", member.name) else None
            )
            if content is not None:
                found[member.name] = (hashlib.sha256(content.read()).hexdigest(), member.mtime)
    output.unlink()
    return found


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_a_later_build_has_nothing_of_an_experiment(
    name: str, engine: Engine, base: str, project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A plain build has what one before had, to the times of files; one after a change, what the owner's left in mounts."""
    folder = tmp_path_factory.mktemp("built")
    with Run() as run:
        run.uses(engine)
        recipe = Recipe(project, run.id, {"python:3.11-slim": f"docker-image://{base}"})
        before = plain_build(engine, recipe, folder)
        given = {
            "project": project,
            "engine": engine,
            "run": run,
            "recipe": recipe,
            "tell": ignore,
            "watch_s": 1.0,
        }
        try:
            Graph(given, start=run.start, tell=ignore)[name]
        except Unobservable as error:
            pytest.fail(f"{name} was not observed: {error}")
        assert plain_build(engine, recipe, folder) == before
        (project.folder / "requirements.txt").write_text(f"{PROJECT['requirements.txt']}# {run.id}\n")
        (project.folder / "app/main.py").write_text(f"print('{run.id}')\n")
        later = plain_build(engine, recipe, folder)
        new = {
            path: sha256
            for path, (sha256, _) in later.items()
            if path not in before or sha256 != before[path][0]
        }
        theirs = {
            "seen/kept",
            "seen/before/installed",
            "etc/requirements.txt",
            "srv/requirements.txt",
            "srv/app/main.py",
        }
        of_tests = {
            "seen/before/tests/unit/test_app.py": hashlib.sha256(
                PROJECT["tests/unit/test_app.py"].encode()
            ).hexdigest()
        }
        assert {path: sha256 for path, sha256 in new.items() if path not in theirs} == of_tests
