"""Which services of a compose file are wanted, and how they are run.

What is read is compose's own resolved form (`docker compose config`), in which variables, env files, short
forms, merges and relative paths are gone: https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hullproof.engine.limits import as_options
from hullproof.engine.services.allowed import Allowed, Description
from hullproof.errors import UsageError
from hullproof.model import Conditions
from hullproof.text import nearest


@dataclass(frozen=True)
class Services:
    """The chosen services of one compose file of the project in `folder`, by name, with what is used of each and the names it has beside its own.

    `not_set` are the variables that the file uses, and that nobody sets.
    """

    folder: Path
    file: str
    used: Mapping[str, Allowed]
    aliases: Mapping[str, Sequence[str]]
    not_set: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(self.used)

    @property
    def remarks(self) -> list[str]:
        """What a reader of the file may miss, a line each."""
        lines = [
            f"{self.file}: left out of service {name}: {', '.join(used.left_out)}"
            for name, used in self.used.items()
            if used.left_out
        ]
        unset = dict.fromkeys([*self.not_set, *(each for used in self.used.values() for each in used.unset)])
        if unset:
            lines.append(
                f"{self.file}: not set: {', '.join(unset)}; what is set on this machine is not handed on: "
                "set it in `env`, or in .env beside the file"
            )
        return lines

    def described(
        self,
        project: str,
        labels: Mapping[str, str],
        images: Mapping[str, str],
        conditions: Conditions,
    ) -> Description:
        """Describe the services as they are run: under the name `project`, all labelled, on a network of their own.

        `images` are those that were built, by service; Under `conditions` without a network, none reaches more than
        the others; each gets what the booted container gets at the most.
        """
        volumes = {name: {"labels": dict(labels)} for used in self.used.values() for name in used.volumes}
        return {
            "name": project,
            "services": {
                name: {**self._service(name, labels, images), **as_options(conditions.container)}
                for name in self.used
            },
            "networks": {"default": {"labels": dict(labels), "internal": not conditions.network}},
            "volumes": volumes,
        }

    def _service(self, name: str, labels: Mapping[str, str], images: Mapping[str, str]) -> Description:
        service = dict(self.used[name].description)
        service["labels"] = dict(labels)
        service["networks"] = {"default": {"aliases": list(self.aliases[name])}}
        service["depends_on"] = {
            other: how for other, how in (service.get("depends_on") or {}).items() if other in self.used
        }
        if name in images:
            service |= {"image": images[name], "pull_policy": "never"}
        return service


def choose(file: str, model: Description, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Choose services by name, without names all that run without this project; and what they depend on.

    Raises UsageError, one line, for a name that is none's, and where nothing is left.
    """
    services: Mapping[str, Description] = model.get("services") or {}
    for name in wanted or ():
        if name not in services:
            raise UsageError(f"{file}: there is no service {name!r}; {nearest(name, services)}")
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
    return tuple(chosen)


def aliases(service: Description) -> list[str]:
    """Return the names that a service has on its networks beside its own."""
    networks: Mapping[str, Description | None] = service.get("networks") or {}
    return sorted({alias for network in networks.values() for alias in (network or {}).get("aliases") or ()})


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
