"""What a lock file says, installed by the tool that it belongs to: from where it says, and nothing by name alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init import origins, requirements
from hullproof.init.found import REQUIREMENTS, TEST_REQUIREMENTS, Found, for_tests, said_of_tests
from hullproof.init.metadata import FILE, Metadata, Set
from hullproof.init.model import Install, Remark, Tool
from hullproof.init.requirements import Declared

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.locks import Lock
    from hullproof.init.workspace import Workspace


@dataclass(frozen=True)
class _Owner:
    """The tool that owns a lock file: its command for the release, and what that takes for a group and an extra."""

    tool: Tool
    release: str
    tests: str
    group: str = ""
    extra: str = ""
    beside: tuple[str, ...] = ("pyproject.toml",)
    folders: bool = False


_VENV = "/opt/venv"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""The system's, which the build's secret takes the place of where the host trusts other authorities, too."""
_UV = {
    "SSL_CERT_FILE": _CERTIFICATES,
    "UV_PROJECT_ENVIRONMENT": _VENV,
    "UV_LINK_MODE": "copy",
    "UV_PYTHON_DOWNLOADS": "never",
}
_OWNERS: Mapping[str, _Owner] = {
    # https://docs.astral.sh/uv/guides/integration/docker/
    "uv.lock": _Owner(
        Tool("uv", ("uv>=0.5.3",), "/root/.cache/uv", _UV),
        "uv sync --frozen --no-install-project --no-default-groups",
        "uv sync --frozen --no-install-project --no-default-groups",
        "--group {}",
        "--extra {}",
        folders=True,
    ),
    # Poetry itself asks PyPI for more than an index has to know, which mirrors do not: its list is for pip.
    # https://github.com/python-poetry/poetry-plugin-export
    "poetry.lock": _Owner(
        Tool("poetry", ("poetry>=2", "poetry-plugin-export>=1.8")),
        f"poetry export --quiet --only main --output {REQUIREMENTS}",
        f"poetry export --quiet --output {TEST_REQUIREMENTS}",
        "--with {}",
        "--extras {}",
    ),
    # https://pdm-project.org/latest/reference/cli/#sync; it does not work with the newest of its own dependencies
    "pdm.lock": _Owner(
        Tool(
            "pdm",
            ("pdm>=2.15", "hishel<2"),
            "/root/.cache/pdm",
            {"VIRTUAL_ENV": _VENV, "SSL_CERT_FILE": _CERTIFICATES, "PDM_CHECK_UPDATE": "0"},
        ),
        "pdm sync --no-self --prod",
        "pdm sync --no-self --dev",
        "",
        "--group {}",
    ),
    # https://pipenv.pypa.io/en/latest/commands.html#sync
    "Pipfile.lock": _Owner(
        Tool(
            "pipenv",
            ("pipenv>=2024",),
            "/root/.cache/pipenv",
            {"VIRTUAL_ENV": _VENV, "PIP_CERT": _CERTIFICATES, "PIPENV_VERBOSITY": "-1"},
        ),
        "pipenv sync",
        "pipenv sync --dev",
        beside=("Pipfile",),
    ),
    # https://docs.astral.sh/uv/pip/compile/: PEP 751
    "pylock.toml": _Owner(
        Tool("uv", ("uv>=0.7",), "/root/.cache/uv", {"SSL_CERT_FILE": _CERTIFICATES, "UV_LINK_MODE": "copy"}),
        f"uv pip sync --python {_VENV}/bin/python pylock.toml",
        "",
        beside=(),
    ),
}


def look(files: Files, metadata: Metadata, lock: Lock | None, space: Workspace | None) -> Found | None:
    """Let the tool that made a lock file install what that holds; None where there is no lock file.

    Raises UsageError where it installs folders of the project, which only uv can leave out.
    """
    if lock is None or (lock.path != "Pipfile.lock" and not metadata.table):
        return None
    owner = _OWNERS[lock.path]
    tool = owner.tool
    declared, sets = list(metadata.dependencies), list(metadata.sets)
    if lock.path == "Pipfile.lock":
        declared, sets = _pipfile(files)
    origins.require_known(files, metadata, tool.name, declared)
    _require_no_folders(lock, owner)
    chosen = for_tests([each for each in sets if each.kind != "environment"])  # which hatch alone installs
    copied = (
        *owner.beside,
        lock.path,
        *(path for path in ("uv.toml",) if tool.name == "uv" and path in files),
    )
    copied += space.described if space else ()
    own = space.options if space else ""
    said = [Remark("found", f"packages, locked in {lock.path}")]
    options = [getattr(owner, each.kind, "").format(each.name) for each in chosen]
    release, tests = _install(owner, lock, _words(owner.release, own), copied), Install()
    if chosen:
        said.append(said_of_tests(chosen))
        if space and space.package and any(each.place.startswith(FILE) for each in chosen):
            own = "--all-packages --no-install-workspace"  # a group of the workspace itself
        tests = _install(owner, lock, _words(owner.tests, own, *options), copied)
    packages = [each for one in chosen for each in one.packages]
    if chosen and not owner.tests:
        origins.require_known(files, metadata, "pip", packages)
        tests = Install(packages=tuple(each.text for each in packages if each.text))
        said.append(Remark("note", f"{lock.path} holds no packages for tests: those are not locked"))
    git = any(each.repository for each in lock.packages.values())
    return Found(release, declared, tests, packages, lock.release(metadata.name), tool, said, git)


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _install(owner: _Owner, lock: Lock, command: str, copied: tuple[str, ...]) -> Install:
    """Let the tool install, or where it only writes a list, pip from that; which checks all hashes or none."""
    if owner.tool.cache:
        return Install(copied=copied, command=command)
    file = TEST_REQUIREMENTS if TEST_REQUIREMENTS in command else REQUIREMENTS
    return Install(file, copied, command if lock.all_hashed else f"{command} --without-hashes")


def _require_no_folders(lock: Lock, owner: _Owner) -> None:
    away = next((each for each in lock.packages.values() if each.folder not in (None, ".", "")), None)
    if away is not None and not owner.folders:
        raise UsageError(
            f"{lock.path}: {away.name} comes from the folder {away.folder}, which is not there yet when the build "
            f"installs packages; list its dependencies instead, and run `{owner.tool.name} lock`"
        )
    private = next(filter(origins.is_private, lock.indexes), None)
    if private is not None and not owner.tool.cache and not lock.all_hashed:
        raise UsageError(
            f"{lock.path}: packages come from {origins.shown(private)}, and one comes without a hash, so that pip could "
            "not tell them from others of their names; take that one from an index, too"
        )


def _pipfile(files: Files) -> tuple[list[Declared], list[Set]]:
    """Return what Pipfile declares for the application and, as a set, for development."""
    try:
        table = toml.loads(files.text("Pipfile"))
    except toml.TomlError as error:
        raise UsageError(f"Pipfile is not valid TOML: {error}") from error

    def section(name: str) -> list[Declared]:
        found = (
            requirements.declared(each, f"Pipfile:{files.line_of_key('Pipfile', each)}")
            for each in toml.table(table, name)
        )
        return [each for each in found if each is not None]

    development = section("dev-packages")
    sets = [Set("dev", "group", "Pipfile [dev-packages]", tuple(development))] if development else []
    return section("packages"), sets
