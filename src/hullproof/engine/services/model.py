"""Which services of a compose file are wanted, and what of their description is used.

What is read is compose's own resolved form (`docker compose config`), in which variables, env files, short
forms, merges and relative paths are gone: https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Description = dict[str, Any]
"""A part of a compose file."""

# Fixed names and ports would meet those of another run; a restart would hide that a service fails; another log
# driver would keep its log from us. All services share one network, which the booted container joins.
_DROPPED = ("container_name", "ports", "restart", "profiles", "networks", "network_mode", "links", "logging")


@dataclass(frozen=True)
class Copy:
    """What a service would mount from this machine, and gets as a copy instead: from where, to where in it."""

    source: Path
    target: str


@dataclass(frozen=True)
class Services:
    """The chosen services of one compose file, by name, with all that they mention, as compose resolves it."""

    file: str
    model: Description
    names: tuple[str, ...]

    @property
    def copies(self) -> Mapping[str, tuple[Copy, ...]]:
        """What each service gets copied in before it starts: its bind mounts, secret files and config files."""
        return {name: tuple(_copies(self.model, name)) for name in self.names}

    def described(self, project: str, labels: Mapping[str, str]) -> Description:
        """Describe the services as they are run: under the name `project`, all labelled, on a network of their own."""
        volumes = {
            mount["source"]: {"labels": dict(labels)}
            for name in self.names
            for mount in self.model["services"][name].get("volumes") or ()
            if mount.get("type") == "volume" and mount.get("source")
        }
        return {
            "name": project,
            "services": {name: self._service(name, labels) for name in self.names},
            "networks": {"default": {"labels": dict(labels)}},
            "volumes": volumes,
            **{kind: self.model[kind] for kind in ("secrets", "configs") if kind in self.model},
        }

    def _service(self, name: str, labels: Mapping[str, str]) -> Description:
        given = self.model["services"][name]
        service = {key: value for key, value in given.items() if key not in _DROPPED}
        service["labels"] = {**(given.get("labels") or {}), **labels}
        service["networks"] = {"default": {"aliases": _aliases(given)}}
        service["volumes"] = [each for each in given.get("volumes") or () if each.get("type") != "bind"]
        service["depends_on"] = {
            other: how for other, how in (given.get("depends_on") or {}).items() if other in self.names
        }
        for kind in ("secrets", "configs"):
            service[kind] = [
                each for each in given.get(kind) or () if "file" not in self.model[kind][each["source"]]
            ]
        if "build" in service:
            service.pop("image", None)  # it would name the image for others to find
            service["build"] = {**service["build"], "labels": dict(labels)}
        return service


def choose(file: str, model: Description, wanted: Sequence[str] | None) -> Services:
    """Choose services by name, without names all that run without this project; and what they depend on.

    Raises UsageError, one line, for a name that is none's, and where nothing is left.
    """
    services: Mapping[str, Description] = model.get("services") or {}
    for name in wanted or ():
        if name not in services:
            near = difflib.get_close_matches(name, services, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(services)}"
            raise UsageError(f"{file}: there is no service {name!r}; {hint}")
    chosen = list(wanted or (name for name in services if _stands_alone(name, services)))
    if not chosen:
        raise UsageError(
            f"{file}: every service is built, needs one that is, or has a profile; name those wanted in `services`"
        )
    for name in chosen:  # which grows meanwhile
        chosen += [
            other
            for other in services[name].get("depends_on") or ()
            if other not in chosen and "build" not in services[other]
        ]
    return Services(file, model, tuple(chosen))


def _stands_alone(name: str, services: Mapping[str, Description]) -> bool:
    """Whether a service runs without this project: a proxy that waits for what is built here does not."""
    waiting, seen = [name], set[str]()
    while waiting:
        current = waiting.pop()
        if "build" in services[current] or "profiles" in services[current]:
            return False
        seen.add(current)
        waiting += [each for each in services[current].get("depends_on") or () if each not in seen]
    return True


def _aliases(service: Description) -> list[str]:
    networks: Mapping[str, Description | None] = service.get("networks") or {}
    return sorted({alias for network in networks.values() for alias in (network or {}).get("aliases") or ()})


def _copies(model: Description, name: str) -> list[Copy]:
    service = model["services"][name]
    found = [
        Copy(Path(mount["source"]), mount["target"])
        for mount in service.get("volumes") or ()
        if mount.get("type") == "bind"
    ]
    for kind, folder in (("secrets", "/run/secrets"), ("configs", "/")):
        for each in service.get(kind) or ():
            file = model[kind][each["source"]].get("file")
            if file is not None:
                target = PurePosixPath(folder, each.get("target") or each["source"])
                found.append(Copy(Path(file), str(target)))
    return found
