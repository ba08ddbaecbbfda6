"""What a person should know that init cannot settle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.init import before, databases
from hullproof.init.model import Application, Dependencies, Remark, Server
from hullproof.project import composed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.init.files import Files


def repository(folder: Path) -> Path | None:
    """Find the top of the git repository that a folder is in; None where it is in none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def of_profiles(files: Files, dependencies: Dependencies, server: Server) -> Iterator[Remark]:
    """Say what the profiles beside the guide's ask for and only the person can settle."""
    listed = dependencies.release.copied
    if (
        dependencies.tool is None
        and dependencies.places
        and listed
        and not any("--hash=" in files.text(path) for path in listed)
    ):
        yield Remark(
            "note",
            f"{listed[0]} has no hashes, later builds may install other versions: lock it (pinned-dependencies, profile release)",
        )
    if server.port is None:
        yield Remark(
            "note",
            "no HEALTHCHECK, since what tells that it works is not known (healthcheck, profile production)",
        )


def look(
    files: Files, application: Application, dependencies: Dependencies, server: Server, hullproof: str
) -> Iterator[Remark]:
    """Say which database has to be started beside the container, where the workflow belongs, and what both need."""
    compose = files.first(*composed.USUAL)
    found = databases.find(files, application, dependencies)
    if found is not None:
        how = f'compose = "{compose}"' if compose else "`compose` to the compose file that describes it"
        own = "[tool.hullproof]" in files.text("pyproject.toml")
        settings = "pyproject.toml [tool.hullproof]" if own else "hullproof.toml"
        yield Remark(
            "note",
            f"{found.name}, {found.where}: if the application cannot start without it, set {how} in {settings}",
        )
    yield from before.look(files, (*dependencies.build_system, *dependencies.run_system), server.environment)
    source = hullproof.partition(" @ ")[2]
    if source:
        only = (
            ", which is on this machine alone: for others, put a git address there"
            if source.startswith("file:")
            else ""
        )
        yield Remark("note", f"the noxfile and the workflow get Hullproof from {source}{only}")
    top = repository(files.folder)
    above = next((each for each in files.folder.parents if (each / "uv.lock").is_file()), None)
    if above is not None and "uv.lock" not in files and top is not None and above.is_relative_to(top):
        yield Remark(
            "note", f"{above / 'uv.lock'} is not used: for its versions, give {above} to init, and --entry"
        )
    if top not in (None, files.folder):
        yield Remark(
            "note", f"no workflow: GitHub reads those at the top of the repository only, which is {top}"
        )
