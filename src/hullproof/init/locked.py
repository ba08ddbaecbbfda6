"""What a lock file says, installed by the tool that it belongs to: from where it says, and nothing by name alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init import origins, requirements
from hullproof.init.found import REQUIREMENTS, TEST_REQUIREMENTS, Found, for_serving, for_tests, said_of
from hullproof.init.metadata import FILE, Metadata, Set
from hullproof.init.model import Install, Remark, Tool
from hullproof.init.requirements import Declared

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.locks import Lock
    from hullproof.init.workspace import Workspace


@dataclass(frozen=True)
class _Owner:
    """The tool that owns a lock file.

    `listing` writes out what the lock says, for a file that it is given last, and takes a `group` and an `extra`; `install`
    installs from such a file. `released_group` is how it takes a group with the packages of the release. No version's number of
    the project's own is in such a file, so that a new one installs nothing anew. Without an `install`, that is pip. Without
    a `listing`, the tool installs by itself: `tests` is what it takes for these.
    """

    tool: Tool
    listing: str = ""
    install: str = ""
    tests: str = ""
    release: str = ""
    group: str = ""
    extra: str = ""
    released_group: str = ""
    beside: tuple[str, ...] = ("pyproject.toml",)
    folders: bool = False

    def released(self, chosen: Set) -> str:
        """Return the option by which a group or an extra goes with the packages of the release, "" where there is none."""
        return (self.extra if chosen.kind == "extra" else self.released_group).format(chosen.name)


_VENV = "/opt/venv"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""The system's, which the build's secret takes the place of where the host trusts other authorities, too."""
_UV = Tool(
    "uv",
    ("uv>=0.9.6",),
    "/root/.cache/uv",
    {
        "SSL_CERT_FILE": _CERTIFICATES,
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
    },
)
_UV_INSTALL = f"uv pip sync{{}} --python {_VENV}/bin/python {{}}"
_COMPILED = " --compile-bytecode"
"""What is not released goes without."""
_LOCKED, _LOCKED_FOR_TESTS = "pylock.toml", "pylock.test.toml"
_OWNERS: Mapping[str, _Owner] = {
    # With the address and the hash of each package: https://docs.astral.sh/uv/concepts/projects/export/, PEP 751
    "uv.lock": _Owner(
        _UV,
        "uv export --quiet --frozen --no-emit-local --no-default-groups",
        _UV_INSTALL,
        group="--group {}",
        extra="--extra {}",
        released_group="--group {}",
        folders=True,
    ),
    # Poetry itself asks PyPI for more than an index has to know, which mirrors do not: its list is for pip.
    # https://github.com/python-poetry/poetry-plugin-export
    "poetry.lock": _Owner(
        Tool("poetry", ("poetry>=2", "poetry-plugin-export>=1.8")),
        "poetry export --quiet --only main",
        tests="poetry export --quiet",
        group="--with {}",
        extra="--extras {}",
        released_group="--only {}",
    ),
    # https://pdm-project.org/latest/reference/cli/#export
    "pdm.lock": _Owner(
        Tool("pdm", ("pdm>=2.26",), environment={"PDM_CHECK_UPDATE": "0", "PDM_USE_VENV": "0"}),
        "pdm export --prod",
        tests="pdm export",
        group="--group {}",
        extra="--group {}",
    ),
    # https://pipenv.pypa.io/en/latest/commands.html#sync
    "Pipfile.lock": _Owner(
        Tool(
            "pipenv",
            ("pipenv>=2024",),
            "/root/.cache/pipenv",
            {"VIRTUAL_ENV": _VENV, "PIP_CERT": _CERTIFICATES, "PIPENV_VERBOSITY": "-1"},
        ),
        release="pipenv sync",
        tests="pipenv sync --dev",
        beside=("Pipfile",),
    ),
    # https://docs.astral.sh/uv/pip/compile/: PEP 751
    "pylock.toml": _Owner(_UV, release=_UV_INSTALL.format(_COMPILED, _LOCKED), beside=()),
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
    if tool is not _UV:  # whose lock file says of each package from where it comes, with its hash
        origins.require_known(files, metadata, tool.name, declared)
    _require_no_folders(lock, owner)
    installable = [each for each in sets if each.kind != "environment"]  # which hatch alone installs
    chosen = for_tests(installable)
    serving = [each for each in for_serving(installable, chosen, declared) if owner.released(each)]
    copied = (
        *owner.beside,
        lock.path,
        *(path for path in ("uv.toml",) if tool.name == "uv" and path in files),
    )
    copied += space.described if space else ()
    own = f"--package {shlex.quote(space.package)}" if space and space.package else ""
    said = [Remark("found", f"packages, locked in {lock.path}")]
    with_server = " ".join([own, *map(owner.released, serving)]).strip()
    release = _install(owner, lock, copied, with_server)
    said += [said_of("serving", serving)] if serving else []
    declared += [each for one in serving for each in one.packages]
    said += [
        Remark("note", f"{lock.path} does not hold {each.name}, which {each.place} asks for: lock again")
        for each in _not_held(lock, metadata, declared)
    ]
    said += [said_of("tests", chosen)] if chosen else []
    packages = [each for one in chosen for each in one.packages]
    if any(_not_held(lock, metadata, packages)):
        origins.require_known(files, metadata, "pip", packages)
        tests = Install(packages=tuple(each.text for each in packages if each.text))
        said.append(Remark("note", f"{lock.path} does not hold all packages for tests: those are not locked"))
    elif chosen:
        if own and any(each.place.startswith(FILE) for each in chosen):
            own = "--all-packages"  # a group of the workspace itself
        options = " ".join(getattr(owner, each.kind).format(each.name) for each in chosen)
        tests = _install(owner, lock, copied, own, options)
    else:
        tests = Install()
    git = any(each.repository for each in lock.packages.values())
    return Found(
        release,
        declared,
        tests,
        packages,
        dict.fromkeys(lock.release(metadata.name), lock.path),
        tool,
        said,
        git,
    )


def _install(
    owner: _Owner, lock: Lock, copied: tuple[str, ...], own: str, for_them: str | None = None
) -> Install:
    """Let the tool install, or write a list for what does. `own` chooses the package, `for_them` what they need beside it.

    Pip checks the hashes of all packages or of none.
    """
    if not owner.listing:
        return Install(copied=copied, command=owner.tests if for_them is not None else owner.release)
    if owner.install:
        file = _LOCKED_FOR_TESTS if for_them is not None else _LOCKED
    else:
        file = TEST_REQUIREMENTS if for_them is not None else REQUIREMENTS
    words = [
        owner.tests if for_them is not None and owner.tests else owner.listing,
        own,
        for_them or "",
        f"-o {file}",
    ]
    if not owner.install and not lock.all_hashed:
        words.append("--without-hashes")
    command = owner.install.format("" if for_them is not None else _COMPILED, file) if owner.install else None
    return Install(file, copied, " ".join(word for word in words if word), command=command)


def _not_held(lock: Lock, metadata: Metadata, declared: Iterable[Declared]) -> Iterator[Declared]:
    """Yield what is declared for every platform, and was after the lock file was made."""
    known = {*lock.packages, metadata.name}
    return (each for each in declared if each.name and each.name not in known and ";" not in each.text)


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
