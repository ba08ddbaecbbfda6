"""Facts that are kept from one run to the next, and taken again as long as nothing that they depend on has changed.

What has no sure key (see `hullproof.runner.keys`) is not kept, nor is a fact that a proof rests on which is not good: what
speaks against a project is observed anew. The build itself runs each time, by the engine's own cache.

The folder is as trusted as the user's own cache is: whoever can write to it decides what is proven.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cattrs
from cattrs.preconf.json import make_converter

from hullproof.facts import PROVIDERS
from hullproof.facts.provider import Kind, Provider
from hullproof.project.git import tracked
from hullproof.project.inputs import UncertainError
from hullproof.project.project import Project
from hullproof.runner.keys import SEEN, Gathered, Keys, top

LONGEST = timedelta(days=7)
"""What was observed longer ago is observed again: an index, a mirror or a clock may have changed what comes of it."""

WORTH_S = 0.1
"""What is gathered faster than this is not worth a file."""

_LARGEST = 64 << 20

_OF_EACH_RUN = frozenset({"build"})
"""Facts whose gathering is wanted, and not only what is known by it: the image has to be there."""


def keeper_for(project: Project, *, is_fresh: bool) -> Keeper | None:
    """Return what keeps a project's facts, in the folder that HULLPROOF_FACTS names, else in the user's cache.

    None where HULLPROOF_FACTS is `never`, there is no home, or git has files of that folder: facts that a project brings
    with it are its own word.
    """
    folder = top()
    if folder is None or ((brought := tracked(folder)) is not None and brought.files):
        return None
    return Keeper(folder / hashlib.sha256(os.fsencode(project.folder)).hexdigest()[:16], is_fresh=is_fresh)


@dataclass(frozen=True)
class Recalled:
    """A fact as it was observed in an earlier run, and the file that it was kept in."""

    value: object
    observed_at: datetime
    path: Path


@dataclass(frozen=True)
class _Noted:
    """A fact as it is written, its key when it was gathered, and what it was gathered from."""

    text: str
    key: str
    gathered: Gathered


@dataclass
class Keeper:
    """Keeps one project's facts in a folder. `is_fresh`: observes all anew, and keeps that.

    May be used from several threads. What cannot be written or read is not kept: a proof never fails of it.
    """

    folder: Path
    is_fresh: bool = False
    _recalled: dict[str, Recalled] = field(default_factory=dict)
    _new: dict[str, _Noted] = field(default_factory=dict)
    _keys: Keys = field(default_factory=Keys)
    _files: dict[tuple[Path, int, int], Recalled | None] = field(default_factory=dict)
    _locks: defaultdict[Path, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, provider: Provider, gathered: Gathered) -> Recalled | None:
        """Return a fact that was kept and still holds; None where there is none."""
        if self.is_fresh or not _is_kept(provider):
            return None
        try:
            path = self._file(provider.name, self._keys.of(provider.name, gathered))
        except UncertainError:
            return None
        found = self._read(path, provider)
        if found is None or not timedelta(0) <= datetime.now(timezone.utc) - found.observed_at <= LONGEST:
            return None
        self._recalled[provider.name] = found
        return found

    def read_ahead(self) -> None:
        """Read what was kept last of each fact, while the build is waited for: mostly that is what will be recalled."""
        if self.is_fresh:
            return
        last: dict[str, Path] = {}
        with suppress(OSError):
            for path in sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
                last[path.name.rpartition("-")[0]] = path
        for name in last.keys() & PROVIDERS.keys():
            self._read(last[name], PROVIDERS[name])

    def _read(self, path: Path, provider: Provider) -> Recalled | None:
        """Read a file, once while it stays the same; None where it is not there or not whole."""
        with self._lock:
            lock = self._locks[path]
        with lock:
            try:
                status = path.stat()
            except OSError:
                return None
            same = (path, status.st_ino, status.st_mtime_ns)
            if same not in self._files:
                self._files[same] = _recalled(path, provider)
            return self._files[same]

    def note(self, provider: Provider, gathered: Gathered, value: object, took_s: float) -> None:
        """Take note of a fact that was gathered now, in `took_s` seconds; `settle` decides whether it is kept."""
        if took_s < WORTH_S or not _is_kept(provider):
            return
        with suppress(
            Exception
        ):  # whatever a provider gives that is no plain data is gathered anew each time
            key = self._keys.of(provider.name, gathered)
            plain = _CONVERTER.unstructure(value, provider.gives)
            text = json.dumps({"observed_at": datetime.now(timezone.utc).isoformat(), "fact": plain})
            if _structured(json.loads(text)["fact"], provider) == value:
                self._new[provider.name] = _Noted(text, key, gathered)

    def observed_at(self, names: Collection[str]) -> datetime | None:
        """Return when the oldest of these facts was observed, of those that were recalled; None where none was."""
        return min(
            (self._recalled[each].observed_at for each in names if each in self._recalled), default=None
        )

    def settle(self, doubted: Collection[str]) -> None:
        """Keep what was noted, but for what a proof rests on that is not good; let go of that, and of what is too old.

        What has another key by now is not kept: somebody has changed the project meanwhile.
        """
        keys = Keys()
        with suppress(Exception):  # a proof that is made does not fail of it
            for name in self._recalled.keys() & doubted:
                self._recalled[name].path.unlink(missing_ok=True)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, noted in self._new.items():
                path = self._file(name, noted.key)
                if name in doubted:
                    path.unlink(missing_ok=True)
                elif keys.of(name, noted.gathered) == noted.key:
                    _write(path, noted.text)
            for path in self.folder.glob("*.json"):
                if time.time() - path.stat().st_mtime > LONGEST.total_seconds():
                    path.unlink(missing_ok=True)

    def _file(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key}.json"


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


def _recalled(path: Path, provider: Provider) -> Recalled | None:
    try:
        text = path.read_text(encoding="utf-8")
        kept = json.loads(text) if len(text) <= _LARGEST else {}
        observed_at = datetime.fromisoformat(kept["observed_at"])
        return Recalled(_structured(kept["fact"], provider), observed_at, path)
    except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError):
        return None


def _structured(plain: object, provider: Provider) -> object:
    found: object = _CONVERTER.structure(plain, provider.gives)  # type: ignore[arg-type] # whatever is annotated
    return found


def _is_kept(provider: Provider) -> bool:
    """Whether a fact is observed, by an engine, and for what is known by it alone."""
    if provider.kind is Kind.MEANS or provider.name in _OF_EACH_RUN | SEEN.keys():
        return False
    return "engine" in rests_on([provider.name])


def _write(path: Path, text: str) -> None:
    """Write a file in one step, for nobody else to read: it may hold what an image holds."""
    descriptor, unfinished = tempfile.mkstemp(".json", "unfinished-", path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


_CONVERTER = make_converter(forbid_extra_keys=True)
