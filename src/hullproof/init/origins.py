"""Where packages come from when it is not the usual index: what the installer at hand would not read is refused.

A package that is the project's own, and installed by its bare name from a public index, may be anybody's: that is
called dependency confusion. So nothing that says where a package comes from is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init.metadata import name_in

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata
    from hullproof.init.requirements import Declared

_PUBLIC = frozenset({"pypi.org", "pypi.python.org", "test.pypi.org"})
_ADDRESS = re.compile(r"""https?://[^\s"'<>|;&)]+|file:///[^\s"']+""")
_SAID = re.compile(
    r"""(?:index[-_]url|index[-_]server|\bindex|find[-_]links|DEFAULT_INDEX|(?:PIP|UV)\w*INDEX\w*)["']?\s*[=: ]\s*(?P<rest>.*)|"""
    r"""pip\s+install\b.*?\s(?:-i|-f)\s*(?P<short>\S+.*)""",
    re.IGNORECASE,
)
_FILES = (
    "pip.conf",
    "pip.ini",
    ".pip/pip.conf",
    "pip/pip.conf",
    "uv.toml",
    "tox.ini",
    "setup.cfg",
    ".condarc",
    ".pydistutils.cfg",
)
_TEXTS = re.compile(
    r"(?:.*/)?(?:[Dd]ockerfile[^/]*|[^/]*\.[Dd]ockerfile|Makefile|justfile|\.gitlab-ci\.ya?ml|noxfile\.py|[^/]*\.sh)\Z"
    r"|\.(?:github/workflows|circleci)/[^/]+\.ya?ml\Z"
)
_TABLES: Mapping[str, tuple[str, ...]] = {
    "uv": ("index", "index-url", "default-index", "extra-index-url", "find-links", "pip"),
    "pdm": ("source",),
    "poetry": ("source",),
    "rye": ("sources",),
    "hatch": ("envs",),
    "pixi": ("pypi-options", "pypi-dependencies"),
    "conda-lock": ("channels",),
}
"""The tables below [tool] that name indexes, by the tool that reads them."""
_ALL = 5  # of these name nothing else
_LONGEST = 500
_WORKSPACE = "the workspace that this is part of"
_WAYS_OUT = {"uv": "run `uv lock`", "pdm": "run `pdm lock`", "poetry": "run `poetry lock`"}


@dataclass(frozen=True)
class Origin:
    """One statement of where packages come from: which tool reads it, what it says, of which package if of one.

    `where` has no credentials.
    """

    tool: str
    where: str
    place: str
    package: str | None = None


def require_known(
    files: Files,
    metadata: Metadata,
    installer: str,
    packages: Iterable[Declared],
    indexes: Iterable[tuple[str, str]] = (),
) -> None:
    """Raise UsageError, one line, where the project says that packages come from where the `installer` would not look.

    `packages` are those that are to be installed by name, `indexes` those that the requirements files name.
    """
    named = {each.name: each for each in packages if each.url is None}
    known = {shown(address) for address, _ in indexes}
    for origin in _origins(files, metadata):
        if origin.tool == installer or origin.where in known:
            continue
        if origin.package is not None and origin.package not in named:
            continue
        what = (
            f"{origin.package} comes from {origin.where}"
            if origin.package
            else f"packages come from {origin.where}"
        )
        out = _WAYS_OUT.get(origin.tool) or f"write `--extra-index-url {origin.where}` into requirements.txt"
        if origin.where == _WORKSPACE:
            out = "give the folder of the whole workspace to init, and --entry, where this one needs it"
        elif origin.package and origin.tool not in _WAYS_OUT:
            out = "name it with its address"
        end = "" if origin.where == _WORKSPACE else ", then init again"
        raise UsageError(f"{origin.place}: {what}, which {installer} would not read; {out}{end}")
    if installer != "uv":  # whose lock file says which packages are the project's own
        _require_foreign(files, named)


def _require_foreign(files: Files, named: Mapping[str, Declared]) -> None:
    """Raise UsageError where a package of the project itself would be looked for on an index."""
    for path in files.paths:
        folder, _, name = path.rpartition("/")
        if (
            not folder
            or name not in {"pyproject.toml", "setup.cfg", "setup.py"}
            or files.is_aside(folder + "/x")
        ):
            continue
        own = _name_of(name, files.text(path))
        if own is not None and own in named:
            raise UsageError(
                f"{named[own].place}: asks an index for {own}, which is this project's own, in {folder}; an index may "
                "have another of that name. List what it depends on instead: its code is copied"
            )


def _name_of(file: str, text: str) -> str | None:
    """Return what a package's own metadata call it, as far as they say."""
    if file == "pyproject.toml":
        with suppress(toml.TomlError):
            return name_in(toml.loads(text))
    found = re.search(r"""^[ \t]*name[ \t]*=[ \t]*["']?([\w.-]+)""", text, re.MULTILINE)
    return canonicalize_name(found[1]) if found else None


def _origins(files: Files, metadata: Metadata) -> Iterator[Origin]:
    path = metadata.path
    for tool in ("uv", "rye"):
        for package, source in metadata.tool(tool, "sources").items():
            place = f"{path}:{files.line_of_key(path, package)}"
            places = map(_leads_to, source if isinstance(source, list) else [source])
            yield from (Origin(tool, where, place, canonicalize_name(package)) for where in places if where)
    for tool, keys in _TABLES.items():
        for key in keys:
            for address in _addresses(metadata.tool(tool).get(key)):
                yield Origin(tool, shown(address), f"{path}:{files.line_of(path, address)}")
    for path in files.paths:
        if path in _FILES or _TEXTS.match(path):
            yield from _of_text(files, path)


def _of_text(files: Files, path: str) -> Iterator[Origin]:
    """Yield the indexes that the lines of a file name, whatever it is; a file for pip or uv names nothing else."""
    for number, line in enumerate(files.text(path).splitlines(), start=1):
        said = _SAID.search(line[:_LONGEST])
        rest = (said["rest"] or said["short"]) if said else line[:_LONGEST] if path in _FILES[:_ALL] else None
        for address in _addresses(rest):
            yield Origin("uv" if path == "uv.toml" else path, shown(address), f"{path}:{number}")


def _leads_to(source: object) -> str | None:
    """Say where a source leads (https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources)."""
    if not isinstance(source, dict):
        return None
    for key, form in (("git", "{}"), ("url", "{}"), ("path", "the folder {}"), ("index", "the index {}")):
        if isinstance(source.get(key), str):
            return form.format(shown(source[key]))
    return _WORKSPACE if source.get("workspace") is True else None


def _addresses(value: object) -> Iterator[str]:
    """Yield the addresses in a value, however deep, that are not those of the public index."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield from filter(is_private, _ADDRESS.findall(each))
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def is_private(address: str) -> bool:
    """Whether an address is not that of the public index."""
    try:
        return urlsplit(address).hostname not in _PUBLIC
    except ValueError:  # such as a bracket without its other half
        return True


def shown(address: str) -> str:
    """Return an address without the credentials in it and the slash at its end: to show it, or to compare it."""
    return re.sub(r"://[^/\s@]+@", "://", address).rstrip("/")
