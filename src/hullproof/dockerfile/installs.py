"""Recognises the commands of a RUN step that install Python dependencies, and from what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import options, shell, valued
from hullproof.dockerfile.once import once
from hullproof.tools import is_tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.dockerfile.model import Instruction
    from hullproof.dockerfile.steps import ShellCommand

_LOCAL = re.compile(r"(?:\.{1,2}(?:/|\[|\Z)|/|~/|file:|\$\{?PWD\b)|[\w.-]+/")
_ARTIFACT = re.compile(r"\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)(?:\[|\Z)|/\*\Z")
_REMOTE = re.compile(r"(?:git|hg|svn|bzr)\+|https?:|ssh:")
_PIPED = re.compile(r"(?:/dev/(?:stdin|fd/\d+)|/proc/self/fd/\d+|-|<\(.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Install:
    """One command that installs (or, for `wheel` and `download`, prepares) Python packages.

    Paths are as written: relative to the step's working directory, variables not replaced.
    """

    tool: str
    action: str
    command: ShellCommand
    line: int
    requirement_files: tuple[str, ...] = ()
    constraint_files: tuple[str, ...] = ()
    implied_files: tuple[str, ...] = ()
    """Files that the tool reads without being told, such as `uv.lock`."""
    packages: tuple[str, ...] = ()
    """Packages named in the command, with their versions."""
    local_paths: tuple[str, ...] = ()
    """Projects installed from a path: `.`, `./pkg`, `/src[extra]`."""
    artifacts: tuple[str, ...] = ()
    """Built files installed from a path, such as `/wheels/*.whl`, or by name from a folder of them."""
    installs_project: bool = False
    no_deps: bool = False
    computed: bool = False
    """Whether what to install is worked out by another command: `$(cat list)`, a list on stdin, a `<(...)`."""

    @property
    def distributions(self) -> frozenset[str]:
        """The names of `packages`, without versions and extras."""
        return frozenset(re.split(r"[\[=<>!~@; ]", each, maxsplit=1)[0].lower() for each in self.packages)

    @property
    def declares_file(self) -> bool:
        """Whether what gets installed is declared in a file, not in the command."""
        listed = self.requirement_files or self.implied_files or self.local_paths
        return bool(listed) or self.computed

    @property
    def installs_named_only(self) -> bool:
        """Whether what gets installed is named in the command alone."""
        return bool(self.packages) and not self.declares_file and not self.artifacts

    @property
    def tools_only(self) -> bool:
        """Whether it only installs developers' tools: `pip install -U pip`, `pip install poetry pytest`."""
        return self.installs_named_only and all(map(is_tool, self.distributions))


@once
def install_commands(instruction: Instruction) -> tuple[Install, ...]:
    """List the commands of a RUN that install Python packages, in order."""
    if instruction.keyword != "RUN":
        return ()
    found = (_recognised(command, instruction.line) for command in shell.commands(instruction).commands)
    return tuple(install for install in found if install is not None)


def _recognised(command: ShellCommand, line: int) -> Install | None:
    reader = _READERS.get(command.program)
    if command.program == "python":
        return _setup_py(command, line)
    return reader(command, line) if reader else None


def _pip(command: ShellCommand, line: int) -> Install | None:
    return _pip_like(command, line, "pip", command.argv[1:])


def _pip_like(command: ShellCommand, line: int, tool: str, args: tuple[str, ...]) -> Install | None:
    """Read `pip install` and what understands the same options."""
    read = options.split(args, valued.PIP)
    action = read.words[0] if read.words else ""
    if action not in {"install", "wheel", "download", "sync"} or read.has("--help", "--dry-run"):
        return None
    words, files = read.words[1:], read.all("-r", "--requirement", "--requirements")
    if action == "sync":
        words, files = [], (*files, *words)
    piped = tuple(file for file in files if _PIPED.match(file))
    files = tuple(file for file in files if file not in piped)
    editable = read.all("-e", "--editable")
    words = [*words, *(path for path in editable if _REMOTE.match(path))]
    # From a folder of wheels, and from nowhere else: `pip install --no-index --find-links=/wheels app`.
    only_wheels = read.has("--no-index") and any(
        not _REMOTE.match(each) for each in read.all("-f", "--find-links")
    )
    artifacts = tuple(
        w
        for w in words
        if not _REMOTE.match(w) and (_ARTIFACT.search(w) or (only_wheels and not _is_local(w)))
    )
    local = tuple(w for w in (*editable, *words) if _is_local(w) and w not in artifacts)
    packages = tuple(w for w in words if w not in local and w not in artifacts)
    return Install(
        tool=tool,
        action=action,
        command=command,
        line=line,
        requirement_files=files,
        constraint_files=read.all("-c", "--constraint", "--constraints"),
        implied_files=("pyproject.toml",) if read.has("--group") else (),
        packages=packages,
        local_paths=local,
        artifacts=artifacts,
        installs_project=bool(local),
        no_deps=read.has("--no-deps"),
        computed=bool(piped)
        or "xargs" in command.wrappers
        or any("$(" in word or "`" in word for word in words),
    )


def _is_local(word: str) -> bool:
    """Whether a requirement is a path, or `name @ file:///path`."""
    if _REMOTE.match(word):
        return False
    return _LOCAL.match(word) is not None or re.search(r"@\s*file:", word) is not None


def _pip_sync(command: ShellCommand, line: int) -> Install | None:
    read = options.split(command.argv[1:], valued.PIP)
    files = tuple(read.words) or ("requirements.txt",)
    return Install("pip-sync", "sync", command, line, requirement_files=files)


def _uv(command: ShellCommand, line: int) -> Install | None:
    read = options.split(command.argv[1:], valued.PIP)
    if read.words[:1] == ["pip"]:
        args = list(command.argv[1:])
        args.remove("pip")
        return _pip_like(command, line, "uv pip", tuple(args))
    if read.words[:2] == ["tool", "install"]:
        return Install("uv tool", "install", command, line, packages=tuple(read.words[2:]))
    implied = ("pyproject.toml", "uv.lock")
    parts = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--only-group")
    return _managed(command, line, "uv", implied, parts)


def _poetry(command: ShellCommand, line: int) -> Install | None:
    return _managed(
        command, line, "poetry", ("pyproject.toml", "poetry.lock"), ("--no-root", "--no-directory")
    )


def _pdm(command: ShellCommand, line: int) -> Install | None:
    return _managed(command, line, "pdm", ("pyproject.toml", "pdm.lock"), ("--no-self",))


def _rye(command: ShellCommand, line: int) -> Install | None:
    return _managed(command, line, "rye", ("pyproject.toml", "requirements.lock"), ())


def _pixi(command: ShellCommand, line: int) -> Install | None:
    return _managed(command, line, "pixi", ("pixi.toml", "pyproject.toml", "pixi.lock"), ())


def _managed(
    command: ShellCommand, line: int, tool: str, implied: tuple[str, ...], without_project: tuple[str, ...]
) -> Install | None:
    """Read a project manager, which installs what its lock file says, and the project unless told not to."""
    read = options.split(command.argv[1:], valued.MANAGERS)
    action = read.words[0] if read.words else ""
    if action not in {"install", "sync", "add"} or read.has("--help", "--dry-run"):
        return None
    if action == "add":
        files = read.all("-r", "--requirements")
        packages = tuple(read.words[1:])
        return Install(tool, action, command, line, requirement_files=files, packages=packages)
    project = not read.has(*without_project)
    return Install(tool, action, command, line, implied_files=implied, installs_project=project)


def _pipenv(command: ShellCommand, line: int) -> Install | None:
    read = options.split(command.argv[1:], valued.MANAGERS)
    if read.words[:1] not in (["install"], ["sync"]) or read.has("--help"):
        return None
    packages, files = tuple(read.words[1:]), read.all("-r", "--requirements")
    implied = () if packages or files else ("Pipfile", "Pipfile.lock")
    local = tuple(path for path in read.all("-e", "--editable") if _is_local(path))
    return Install(
        tool="pipenv",
        action=read.words[0],
        command=command,
        line=line,
        requirement_files=files,
        implied_files=implied,
        packages=packages,
        local_paths=local,
        installs_project=bool(local),
    )


def _pipx(command: ShellCommand, line: int) -> Install | None:
    read = options.split(command.argv[1:], valued.PIP)
    if read.words[:1] != ["install"]:
        return None
    return Install("pipx", "install", command, line, packages=tuple(read.words[1:]))


def _conda(command: ShellCommand, line: int) -> Install | None:
    read = options.split(command.argv[1:], valued.CONDA)
    action = " ".join(read.words[: 2 if read.words[:1] == ["env"] else 1])
    if action not in {"install", "create", "update", "env update", "env create"} or read.has("--help"):
        return None
    files = read.all("-f", "--file")
    if action.startswith("env ") and not files:
        files = ("environment.yml",)
    packages = tuple(read.words[len(action.split()) :])
    return Install(command.program, action, command, line, requirement_files=files, packages=packages)


def _setup_py(command: ShellCommand, line: int) -> Install | None:
    words = [word for word in command.argv[1:] if not word.startswith("-")]
    if words[:1] and words[0].rsplit("/", 1)[-1] == "setup.py" and {"install", "develop"} & set(words[1:]):
        return Install("setup.py", words[1], command, line, local_paths=(".",), installs_project=True)
    return None


_READERS: dict[str, Callable[[ShellCommand, int], Install | None]] = {
    "pip": _pip,
    "pip-sync": _pip_sync,
    "piptools": _pip_sync,
    "uv": _uv,
    "poetry": _poetry,
    "pdm": _pdm,
    "rye": _rye,
    "pixi": _pixi,
    "pipenv": _pipenv,
    "pipx": _pipx,
    "conda": _conda,
    "mamba": _conda,
    "micromamba": _conda,
}
