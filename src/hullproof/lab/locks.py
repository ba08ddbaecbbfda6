"""Experiment: the hashes of one locked package are falsified. A build that checks them fails."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.lab import installing
from hullproof.lab.installed import normal, own_names
from hullproof.lab.rebuilds import LockFacts, Rebuilds
from hullproof.lab.scratch import put
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hullproof.engine.model.build import BuildFacts, Step
    from hullproof.project.project import Project

_HASH = re.compile(r"sha256[:-](?P<digits>[0-9a-f]{64})")
_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?[ \t]*==[ \t]*(?P<version>[^\s;\\#]+)", re.MULTILINE
)
_REFUSED = re.compile(r"(?i)hash(?:es)?\b|checksum|do(?:es)? not match|mismatch")


@dataclass(frozen=True)
class Lock:
    """A file that says which versions are installed: the text of each package's part, by name, and its versions."""

    path: str
    text: str
    parts: dict[str, list[str]]
    versions: dict[str, frozenset[str]]

    def with_hashes(self) -> list[str]:
        """Name the packages that have hashes."""
        return [name for name, parts in self.parts.items() if any(map(_HASH.search, parts))]

    def falsified(self, package: str) -> bytes:
        """Write it with other hashes for a package."""
        text = self.text
        for part in self.parts[package]:
            text = text.replace(part, _HASH.sub(lambda found: found[0][:-64] + _other(found["digits"]), part))
        return text.encode()


def run(rebuilds: Rebuilds, installed: Iterable[str]) -> LockFacts:
    """Falsify the hashes of a package of the first lock that has any; `installed` are the names of what the image has."""
    project = rebuilds.recipe.project
    found = installing.candidates(project)
    steps = [each.step for each in found if each.step.files]
    # Where a list is written of the lock, the step that installs from that checks its hashes, and not the one that writes it.
    installs = [each.step for each in found if not each.exports]
    files = tuple(dict.fromkeys(path for each in steps for path in each.files))
    texts = {
        path: projectfiles.text(project.folder, path, largest=projectfiles.LARGEST_LOCK)
        for path in _with_locks(project, files)
    }
    locks = [lock for path, text in texts.items() if (lock := read_lock(path, text)) is not None]
    there = {normal(each) for each in installed}
    locked: dict[str, frozenset[str]] = defaultdict(frozenset)
    for each in locks:
        for name, versions in each.versions.items():
            locked[name] |= versions
    hashed = [(lock, name) for lock in locks for name in lock.with_hashes() if name in there]
    step = next(iter([*installs, *steps]), None) if steps else None
    facts = LockFacts(files, step.line if step else None, locked=dict(locked), own=own_names(project.folder))
    if not hashed:
        return facts
    lock, package = hashed[0]
    step = next((each for each in installs if lock.path in each.files), step)
    lines = {each.line for each in found}

    def change(context: Path) -> None:
        put(context, lock.path, lock.falsified(package))

    def known(seen: tuple[Step, ...]) -> bool:
        own = [each for each in seen if each.line in lines]
        return (
            bool(own)
            and all(each.completed for each in own)
            and len({each.line for each in own}) == len(lines)
        )

    built = rebuilds(
        f"the build with a false hash of {package} in {lock.path}", change=change, stop_when=known
    )
    return replace(
        facts,
        line=step.line if step else None,
        lock=lock.path,
        package=package,
        failed=_refused(built),
        said=_said(built),
    )


def _refused(built: BuildFacts) -> bool | None:
    """Whether a build failed of a hash; None where it failed for another reason."""
    if built.ok or built.stopped_early:
        return False
    return True if any(_REFUSED.search(line) for line in _output(built)) else None


def _said(built: BuildFacts) -> str | None:
    lines = [line.strip() for line in _output(built) if line.strip()]
    return next((line for line in lines if _REFUSED.search(line)), lines[-1] if lines else None)


def _output(built: BuildFacts) -> list[str]:
    return [*(built.failed_step.log if built.failed_step else ()), built.error or ""]


def _other(digits: str) -> str:
    return (
        digits[-1] + digits[:-1] if digits[-1] != digits[0] else digits.translate(str.maketrans("0f", "f0"))
    )


# --- locks -------------------------------------------------------------------------------------------


def _with_locks(project: Project, files: Iterable[str]) -> Iterator[str]:
    """Add to what installing steps read the locks that their tools read beside it."""
    for path in files:
        yield path
        folder = path.rpartition("/")[0]
        for name in ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"):
            beside = f"{folder}/{name}" if folder else name
            if path.endswith(("pyproject.toml", "Pipfile")) and projectfiles.is_file(project.folder, beside):
                yield beside


def read_lock(path: str, text: str) -> Lock | None:
    """Read a lock from its text; None for a file that is none."""
    if path.endswith("Pipfile.lock"):
        return _of_pipenv(path, text)
    if path.endswith(".lock"):
        return _of_tables(path, text)
    return _of_requirements(path, text) if path.endswith((".txt", ".in")) else None


def _of_requirements(path: str, text: str) -> Lock | None:
    found = list(_PINNED.finditer(text))
    if not found:
        return None
    ends = [each.start() for each in found[1:]] + [len(text)]
    parts = [
        (normal(each["name"]), each["version"], text[each.start() : end])
        for each, end in zip(found, ends, strict=True)
    ]
    return _gathered(path, text, parts)


def _of_tables(path: str, text: str) -> Lock | None:
    try:
        packages = toml.loads(text).get("package")
    except toml.TomlError:
        return None
    if not isinstance(packages, list) or not all(isinstance(each, dict) for each in packages):
        return None
    sections = re.split(r"(?m)^(?=\[\[package\]\])", text)[1:]
    pairs = zip(packages, sections, strict=False) if len(packages) == len(sections) else []
    parts = [(normal(str(each.get("name"))), str(each.get("version")), section) for each, section in pairs]
    return _gathered(path, text, parts)


def _of_pipenv(path: str, text: str) -> Lock | None:
    try:
        packages = json.loads(text)["default"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    parts = []
    for name, entry in packages.items() if isinstance(packages, dict) else ():
        if not isinstance(entry, dict):
            return None
        at = text.find(f'"{name}": {{')
        section = text[at : text.find("}", at) + 1]
        parts.append((normal(name), str(entry.get("version", "")).removeprefix("=="), section))
    return _gathered(path, text, parts)


def _gathered(path: str, text: str, found: list[tuple[str, str, str]]) -> Lock | None:
    parts: dict[str, list[str]] = defaultdict(list)
    versions: dict[str, frozenset[str]] = defaultdict(frozenset)
    for name, version, part in found:
        parts[name].append(part)
        versions[name] |= {version}
    return Lock(path, text, parts, versions) if found else None
