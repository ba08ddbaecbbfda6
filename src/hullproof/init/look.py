"""Looks at a project, and puts together what it is. Nothing of it is imported or run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hullproof.distribution import own_requirement
from hullproof.init import (
    application,
    dependencies,
    entry,
    environment,
    locks,
    metadata,
    needed,
    notes,
    own,
    plan,
    ports,
    python,
    server,
    suite,
    workspace,
)
from hullproof.init.files import Files
from hullproof.init.locks import Lock
from hullproof.init.metadata import Metadata
from hullproof.init.model import Choices, Findings
from hullproof.init.workspace import Workspace


def look(folder: Path, choices: Choices, dockerfile: str = "Dockerfile") -> Findings:
    """Return what is known of the project in `folder`, with its `dockerfile`, each part with where it was seen or why it was assumed.

    Raises UsageError, one line with what would decide it, where something essential cannot be told.
    """
    files, hullproof = Files(folder, dockerfile), own_requirement("nox").replace("==", ">=")
    written = metadata.read(files)
    configured = bool(written.tool("hullproof")) or not plan.is_ours(files.text(plan.SETTINGS))
    lock = locks.find(files)
    version = python.look(files, written, lock, choices.python)
    space = _workspace(files, written, lock, choices)
    packages = dependencies.look(files, space.metadata if space else written, lock, version.version, space)
    found = application.look(files, written, packages, choices)
    found = replace(found, beside=space.roots(files) if space else ())
    serves = server.look(files, found, packages, choices.port)
    tests = suite.look(files, found, packages, space.folder if space else "")
    packages = replace(
        packages, test=replace(packages.test, packages=(*packages.test.packages, *tests.missing))
    )
    contents = needed.look(files, found, packages, tests, space)
    itself, said_of_itself = own.look(files, written, contents.release)
    variables, said = environment.look(files, configured=configured)
    asked_for = [name for name in variables if ports.is_a_port(name)]
    if asked_for:
        serves = server.told_its_port(serves, asked_for)
        variables |= {name: str(serves.port) for name in asked_for}
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
        has_sessions=plan.NOXFILE not in files or plan.CALL in files.text(plan.NOXFILE),
        hullproof=hullproof,
        remarks=(
            *tests.foremost,
            *found.said,
            *packages.said,
            *serves.said,
            *tests.said,
            *version.said,
            *said_of_itself,
            *said,
            *notes.look(files, found, packages, serves, hullproof),
            *notes.of_profiles(files, packages, serves),
        ),
    )


def _workspace(files: Files, written: Metadata, lock: Lock | None, choices: Choices) -> Workspace | None:
    """Look for packages in folders, where the project may have some: which are needed, its application tells."""
    if not written.tool("uv", "workspace") and not (
        lock and any(each.folder not in (None, ".") for each in lock.packages.values())
    ):
        return None
    if choices.command is not None:
        return workspace.look(
            files, written, lock, entry.of_command(files, choices.command, choices.entry).path
        )
    if written.tool("uv", "workspace") and lock is None:
        return workspace.look(files, written, lock, "")
    return workspace.look(files, written, lock, entry.look(files, written, choices.entry)[0].path)


def _set_by_tests(files: Files, name: str) -> bool:
    """Whether the tests, or what configures them, name a variable: then they see to it themselves."""
    beside = (path for path in files.paths if path.endswith(".py") and files.is_aside(path))
    return any(name in files.text(path) for path in (*beside, *suite.CONFIGURATION))
