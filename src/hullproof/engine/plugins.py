"""docker's command-line plugins: whether buildx and compose are there, how to call them, and which version they are."""

from __future__ import annotations

import re
from pathlib import Path

from hullproof.engine.endpoint import NoEngineError, config_folder, read_json
from hullproof.errors import EndingError, EngineError
from hullproof.process import run

# 0.13 is the first with --progress=rawjson.
MINIMUM_BUILDX = (0, 13)

# Where distributions and Docker's own packages put plugins. A docker command line from somewhere else (a
# static build, conda, Nix) may look in none of them; the plugins also run as programs of their own.
PLUGIN_FOLDERS = (
    Path("/usr/local/lib/docker/cli-plugins"),
    Path("/usr/local/libexec/docker/cli-plugins"),
    Path("/usr/lib/docker/cli-plugins"),
    Path("/usr/libexec/docker/cli-plugins"),
)


RUN_NOTHING = {
    "BUILDX_GIT_INFO": "false",
    "BUILDX_GIT_LABELS": "false",
    "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false",
    "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false",
}
"""The environment in which plugins run no program of this machine for a project.

buildx asks git about the context that it builds, and compose fetches by git what a file includes from elsewhere: under
the configuration in the project's `.git`, and with the variables of the project's `.env`, both of which name commands.
"""

_CLI_TIMEOUT_S = 15


def find_buildx(docker: str | None, *, directly: bool = False) -> tuple[tuple[str, ...], str]:
    """Return how to call buildx, through docker or as the program that the plugin is, and its version.

    `directly`: as the program first, which starts in a quarter of the time. It is the one that docker would call; but what
    docker's variables say of TLS, docker alone hands on. Raises NoEngineError when there is none or when it cannot do what
    is asked of it.
    """
    too_old: str | None = None
    own = [(docker, "buildx")] if docker else []
    programs = [(str(path),) for path in plugin_files("docker-buildx")]
    first = programs[:1] if directly and not _has_more_folders() else []
    for command in dict.fromkeys([*first, *own, *programs]):
        version = plugin_version(command)
        if version is not None and numbers(version) >= MINIMUM_BUILDX:
            return command, version
        too_old = too_old or version
    wanted = ".".join(map(str, MINIMUM_BUILDX))
    if too_old is not None:
        raise NoEngineError(
            "buildx-too-old",
            f"buildx {too_old} is too old, {wanted} or newer is needed: `hullproof doctor` says what to install",
        )
    raise NoEngineError(
        "buildx-missing",
        f"docker's buildx plugin ({wanted} or newer) is missing: "
        "`hullproof doctor` names the package (docker-buildx on Debian, docker-buildx-plugin from Docker)",
    )


def find_compose(docker: str | None) -> tuple[tuple[str, ...], str] | None:
    """Return how to call compose, in the same two ways, and its version; None where there is none."""
    own = [(docker, "compose")] if docker else []
    for command in [*own, *((str(path),) for path in plugin_files("docker-compose"))]:
        version = plugin_version(command)
        if version is not None:
            return command, version
    return None


def plugin_version(command: tuple[str, ...]) -> str | None:
    """Return the version that a plugin's `version` command prints, or None when it does not run."""
    try:
        done = run(
            [*command, "version"],
            timeout_s=_CLI_TIMEOUT_S,
            waiting_for=f"{command[-1]} to say its version",
            output="stdout",
        )
    except EndingError:
        raise
    except EngineError:
        return None
    found = re.search(r"\bv?(\d+\.\d+[^\s]*)", done.text)
    return found.group(1) if done.returncode == 0 and found else None


def plugin_files(name: str) -> list[Path]:
    """Return where a plugin lies on this machine, the likeliest place first."""
    folders = (config_folder() / "cli-plugins", *PLUGIN_FOLDERS)
    return [folder / name for folder in folders if (folder / name).is_file()]


def _has_more_folders() -> bool:
    """Tell whether docker's configuration names folders of plugins that come before all others, as far as it can be read."""
    try:
        return bool(read_json(config_folder() / "config.json").get("cliPluginsExtraDirs"))
    except EngineError:
        return True


def numbers(version: str) -> tuple[int, ...]:
    """`0.13.1+ds1` -> (0, 13, 1), to be compared."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in found.group(1).split(".")) if found else ()
