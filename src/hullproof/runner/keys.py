"""By what a fact is known that is kept from one run to the next: the key changes with all that the fact depends on.

It is made of the provider's name and code and of the keys of all that it needs, down to what a proof is given and to what is
observed in each run: there is one place for it, not one for each fact.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from hullproof.engine.connection import Engine
from hullproof.engine.request import build_cgroup
from hullproof.errors import Unobservable, UsageError
from hullproof.facts import PROVIDERS
from hullproof.host.bases import BaseSet
from hullproof.lab.scratch import needed
from hullproof.model import DEFAULT_PROFILE
from hullproof.project.config import Config
from hullproof.project.inputs import UncertainError, digest
from hullproof.project.project import Project
from hullproof.project.projectfiles import read_regular

FOLDER = "HULLPROOF_FACTS"
"""The environment variable that names the folder to keep facts in."""
NEVER = "never"

_OF_BUILDS = ("BUILDX_BUILDER", "DOCKER_DEFAULT_PLATFORM", "SOURCE_DATE_EPOCH")
"""The environment variables that change what the builder makes of the same input."""

_LARGEST_SECRET = 1 << 20
_OWN = __name__.partition(".")[0]


def top() -> Path | None:
    """Return the folder that the facts of all projects are kept in; None where nothing is kept."""
    named = os.environ.get(FOLDER)
    if named == NEVER:
        return None
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return Path(named or cache / "hullproof" / "facts").resolve()


class Gathered(Protocol):
    """What was gathered so far, by name."""

    def __getitem__(self, name: str, /) -> object:
        """Return it. Raises Unobservable for what cannot be had."""


@dataclass
class Keys:
    """Makes the keys of one project's facts. May be used from several threads."""

    _parts: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str, gathered: Gathered) -> str:
        """Make a fact's key. Raises UncertainError where something has none that it depends on."""
        with self._lock:
            return hashlib.sha256(f"{code_of(_OWN)} {self._part(name, gathered)}".encode()).hexdigest()[:40]

    def _part(self, name: str, gathered: Gathered) -> str:
        if name not in self._parts:
            self._parts[name] = self._made(name, gathered)
        return self._parts[name]

    def _made(self, name: str, gathered: Gathered) -> str:
        parts = [name]
        try:
            if name not in SEEN or name in _RESTS_ON_MORE:
                provider = PROVIDERS[name]
                parts.append(code_of(provider.function.__module__.partition(".")[0]))
                parts += [self._part(need.name, gathered) for need in provider.needs]
                for need in provider.needs:
                    if need.is_optional:  # without it, it may be another fact
                        _ = gathered[need.name]
            if name in SEEN:
                parts.append(SEEN[name](gathered[name]))
        except Unobservable as error:
            raise UncertainError(str(error)) from error
        return hashlib.sha256(" ".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


@functools.cache
def code_of(package: str) -> str:
    """Return what changes with the code of a package or a module at the top, also where it is being written.

    The same for each installation of the same code. Raises UncertainError where its files are not to be seen.
    """
    module = sys.modules.get(package)
    folders = [Path(each) for each in getattr(module, "__path__", ())]
    file = getattr(module, "__file__", None)
    if not folders and file is None:
        raise UncertainError(f"where the code of {package} lies is not known")
    found = hashlib.sha256(sys.version.encode())
    places = [(top, each) for top in folders for each in sorted(top.rglob("*"))]
    if not folders and file:
        places = [(Path(file).parent, Path(file))]
    for top, path in places:
        if path.suffix != ".pyc" and path.is_file():
            content = path.read_bytes()
            found.update(f"{path.relative_to(top)} {len(content)}\n".encode() + content)
    return found.hexdigest()


# --- what is given, or observed in each run --------------------------------------------------------------


def _project(project: Project) -> str:
    files = digest(project.folder, needed(project), top())
    ignored = project.ignore_file  # which may lie outside of the context
    return f"{project.folder} {files} {project.dockerfile_sha256} {ignored} {_config(project.config)} {project.release.stage.reference}"


def _config(config: Config) -> str:
    """Return the settings, less those that say what is proven and not how it is observed."""
    return str(replace(config, name=None, profile=DEFAULT_PROFILE, practices=(), accept=()))


def _recipe(recipe: Any) -> str:  # noqa: ANN401 - a Recipe; see SEEN
    secrets = {name: hashlib.sha256(_secret(path)).hexdigest() for name, path in recipe.secrets.items()}
    config = recipe.project.config
    contexts = {
        name: digest(recipe.project.home / path, lambda _: True) for name, path in config.contexts.items()
    }
    return f"{secrets} {contexts} {recipe.proxy_args} {recipe.dockerfile is None}"


def _secret(path: Path) -> bytes:
    try:
        return read_regular(path, _LARGEST_SECRET)
    except (OSError, UsageError) as error:
        raise UncertainError(str(error)) from error


def _engine(engine: Engine) -> str:
    chosen = [os.environ.get(name) for name in _OF_BUILDS]
    return f"{_data(engine.info())} {engine.grounds()} {build_cgroup()} {chosen}"


def _bases(bases: BaseSet) -> str:
    return " ".join(f"{each.reference} {each.origin} {each.known.id}" for each in bases.bases)


def _network(network: str | None) -> str:
    if network not in (None, "none"):
        raise UncertainError("services beside the container are not looked at")
    return str(network)


def _data(value: object) -> str:
    if not is_dataclass(value):
        raise UncertainError(str(value))
    return f"{asdict(value)}"  # type: ignore[arg-type] # an instance


SEEN: Mapping[str, Callable[[Any], str]] = {
    "project": _project,
    "engine": _engine,
    "run": lambda _: "",
    "tell": lambda _: "",
    "watch_s": str,
    "config": _config,
    "release": lambda release: f"{release.dockerfile.text} {release.stage.reference} {release.build_args}",
    "recipe": _recipe,
    "bases": _bases,
    "image_id": str,
    "helper": _data,
    "conditions": _data,
    "network": _network,
}
"""By which text each is known: of everything else, the key is that of what its provider needs."""

_RESTS_ON_MORE = frozenset({"recipe"})
"""Of those, what is known by that text and by what its provider needs."""
