"""Which canaries are planted where, and which of them count."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.lab.outcomes import Canary
from hullproof.secrets import named
from hullproof.secrets.files import DATABASE, ENVIRONMENT, KEY

if TYPE_CHECKING:
    from hullproof.project.ignorefile import Pattern

VCS, VENV, BYTECODE, CACHE, PACKAGES = (
    "version control", "virtual environment", "bytecode", "cache", "JavaScript packages",
)  # fmt: skip
LOCAL_ENV = ".env.local"
DUMP = "dump.sql"
CACHED_BYTECODE = "__pycache__/"
_NAMES: tuple[tuple[str, str, str], ...] = (
    (".git/config", VCS, "**/.git"),
    (".git/HEAD", VCS, "**/.git"),
    (".env", ENVIRONMENT, "**/.env*"),
    (LOCAL_ENV, ENVIRONMENT, "**/.env*"),
    ("id_rsa", KEY, "**/id_*"),
    ("server.pem", KEY, "**/*.pem"),
    ("server.key", KEY, "**/*.key"),
    (".venv/pyvenv.cfg", VENV, "**/.venv"),
    ("venv/pyvenv.cfg", VENV, "**/venv"),
    ("__pycache__/WORD.cpython-311.pyc", BYTECODE, "**/__pycache__"),
    ("WORD.pyc", BYTECODE, "**/*.py[cod]"),
    (".pytest_cache/CACHEDIR.TAG", CACHE, "**/.pytest_cache"),
    (".mypy_cache/CACHEDIR.TAG", CACHE, "**/.mypy_cache"),
    (".ruff_cache/CACHEDIR.TAG", CACHE, "**/.ruff_cache"),
)
"""What is planted, what it stands for, and the line for an ignore file that leaves it out at any depth."""


@dataclass(frozen=True)
class Traits:
    """What decides which canaries count in a project.

    `env_variants`: it has, or lets in, more environment files than `.env`. `allow_list`: what is held back at the top is
    held back because everything is, so that a nested one of the same name shows no weak pattern. `one_venv`: its tool
    makes `.venv`, and no other. `has_packages`: it declares JavaScript packages. `databases`: what its code calls a
    database, and Git ignores. `dumps`: Git ignores dumps.
    """

    env_variants: bool = False
    allow_list: bool = False
    one_venv: bool = False
    has_packages: bool = False
    databases: tuple[str, ...] = ()
    dumps: bool = False


@dataclass(frozen=True)
class Planted:
    """One canary before it is known whether it got through. `folder`: where it lies, "" for the top."""

    folder: str
    name: str
    kind: str
    pattern: str
    let_in: bool = False
    """Derived from a `!` line of the ignore file."""

    @property
    def path(self) -> str:
        """Where it is, in the context."""
        return posixpath.join(self.folder, self.name)


def canaries(
    folders: Iterable[str], exceptions: Iterable[Pattern], word: str, traits: Traits
) -> tuple[Planted, ...]:
    """Choose the canaries for the top and for each of `folders`, and for what the ignore file lets back in.

    Where a name may be any, it is `word`.
    """
    names = [(name.replace("WORD", word), kind, pattern) for name, kind, pattern in _NAMES]
    names += [(name, DATABASE, f"**/*{posixpath.splitext(name)[1]}") for name in traits.databases]
    names += [(DUMP, DATABASE, "**/dump*.sql")] if traits.dumps else []
    names += (
        [(f"node_modules/{word}/package.json", PACKAGES, "**/node_modules")] if traits.has_packages else []
    )
    usual = [Planted(folder, *each) for folder in ("", *folders) for each in names]
    taken = {each.path for each in usual}
    special = []
    for pattern in exceptions:
        for path in _paths(pattern.text, word):
            known = named(path)
            if known is not None and path not in taken:
                taken.add(path)
                folder, name = posixpath.split(path)
                special.append(Planted(folder, name, known.kind, known.pattern, let_in=True))
    return (*usual, *special)


def _paths(pattern: str, word: str) -> list[str]:
    """Make up paths that a pattern matches."""
    plain = pattern.strip("/")
    variants = (
        [plain.removeprefix("**/"), f"{word}/{plain.removeprefix('**/')}"]
        if plain.startswith("**/")
        else [plain]
    )
    made = [
        posixpath.normpath(each.replace("**", word).replace("*", word).replace("?", word[0]))
        for each in variants
    ]
    return [each for each in made if each not in {"", "."} and "[" not in each and not each.startswith("../")]


def judge(planted: Collection[Planted], reached: Collection[str], traits: Traits) -> tuple[Canary, ...]:
    """Decide which canaries count: a list that knows a kind but not all its names is told of, not blamed."""
    through = {each.path for each in planted if each.path in reached}
    found = []
    for each in planted:
        counts = each.let_in or _counts(each, planted, through, traits)
        canary = Canary(each.path, each.kind, bool(each.folder), each.path in through, pattern=each.pattern)
        found.append(replace(canary, judged=counts))
    return tuple(found)


def _counts(each: Planted, planted: Collection[Planted], through: Collection[str], traits: Traits) -> bool:
    def held(folder: str, name: str | None = None) -> bool:
        """Whether one of its kind is held back in a folder."""
        return any(
            other.kind == each.kind and other.folder == folder and name in (None, other.name)
            and other.path not in through
            for other in planted
        )  # fmt: skip

    nested = bool(each.folder)
    weak = nested and not traits.allow_list and held("", each.name)
    counts = {
        VCS: not nested,
        ENVIRONMENT: each.name != LOCAL_ENV or traits.env_variants,
        KEY: not held(each.folder) or weak,
        VENV: not nested and (not traits.one_venv or not held("")),
        BYTECODE: each.name.startswith(CACHED_BYTECODE),
        PACKAGES: not nested,
        DATABASE: not nested,
    }
    return counts.get(each.kind, not nested and each.name.startswith(".pytest_cache/"))
