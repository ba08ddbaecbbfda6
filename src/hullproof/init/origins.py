"""Where packages come from when it is not the usual index: what the installer at hand would not read is refused.

A package that is the project's own, and installed by its bare name from a public index, may be anybody's: that is
called dependency confusion. So nothing that says where a package comes from is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
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
_ADDRESS = re.compile(r"""https?://[^\s"'<>|;&)}]+|file:///[^\s"'}]+""")
_SIMPLE = re.compile(r"""https?://[^\s"'<>|;&)}]+/simple/?(?![^\s"'<>|;&)}])""")
"""An index, by how its address ends (PEP 503), whatever it is called."""
_SAID = re.compile(
    r"""(?P<name>index[-_]url|index[-_]server|\bindex|find[-_]links|DEFAULT_INDEX|(?:PIP|UV)\w*INDEX\w*)["']?\s*[=: ]\s*(?P<rest>.*)|"""
    r"""pip\s+install\b.*?\s(?:-i|-f)\s*(?P<short>\S+.*)""",
    re.IGNORECASE,
)
_MAY_SAY = re.compile(rb"index|find[-_]links|pip\s+install|/simple", re.IGNORECASE)
_VARIABLE = re.compile(
    r"""["']?(?P<it>[^\s"'$]*\$(?:\{\{[^}]*\}\}|\{?(?P<name>\w+)[^\s"';&|)]*)[^\s"';&|)]*)"""
)
"""A value that somebody else knows: of a shell, of a compose file, of a pipeline's secrets."""
_OF_PIP = frozenset({"pip.conf", "pip.ini", "uv.toml", ".condarc", ".pydistutils.cfg"})
"""Files in which each address is one of packages."""
_TEXTS = re.compile(
    r"(?:.*/)?(?:[^/.]+|\.env[^/]*|\.condarc|noxfile\.py|[Dd]ockerfile[^/]*|[^/]+\.(?:ya?ml|toml|cfg|ini|conf|hcl|sh|mk|[Dd]ockerfile))\Z"
)
"""What builds, pipelines and tools are told by: settings and scripts, whatever they are called, but no code and no prose."""
_KEYS = re.compile(r"index|source|find[-_]links|channel|pypi", re.IGNORECASE)
"""Below [tool], the keys that lead to indexes; among `urls` they lead to people's pages."""
_LONGEST = 500
_WORKSPACE = "the workspace that this is part of"
_WAYS_OUT = {
    "uv": "run `uv lock`",
    "pdm": "run `pdm lock`",
    "poetry": "run `poetry lock`",
    "pipenv": "run `pipenv lock`",
}
_DECLARED = {
    "pdm": "declare it as a [[tool.pdm.source]] and run `pdm lock`",
    "poetry": "declare it as a [[tool.poetry.source]] and run `poetry lock`",
    "pipenv": "declare it as a [[source]] of the Pipfile and run `pipenv lock`",
}
"""How the installer at hand is told of an index."""


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
    *,
    way_out: str | None = None,
) -> None:
    """Raise UsageError, one line, where the project says that packages come from where the `installer` would not look.

    `packages` are those that are to be installed by name, `indexes` those that the requirements files name. `way_out` is
    what helps, where that is not known by the installer.
    """
    named = {each.name: each for each in packages if each.url is None}
    known = {shown(address) for address, _ in indexes}
    for origin in _origins(files, metadata):
        if origin.tool == installer or origin.where in known:
            continue
        if origin.package is not None and origin.package not in named:
            continue
        what = f"{origin.package or 'packages'} {'comes' if origin.package else 'come'} from {origin.where}"
        out = way_out or _way_out(origin, installer)
        raise UsageError(f"{origin.place}: {what}, which {installer} would not read; {out}")
    _require_foreign(files, named)


def _way_out(origin: Origin, installer: str) -> str:
    """Say what helps. An extra index would not: pip takes the higher version of both."""
    if origin.where == _WORKSPACE:
        return "give the folder of the whole workspace to init, and --entry, where this one needs it"
    if origin.package and origin.tool not in _WAYS_OUT:
        return "name it with its address, then init again"
    where = "--index-url ADDRESS" if "$" in origin.where else f"--index-url {origin.where}"
    out = _WAYS_OUT.get(origin.tool) or _DECLARED.get(installer) or f"write `{where}` into requirements.txt"
    return f"{out}, then init again"


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
        yield from _sources(files, path, tool, metadata.tool(tool, "sources"))
    for tool, table in metadata.tool().items():
        for address in _addresses(list(_leading(table))):
            yield Origin(tool, shown(address), f"{path}:{files.line_of(path, address)}")
    if "Pipfile" in files:
        with suppress(toml.TomlError):
            pipfile = toml.loads(files.text("Pipfile"))
            for address in _addresses(pipfile.get("source")):
                yield Origin("pipenv", shown(address), f"Pipfile:{files.line_of('Pipfile', address)}")
            for section in ("packages", "dev-packages"):
                yield from _sources(files, "Pipfile", "pipenv", toml.table(pipfile, section))
    for path in files.paths:
        if _TEXTS.match(path) and path not in (metadata.path, "Pipfile") and not files.is_elsewhere(path):
            yield from _of_text(files, path)


def _sources(files: Files, path: str, tool: str, table: Mapping[str, Any]) -> Iterator[Origin]:
    """Yield where single packages come from."""
    for package, source in table.items():
        place = f"{path}:{files.line_of_key(path, package)}"
        places = map(_leads_to, source if isinstance(source, list) else [source])
        yield from (Origin(tool, where, place, canonicalize_name(package)) for where in places if where)


def _leading(table: object) -> Iterator[object]:
    """Yield the values of a tool's table that stand under keys for indexes, however deep."""
    waiting = [(table, False)]
    while waiting:
        each, leads = waiting.pop()
        if isinstance(each, dict):
            waiting += [
                (value, leads or bool(_KEYS.search(key)))
                for key, value in each.items()
                if key != "urls" and not (key == "sources" and isinstance(value, dict))
            ]
        elif isinstance(each, list) and not leads:
            waiting += [(value, leads) for value in each]
        elif leads:
            yield each


def _of_text(files: Files, path: str) -> Iterator[Origin]:
    """Yield the indexes that the lines of a file name, whatever it is; a file for pip or uv names nothing else."""
    name = path.rpartition("/")[2]
    tool = "uv" if path == "uv.toml" else path
    if not _MAY_SAY.search(files.content(path)):
        return
    for number, line in enumerate(files.text(path).splitlines(), start=1):
        text, place = line[:_LONGEST].strip(), f"{path}:{number}"
        if text.startswith(("#", "//")):
            continue
        said = _SAID.search(text)
        rest = (said["rest"] or said["short"]) if said else text if name in _OF_PIP else ""
        addresses = dict.fromkeys((*_addresses(rest), *filter(is_private, _SIMPLE.findall(text))))
        yield from (Origin(tool, shown(address), place) for address in addresses)
        if said is None or _ADDRESS.search(rest) or _is_of_others(text, said):
            continue
        variable = _VARIABLE.match(rest)
        if variable is not None and not _is_said(files, path, variable["name"], said["name"]):
            yield Origin(tool, shown(variable["it"]), place)


def _is_of_others(text: str, said: re.Match[str]) -> bool:
    """Whether a plain `index` is no option: search engines and web servers have one as well, and variables for it."""
    return (said["name"] or "").lower() == "index" and not text[: said.start()].endswith("--")


def _is_said(files: Files, path: str, variable: str | None, name: str | None) -> bool:
    """Whether a variable only hands on another of its name, or the file says its address, which then counts by itself."""
    if variable is None:
        return False
    if name is not None and variable.lower() == name.lower():
        return True
    given = rf"""\b{re.escape(variable)}["']?\s*[=:]\s*["']?(?:\$\{{?\w+:-)?{_ADDRESS.pattern}"""
    return re.search(given, files.text(path)) is not None


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
