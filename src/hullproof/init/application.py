"""Which application a project is: its framework, where it is entered, and for Django the files around it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import entry, programs
from hullproof.init.code import FRAMEWORKS
from hullproof.init.files import under
from hullproof.init.model import Application, Choices, Dependencies, Entry, Interface, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata

_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["']\]?\s*[,=]\s*["']([\w.]+)["']""")
_APPLICATION = re.compile(
    r"""^(?P<interface>[AW]SGI)_APPLICATION\s*=\s*["'](?P<module>[\w.]+)\.(?P<name>\w+)["']""", re.MULTILINE
)
_STATIC_ROOT = re.compile(r"^STATIC_ROOT\s*=\s*(?P<value>.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([\w.-]+(?:/[\w.-]+)*)/?["']""")
_ASGI_ONLY = ("channels", "daphne", "uvicorn", "hypercorn", "granian")
_WSGI_ONLY = ("gunicorn", "waitress")
_SHOWN = 2


def look(files: Files, metadata: Metadata, dependencies: Dependencies, choices: Choices) -> Application:
    """Find the application. Raises UsageError, one line, where there is none or where it cannot be told."""
    manage, asked = _manage(files), choices.entry
    if choices.command is not None:
        return Application(entry.of_command(files, choices.command, asked), manage=manage)
    if manage is not None:
        root = posixpath.dirname(manage)
        asked_for = entry.look(files, metadata, asked, root=root)[0] if asked else None
        return _django(files, dependencies, manage, asked_for)
    found, others = entry.look(files, metadata, asked)
    if found.framework == "aiohttp" and found.module and not dependencies.has("gunicorn"):
        found = _started_by_itself(files, found)
    _require_own(files, found, dependencies)
    _require_declared(found, dependencies)
    found = _with_framework(found, dependencies)
    return Application(found, said=(*_said_of(found, dependencies), *_said_of_others(others)))


def _started_by_itself(files: Files, found: Entry) -> Entry:
    """Take what starts an application of aiohttp, which brings a server of its own, as the application."""
    scripts = [
        each for each in entry.candidates(files) if each.kind == "script" and each.framework == "aiohttp"
    ]
    return min(scripts, key=lambda each: (each.path != found.path, programs.likelihood(each)), default=found)


def _with_framework(found: Entry, dependencies: Dependencies) -> Entry:
    """Name the framework of an application that its code does not tell, as where it is imported from elsewhere."""
    known = [each for each in FRAMEWORKS.values() if each.package in dependencies.places and each.interface]
    if not found.module or found.framework or found.interface or not known:
        return found
    return replace(found, framework=known[0].name, interface=known[0].interface)


def _require_own(files: Files, found: Entry, dependencies: Dependencies) -> None:
    """Raise UsageError where the application belongs to a project below this one, which has its own packages."""
    package = (found.framework or "").lower()
    if not package or dependencies.has(package):
        return
    parts = found.path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        below = "/".join(parts[:depth])
        if files.first(f"{below}/requirements.txt", f"{below}/pyproject.toml", f"{below}/Pipfile"):
            where = f"{found.shown} in {found.place}"
            raise UsageError(f"{where} is in a project of its own: hullproof init {below}")


def _require_declared(found: Entry, dependencies: Dependencies) -> None:
    """Raise UsageError where nothing at all is declared, and so not what the application surely needs."""
    if found.framework and dependencies.release.is_empty:
        needs = found.framework.lower()
        raise UsageError(
            f"{found.shown} in {found.place} needs {needs}, which nothing declares; list it in requirements.txt"
        )


def _manage(files: Files) -> str | None:
    """Find Django's manage.py, the nearest to the top."""
    found = [
        path
        for path in files.code
        if posixpath.basename(path) == "manage.py" and _SETTINGS.search(files.text(path))
    ]
    return min(found, key=lambda path: (path.count("/"), path), default=None)


def _django(files: Files, dependencies: Dependencies, manage: str, asked_for: Entry | None) -> Application:
    root = posixpath.dirname(manage)
    asynchronous = dependencies.has(*_ASGI_ONLY) and not dependencies.has(*_WSGI_ONLY)
    asynchronous = asynchronous or (dependencies.has("channels") and dependencies.has(*_ASGI_ONLY[1:]))
    wanted = "asgi" if asynchronous else "wsgi"
    made = [
        each for each in entry.candidates(files, root) if each.framework == "Django" and each.kind == "object"
    ]
    made += _of_settings(files, root)
    made.sort(key=lambda each: (each.interface != wanted, each.path.count("/"), each.path))
    by_itself = Entry("script", manage, 0, "manage.py", framework="Django", root=root)
    found = asked_for or next(iter(made), by_itself)
    found = replace(found, framework="Django")
    _require_own(files, found, dependencies)
    _require_declared(found, dependencies)
    named = _SETTINGS.search(files.text(found.path)) or _SETTINGS.search(files.text(manage))
    path = files.module(named[1], root) if named else None
    return Application(
        found,
        manage=manage,
        settings=path,
        static_root=_static_root(files, path, root) if path else None,
        said=_said_of(found, dependencies),
    )


def _of_settings(files: Files, root: str) -> Iterator[Entry]:
    """Yield the applications that Django's settings name: what makes them may be of another package, as with Channels."""
    for path in (each for each in files.code if "settings" in each):
        for found in _APPLICATION.finditer(files.text(path)):
            file = files.module(found["module"], root)
            line = files.line_matching(file, rf"^{found['name']}\s*=") if file else 0
            if file and line:
                interface: Interface = "asgi" if found["interface"] == "ASGI" else "wsgi"
                where = (file, line, f"{found['name']}, which {path} names", found["module"], found["name"])
                yield Entry("object", *where, "Django", interface, root)


def _static_root(files: Files, settings: str, root: str) -> str | None:
    """Find the folder of STATIC_ROOT, where it is one below the folder of manage.py that one word names."""
    text = files.text(settings)
    folder = posixpath.dirname(settings)
    texts = [text, *(files.text(under(folder, f"{name}.py")) for name in ("base", "common", "settings"))]
    for each in texts:
        found = _STATIC_ROOT.search(each)
        names = _QUOTED.findall(found["value"]) if found else []
        if len(names) == 1 and ".." not in names[0]:
            return under(root, names[0])
    return None


def _said_of(found: Entry, dependencies: Dependencies) -> tuple[Remark, ...]:
    """Say which framework it is and where that stands, and where the application is entered."""
    said = []
    package = (found.framework or "").lower()
    if package in dependencies.places:
        said.append(Remark("found", f"{found.framework}, in {dependencies.places[package]}"))
    where = f"{found.shown}, in {found.place}"
    said.append(Remark("found", f"{found.path}, and no wsgi.py" if found.shown == "manage.py" else where))
    return tuple(said)


def _said_of_others(others: list[Entry]) -> list[Remark]:
    if not others:
        return []
    listed = " and ".join(f"{each.shown} in {each.place}" for each in others[:_SHOWN])
    return [Remark("assumed", f"that is the one to serve, not {listed} (--entry {others[0].spelled})")]
