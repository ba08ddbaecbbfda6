"""Facts that are kept from one run to the next, and taken again as long as nothing that they depend on has changed.

A fact's key is made of its provider's name and of the keys of all that the provider needs, down to what a proof is given
and to what is observed in each run: the project's files, the image's id, the bases, the engine. So there is one place for
it, not one for each fact. What has no sure key is not kept, nor is a fact that a proof rests on which is not good: what
speaks against a project is observed anew. The build itself runs each time, by the engine's own cache.

The folder is as trusted as the user's own cache is: whoever can write to it decides what is proven.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import cattrs
from cattrs.preconf.json import make_converter

from hullproof import __version__
from hullproof.engine.connection import Engine
from hullproof.errors import Unobservable, UsageError
from hullproof.facts import PROVIDERS
from hullproof.facts.provider import Kind, Provider
from hullproof.host.bases import BaseSet
from hullproof.lab.scratch import needed
from hullproof.model import DEFAULT_PROFILE
from hullproof.project.config import Config
from hullproof.project.inputs import UncertainError, digest
from hullproof.project.project import Project
from hullproof.project.projectfiles import read_regular

LONGEST = timedelta(days=7)
"""What was observed longer ago is observed again: an index, a mirror or a clock may have changed what comes of it."""

FOLDER = "HULLPROOF_FACTS"
"""The environment variable that names the folder to keep facts in."""
NEVER = "never"

WORTH_S = 0.1
"""What is gathered faster than this is not worth a file."""

_LARGEST = 64 << 20
_LARGEST_SECRET = 1 << 20

_OF_EACH_RUN = frozenset({"build"})
"""Facts whose gathering is wanted, and not only what is known by it: the image has to be there."""


def keeper_for(project: Project, *, is_fresh: bool) -> Keeper | None:
    """Return what keeps a project's facts, in the folder that HULLPROOF_FACTS names, else in the user's cache.

    None where HULLPROOF_FACTS is `never`, or there is no home.
    """
    if os.environ.get(FOLDER) == NEVER:
        return None
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    top = _named_folder() or cache / "hullproof" / "facts"
    return Keeper(top / hashlib.sha256(os.fsencode(project.folder)).hexdigest()[:16], is_fresh=is_fresh)


def _named_folder() -> Path | None:
    named = os.environ.get(FOLDER)
    return Path(named).resolve() if named else None


class Gathered(Protocol):
    """What was gathered so far, by name."""

    def __getitem__(self, name: str, /) -> object:
        """Return it. Raises Unobservable for what cannot be had."""


@dataclass(frozen=True)
class Recalled:
    """A fact as it was observed in an earlier run."""

    value: object
    observed_at: datetime


@dataclass
class Keeper:
    """Keeps one project's facts in a folder. `is_fresh`: observes all anew, and keeps that.

    May be used from several threads. What cannot be written or read is not kept: a proof never fails of it.
    """

    folder: Path
    is_fresh: bool = False
    _recalled: dict[str, datetime] = field(default_factory=dict)
    _new: dict[str, tuple[str, str]] = field(default_factory=dict)
    _parts: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, provider: Provider, gathered: Gathered) -> Recalled | None:
        """Return a fact that was kept and still holds; None where there is none."""
        if self.is_fresh or not _is_kept(provider):
            return None
        try:
            text = self._file(provider.name, self._key(provider.name, gathered)).read_text(encoding="utf-8")
            kept = json.loads(text) if len(text) <= _LARGEST else {}
            observed_at = datetime.fromisoformat(kept["observed_at"])
            if not timedelta(0) <= datetime.now(timezone.utc) - observed_at <= LONGEST:
                return None
            value = _structured(kept["fact"], provider)
        except (UncertainError, OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
            return None
        self._recalled[provider.name] = observed_at
        return Recalled(value, observed_at)

    def note(self, provider: Provider, gathered: Gathered, value: object, took_s: float) -> None:
        """Take note of a fact that was gathered now, in `took_s` seconds; `settle` decides whether it is kept."""
        if took_s < WORTH_S or not _is_kept(provider):
            return
        with suppress(
            Exception
        ):  # whatever a provider gives that is no plain data is gathered anew each time
            key = self._key(provider.name, gathered)
            plain = _CONVERTER.unstructure(value, provider.gives)
            text = json.dumps({"observed_at": datetime.now(timezone.utc).isoformat(), "fact": plain})
            if _structured(json.loads(text)["fact"], provider) == value:
                self._new[provider.name] = (key, text)

    def observed_at(self, names: Collection[str]) -> datetime | None:
        """Return when the oldest of these facts was observed, of those that were recalled; None where none was."""
        return min((self._recalled[each] for each in names if each in self._recalled), default=None)

    def settle(self, doubted: Collection[str]) -> None:
        """Keep what was noted, but for what a proof rests on that is not good; let go of what is too old."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, (key, text) in self._new.items():
                if name not in doubted:
                    _write(self._file(name, key), text)
            for path in self.folder.glob("*.json"):
                if time.time() - path.stat().st_mtime > LONGEST.total_seconds():
                    path.unlink(missing_ok=True)

    # --- keys ----------------------------------------------------------------------------------------

    def _file(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key}.json"

    def _key(self, name: str, gathered: Gathered) -> str:
        """Make a fact's key. Raises UncertainError where something has none that it depends on."""
        with self._lock:
            return hashlib.sha256(f"{_version()} {self._part(name, gathered)}".encode()).hexdigest()[:40]

    def _part(self, name: str, gathered: Gathered) -> str:
        if name not in self._parts:
            self._parts[name] = self._made(name, gathered)
        return self._parts[name]

    def _made(self, name: str, gathered: Gathered) -> str:
        parts = [name]
        if name not in _SEEN or name in _RESTS_ON_MORE:
            parts += [self._part(need.name, gathered) for need in PROVIDERS[name].needs]
        if name in _SEEN:
            try:
                parts.append(_SEEN[name](gathered[name]))
            except Unobservable as error:
                raise UncertainError(str(error)) from error
        return hashlib.sha256(" ".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def rests_on(names: Collection[str]) -> set[str]:
    """Return these facts, and all that they need."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [need.name for need in PROVIDERS[name].needs] if name in PROVIDERS else []
    return found


def _structured(plain: object, provider: Provider) -> object:
    found: object = _CONVERTER.structure(plain, provider.gives)  # type: ignore[arg-type] # whatever is annotated
    return found


def _is_kept(provider: Provider) -> bool:
    """Whether a fact is observed, by an engine, and for what is known by it alone."""
    if provider.kind is Kind.MEANS or provider.name in _OF_EACH_RUN | _SEEN.keys():
        return False
    return "engine" in rests_on([provider.name])


def _write(path: Path, text: str) -> None:
    """Write a file in one step, for nobody else to read: it may hold what an image holds."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)


@functools.cache
def _version() -> str:
    """Return what changes with Hullproof's own code, also where it is being written."""
    found = hashlib.sha256(__version__.encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        status = path.stat()
        found.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return found.hexdigest()


# --- what is given, or observed in each run --------------------------------------------------------------


def _project(project: Project) -> str:
    files = digest(project.folder, needed(project), _named_folder())
    beside = (
        project.ignore_file if project.outside is not None else None
    )  # which lies among the files elsewhere
    return f"{project.folder} {files} {project.dockerfile_sha256} {beside} {_config(project.config)} {project.release.stage.reference}"


def _config(config: Config) -> str:
    """Return the settings, less those that say what is proven and not how it is observed."""
    return str(replace(config, name=None, profile=DEFAULT_PROFILE, practices=(), accept=()))


def _recipe(recipe: Any) -> str:  # noqa: ANN401 - a Recipe; see _SEEN
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
    chosen = [os.environ.get(name) for name in ("BUILDX_BUILDER", "DOCKER_DEFAULT_PLATFORM")]
    return f"{_data(engine.info())} {chosen}"


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


_SEEN: Mapping[str, Callable[[Any], str]] = {
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

_CONVERTER = make_converter(forbid_extra_keys=True)
