"""Providers: what they make of what they are handed, without an engine."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullproof.errors import Unobservable
from hullproof.events import ignore
from hullproof.facts import (
    BuildFacts,
    ContainerFacts,
    Failure,
    FileEntry,
    FileFacts,
    Layer,
    Process,
    Stopped,
    builds,
    containers,
    images,
    sources,
)
from hullproof.facts.limited import little_memory
from hullproof.project.config import Config
from hullproof.project.project import Project

STORE = b"\0\x01binary"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of one stage, with another frontend."""
    (tmp_path / "Dockerfile").write_text("# syntax=docker/dockerfile:labs\nFROM a\n")
    return Project.open(tmp_path)


def test_what_is_read_from_the_project_needs_no_engine(project: Project) -> None:
    """The configuration, and the Dockerfile as it is released."""
    assert sources.config(project).dockerfile == "Dockerfile"
    release = sources.release(project)
    assert (release.needed, release.build_args) == ((release.stage,), {})


def test_there_is_no_image_where_the_build_failed() -> None:
    """With the reason that it failed for: a finding, not a fault."""
    failed = BuildFacts(ok=False, steps=(), duration_s=1.0, failure=Failure("Dockerfile:7", "1 test failed"))
    with pytest.raises(Unobservable, match=r"^the project's own build fails at Dockerfile:7: 1 test failed$"):
        builds.image_id(failed)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("kq7-Zr40-1tBxL9uPmW2\n", {"/app/settings": "settings"}),
        ("index-url = https://ci:kq7-Zr40-1tBxL9uPmW2@pypi.example.org/\n", {"/app/settings": "settings"}),
        ("STAGE = 'production'\n", {}),
    ],
)
def test_a_secret_of_the_build_is_found_in_what_steps_wrote(
    tmp_path: Path, written: str, found: dict[str, str]
) -> None:
    """By its values, of which plain words are no secret, or whole where it is no text; never in the base's own files."""
    contents = {
        "settings": b"TOKEN=kq7-Zr40-1tBxL9uPmW2\nENVIRONMENT=production\n",
        "store": STORE,
        "none": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    project = replace(Project.open(tmp_path), config=Config(secrets={name: name for name in contents}))
    text = FileEntry("/app/settings", "file", 0, 0, 0o600)
    hashed = [(name, hashlib.sha256(contents[name]).hexdigest()) for name in ("store", "none")]
    others = [FileEntry(f"/app/{name}", "file", 0, 0, 0o600, sha256=digest) for name, digest in hashed]
    own = Layer("sha256:own", from_base=False, entries=(text, *others), texts={text.path: written})
    assert images.kept_secrets(project, FileFacts((own,))) == {"/app/store": "store", **found}
    assert images.kept_secrets(project, FileFacts((replace(own, from_base=True),))) == {}


UP = ContainerFacts(ready=True, stopped=Stopped("SIGTERM", 0.2, 0, killed=False))
SLOW = replace(UP, stopped=Stopped("SIGTERM", 9.0, 0, killed=False))
DEAF = replace(
    UP, stopped=Stopped("SIGTERM", 10.2, 137, killed=True), processes=(Process(1, 0, (0,) * 4, (0,) * 4, ()),)
)


@pytest.mark.parametrize(
    ("first", "boots"),
    [
        (UP, 1),
        (SLOW, 2),
        (ContainerFacts(), 2),
        (DEAF, 1),
        (ContainerFacts(exit_code=1), 1),
        (ContainerFacts(unobservable="there is no image to look from"), 1),
    ],
)
def test_what_only_a_clock_says_is_tried_again(project: Project, first: ContainerFacts, boots: int) -> None:
    """Once; what was seen without one, as that the kernel ignores the signal, is seen."""
    seen = [first, UP]

    class Booted:
        def facts(self, **_: object) -> ContainerFacts:
            return seen.pop(0)

    boot: Any = lambda *_: contextlib.nullcontext(Booted())  # noqa: E731 - in the place of what boots containers
    assert containers.container(boot, project.config, 0.0, ignore) is (first if boots == 1 else UP)
    assert len(seen) == 2 - boots


@pytest.mark.parametrize(
    ("config", "granted"), [(Config(), 512), (Config(memory_mb=256), 256), (Config(memory_mb=2000), 2000)]
)
def test_a_part_of_the_machine_is_what_the_project_grants(config: Config, granted: int) -> None:
    """A service that needs more says so; where nothing is said, it is little."""
    assert little_memory(config) == granted * 1_000_000
