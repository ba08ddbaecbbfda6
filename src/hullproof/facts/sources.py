"""What is read from the project itself: no engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone

from hullproof.dockerfile import Release
from hullproof.facts.provider import fact
from hullproof.project import scripts, suites, texts
from hullproof.project.config import Config
from hullproof.project.git import Checkout, look
from hullproof.project.project import Project


@fact
def config(project: Project) -> Config:
    """The project's settings."""
    return project.config


@fact
def release(project: Project) -> Release:
    """The Dockerfile, resolved for what is released."""
    return project.release


@fact
def tests(project: Project) -> Mapping[str, str]:
    """The project's test files: path to SHA-256."""
    return suites.contents(project.folder)


@fact
def project_texts(project: Project) -> Mapping[str, str]:
    """What the project's own files say of which a fix may name a line, by path: sources, scripts, settings, lists."""
    return texts.read(project)


@fact
def test_scripts(project: Project) -> Mapping[int, str]:
    """The scripts of the project that run its tests, by the line of the step that starts them."""
    return scripts.testing(project)


@fact
def checkout(project: Project) -> Checkout:
    """The commit that the project's folder is checked out from, and where its repository comes from."""
    return look(project.folder)


@fact
def today() -> date:
    """The day on which the proving is done, in UTC."""
    return datetime.now(timezone.utc).date()


@fact
def judged() -> frozenset[str]:
    """The ids of the practices that are judged beside each other, so that one cause is accused once; none where nobody says."""
    return frozenset()
