"""What is taken of a compose file: a list of what is allowed, so that what nobody thought of is refused, and named.

A service gets no more of the machine than `docker run IMAGE` would give it. What shapes only the machine's side of it
is left out: it would make two runs meet. The words are those of
https://github.com/compose-spec/compose-spec/blob/main/spec.md, as `docker compose config` resolves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from hullproof.errors import UsageError

Description = dict[str, Any]
"""A part of a compose file."""

_TAKEN = frozenset(
    {
        "image", "command", "entrypoint", "environment", "working_dir", "user", "hostname", "domainname", "platform",
        "healthcheck", "depends_on", "expose", "stop_signal", "stop_grace_period", "init", "tty", "stdin_open",
        "read_only", "cap_drop", "tmpfs", "shm_size",
    }
)  # fmt: skip
# Fixed names and ports would meet those of another run; a restart would hide that a service fails; another log
# driver would keep its log from us; labels speak to other programs on the engine. All services share one network,
# which the booted container joins.
_NEVER_SAID = frozenset(
    {
        "container_name", "ports", "restart", "profiles", "networks", "network_mode", "links", "external_links",
        "logging", "labels", "label_file", "annotations", "attach", "scale", "pull_policy", "env_file", "extends",
        "pull_refresh_after", "develop",
    }
)  # fmt: skip
_LEFT_OUT = frozenset(
    {
        "deploy", "dns", "dns_opt", "dns_search", "mac_address", "isolation", "blkio_config", "cpus", "cpuset",
        "cpu_count", "cpu_percent", "cpu_shares", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime",
        "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "pids_limit", "oom_score_adj",
    }
)  # fmt: skip
_BUILD_TAKEN = frozenset({"context", "dockerfile", "target", "args"})
_BUILD_LEFT_OUT = frozenset(
    {
        "labels",
        "tags",
        "cache_from",
        "cache_to",
        "no_cache",
        "pull",
        "platforms",
        "provenance",
        "sbom",
        "isolation",
    }
)
_MOST_FILES_OPEN = 1 << 20  # what Linux allows by default: fs.nr_open
_ULIMITS = frozenset({"nofile", "nproc", "memlock", "stack", "core", "data", "fsize"})
_NO_MORE = "is not taken: a service gets no more than `docker run` gives"
_WAY_OUT = "leave it out, or name the services that are needed in `services`"


@dataclass(frozen=True)
class Copy:
    """What a service would mount from this machine, and gets as a copy instead: from where, to where in it.

    `source` is a path, as it is written, or the content itself.
    """

    source: Path | bytes
    target: str


@dataclass(frozen=True)
class Build:
    """An image to build: its context within the project, the Dockerfile within that, and so on."""

    context: str
    dockerfile: str
    target: str | None
    args: Mapping[str, str]


@dataclass
class Allowed:
    """What is used of one service. `description` is in compose's words, `volumes` names those that it mounts.

    `left_out` are the keys that a reader may miss; `unset` the variables of its environment that have no value.
    """

    description: Description = field(default_factory=dict)
    build: Build | None = None
    copies: list[Copy] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)


def allowed(file: str, name: str, model: Description, folder: Path, env: Mapping[str, str]) -> Allowed:
    """Return what is used of the service `name` in a resolved compose file. `folder` is the project's.

    `env` holds the variables that the project's configuration sets. Raises UsageError, one line, for what is not
    allowed: it names file, service and key, and what would be right.
    """
    return _Reader(file, name, model, folder, env).read()


class _Reader:
    """Reads one service, key by key."""

    def __init__(
        self, file: str, name: str, model: Description, folder: Path, env: Mapping[str, str]
    ) -> None:
        self._file, self._name, self._model, self._folder, self._env = file, name, model, folder, env
        self._found = Allowed()
        self._own: Mapping[str, Callable[[Any], None]] = {
            "environment": self._environment,
            "build": self._build,
            "volumes": self._volumes,
            "secrets": lambda each: self._files("secrets", each, "/run/secrets"),
            "configs": lambda each: self._files("configs", each, "/"),
            "ulimits": self._ulimits,
            "security_opt": self._security,
            "extra_hosts": self._hosts,
        }

    def read(self) -> Allowed:
        for key, value in self._model["services"][self._name].items():
            if value in (None, False, "", [], {}) or key in _NEVER_SAID or key.startswith("x-"):
                continue
            if key in self._own:
                self._own[key](value)
            elif key in _TAKEN:
                self._found.description[key] = value
            elif key in _LEFT_OUT:
                self._found.left_out.append(key)
            else:
                self._refuse(key, _NO_MORE)
        return self._found

    def _refuse(self, key: str, why: str, way_out: str = _WAY_OUT) -> NoReturn:
        raise UsageError(f"{self._file}: service {self._name}: {key} {why}; {way_out}")

    def _environment(self, values: Mapping[str, Any]) -> None:
        """Take what has a value: compose would look for the others among this machine's variables."""
        self._found.unset += [name for name, value in values.items() if value is None]
        self._found.description["environment"] = {
            name: value for name, value in values.items() if value is not None
        }

    def _build(self, value: Mapping[str, Any]) -> None:
        for key, each in value.items():
            known = _BUILD_TAKEN | _BUILD_LEFT_OUT
            if each not in (None, False, "", [], {}) and key not in known and not key.startswith("x-"):
                self._refuse(
                    f"build: {key}",
                    "is not taken: it is built from a folder of the project, as `docker build` does",
                )
        context = self._within("build: context", str(value["context"]))
        if not (self._folder / context).resolve().is_relative_to(self._folder.resolve()):
            self._refuse(
                "build: context", f"= {context!r} is a link out of the project", "put the folder itself there"
            )
        dockerfile = PurePosixPath(str(value.get("dockerfile") or "Dockerfile"))
        if dockerfile.is_absolute() or ".." in dockerfile.parts:
            self._refuse(
                "build: dockerfile", f"= {str(dockerfile)!r} leads out of its context", "move it there"
            )
        args = {name: str(each) for name, each in (value.get("args") or {}).items() if each is not None}
        self._found.build = Build(context, str(dockerfile), value.get("target") or None, args)

    def _volumes(self, mounts: list[Mapping[str, Any]]) -> None:
        kept = []
        for mount in mounts:
            kind, source, target = mount.get("type"), mount.get("source"), mount.get("target")
            if kind == "bind":
                self._found.copies.append(
                    Copy(self._folder / self._within("volumes", str(source)), str(target))
                )
                continue
            if kind not in ("volume", "tmpfs"):
                self._refuse("volumes", f"of the type {kind} are not taken")
            if kind == "volume" and source:
                self._volume(str(source))
            kept.append(dict(mount))
        self._found.description["volumes"] = kept

    def _volume(self, source: str) -> None:
        """Take a named volume: the run's own of that name, which is what it is unless a driver is told otherwise."""
        asked = (self._model.get("volumes") or {}).get(source) or {}
        if asked.get("driver_opts") or asked.get("driver") not in (None, "", "local"):
            self._refuse(
                f"volume {source}", "has a driver or options of one, which can mount any folder of a machine"
            )
        if asked.get("external"):
            self._found.left_out.append(f"the external volume {source}, for which it gets an empty one")
        self._found.volumes.append(source)

    def _files(self, kind: str, mounts: list[Mapping[str, Any]], folder: str) -> None:
        """Take secrets and configs as copies of files of the project, of their content or of what `env` sets."""
        for mount in mounts:
            name = str(mount["source"])
            asked = (self._model.get(kind) or {}).get(name) or {}
            target = str(PurePosixPath(folder, mount.get("target") or name))
            if asked.get("file"):
                source: Path | bytes = self._folder / self._within(f"{kind}: {name}", str(asked["file"]))
            elif isinstance(asked.get("content"), str):
                source = asked["content"].encode()
            elif asked.get("environment") in self._env:
                source = self._env[asked["environment"]].encode()
            elif asked.get("environment"):
                self._refuse(
                    f"{kind}: {name}",
                    f"is the variable {asked['environment']}, which no service gets from this machine",
                    "set it in `env`",
                )
            else:
                self._refuse(f"{kind}: {name}", "is not in a file of the project", "put it into one")
            self._found.copies.append(Copy(source, target))

    def _within(self, key: str, path: str) -> str:
        """Return a path of the resolved file as one within the project. Raises UsageError where it leads out."""
        try:
            relative = PurePosixPath(path).relative_to(self._folder)
        except ValueError:
            relative = None
        if relative is None or ".." in relative.parts or relative.parts[:1] == ("~",) or "://" in path:
            self._refuse(
                key, f"names {path}, which is not within the project", "name what is, or " + _WAY_OUT
            )
        return str(relative)

    def _ulimits(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            if key not in _ULIMITS:
                self._refuse(f"ulimits: {key}", _NO_MORE)
            numbers = value.values() if isinstance(value, dict) else [value]
            if key == "nofile" and not all(0 <= int(each) <= _MOST_FILES_OPEN for each in numbers):
                self._refuse("ulimits: nofile", f"is not from 0 to {_MOST_FILES_OPEN}", "lower it")
        self._found.description["ulimits"] = dict(values)

    def _security(self, values: list[str]) -> None:
        """Take what gives a service less: https://docs.docker.com/reference/cli/docker/container/run/#security-opt."""
        for each in values:
            if each.replace("=", ":").removesuffix(":true") != "no-new-privileges":
                self._refuse(f"security_opt: {each}", _NO_MORE)
        self._found.description["security_opt"] = list(values)

    def _hosts(self, values: list[str]) -> None:
        """Take names for addresses, but for the engine's own machine."""
        for each in values:
            if "host-gateway" in each:
                self._refuse(
                    f"extra_hosts: {each}",
                    "is the engine's own machine, whose ports are no affair of a service",
                )
        self._found.description["extra_hosts"] = list(values)
