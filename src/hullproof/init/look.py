"""Looks at a project, and puts together what it is. Nothing of it is imported or run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hullproof.init import (
    application,
    dependencies,
    environment,
    locks,
    metadata,
    needed,
    notes,
    own,
    plan,
    python,
    server,
    suite,
)
from hullproof.init.files import Files
from hullproof.init.model import Choices, Findings


def look(folder: Path, choices: Choices) -> Findings:
    """Return what is known of the project in `folder`, each part with where it was seen or why it was assumed.

    Raises UsageError, one line with what would decide it, where something essential cannot be told.
    """
    files = Files(folder)
    written = metadata.read(files)
    configured = bool(written.tool("hullproof")) or not plan.is_ours(files.text(plan.SETTINGS))
    lock = locks.find(files)
    version = python.look(files, written, lock, choices.python)
    packages = dependencies.look(files, written, lock, version.version)
    found = application.look(files, written, packages, choices)
    serves = server.look(files, found, packages, choices.port)
    tests = suite.look(files, found, packages)
    packages = replace(
        packages, test=replace(packages.test, packages=(*packages.test.packages, *tests.missing))
    )
    contents = needed.look(files, found, packages, tests)
    itself, said_of_itself = own.look(files, written, contents.release)
    variables, said = environment.look(files, configured=configured)
    return Findings(
        folder=folder,
        name=written.name or folder.name or "the project",
        python=version,
        dependencies=packages,
        application=found,
        server=serves,
        tests=tests,
        contents=contents,
        own=itself,
        environment=variables,
        test_environment={name: value for name, value in variables.items() if not _set_by_tests(files, name)},
        is_repository=notes.repository(folder) in (None, folder),
        is_configured=configured,
        remarks=(
            *found.said,
            *packages.said,
            *serves.said,
            *tests.said,
            *version.said,
            *said_of_itself,
            *said,
            *notes.look(files, found, packages),
        ),
    )


def _set_by_tests(files: Files, name: str) -> bool:
    """Whether the tests, or what configures them, name a variable: then they see to it themselves."""
    beside = (path for path in files.paths if path.endswith(".py") and files.is_aside(path))
    return any(name in files.text(path) for path in (*beside, *suite.CONFIGURATION))
