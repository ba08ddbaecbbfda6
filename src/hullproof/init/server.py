"""Which command serves an application, on which port, and what ends it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import ports
from hullproof.init.model import Application, Dependencies, Entry, Interface, Remark, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.init.files import Files

USUAL_PORT, FLASK_PORT = 8000, 5000
_EXPOSED = re.compile(r"^EXPOSE\s+(\d+)", re.MULTILINE | re.IGNORECASE)
_STARTERS = ("gunicorn.conf.py", "run.py", "main.py", "wsgi.py", "app.py", "server.py")


@dataclass(frozen=True)
class _Kind:
    """One server: its package, the command for an entry and a port, and the signal where SIGTERM would not do."""

    package: str
    command: Callable[[Entry, int], list[str]]
    stop_signal: str | None = None
    factories: bool = True


def _call(entry: Entry) -> str:
    """Name the application as gunicorn and hypercorn take it, a factory with its call."""
    return f"{entry.module}:{entry.name}{'()' if entry.kind == 'factory' else ''}"


def _plain(entry: Entry) -> str:
    return f"{entry.module}:{entry.name}"


def _uvicorn(entry: Entry, port: int) -> list[str]:
    factory = ["--factory"] if entry.kind == "factory" else []
    return ["uvicorn", "--host=0.0.0.0", f"--port={port}", *factory, _plain(entry)]


def _fastapi(entry: Entry, port: int) -> list[str]:
    return ["fastapi", "run", f"--port={port}", f"--app={entry.name}", entry.path]


def _waitress(entry: Entry, port: int) -> list[str]:
    factory = ["--call"] if entry.kind == "factory" else []
    return ["waitress-serve", "--host=0.0.0.0", f"--port={port}", *factory, _plain(entry)]


def _granian(entry: Entry, port: int) -> list[str]:
    factory = ["--factory"] if entry.kind == "factory" else []
    interface = f"--interface={entry.interface or 'wsgi'}"
    return ["granian", interface, "--host=0.0.0.0", f"--port={port}", *factory, _plain(entry)]


_GUNICORN = _Kind("gunicorn", lambda entry, port: ["gunicorn", f"--bind=0.0.0.0:{port}", _call(entry)])
_HYPERCORN = _Kind("hypercorn", lambda entry, port: ["hypercorn", f"--bind=0.0.0.0:{port}", _call(entry)])
_DAPHNE = _Kind(
    "daphne",
    lambda entry, port: ["daphne", "--bind=0.0.0.0", f"--port={port}", _plain(entry)],
    factories=False,
)


def _uwsgi(entry: Entry, port: int) -> list[str]:
    # Without --die-on-term it takes SIGTERM for an order to start anew.
    socket = f"--http-socket=0.0.0.0:{port}"
    return ["uwsgi", "--master", "--die-on-term", "--need-app", socket, f"--module={_plain(entry)}"]


_SERVERS: dict[Interface, tuple[_Kind, ...]] = {
    # Waitress has no handler for SIGTERM, and the kernel spares PID 1 the default; Ctrl-C's signal ends it.
    "wsgi": (
        _GUNICORN,
        _Kind("waitress", _waitress, "SIGINT"),
        _Kind("granian", _granian),
        *(_Kind(package, _uwsgi, factories=False) for package in ("uwsgi", "pyuwsgi")),
    ),
    "asgi": (_Kind("uvicorn", _uvicorn), _HYPERCORN, _DAPHNE, _Kind("granian", _granian)),
}


def look(files: Files, application: Application, dependencies: Dependencies, asked: int | None) -> Server:
    """Choose the server that the project depends on, else what its framework brings; and the port.

    Raises UsageError where there is none, and for a port that is none.
    """
    if asked is not None and not 0 < asked <= ports.HIGHEST:
        raise UsageError(f"--port {asked}: must be from 1 to {ports.HIGHEST}")
    entry = application.entry
    port, said = _port(files, application, asked)
    if entry.kind == "script" and entry.framework != "Django":
        handles = any("SIGTERM" in files.text(path) for path in files.code)
        return Server(entry.words, port, None if handles else "SIGINT", said)
    port = port or USUAL_PORT
    if entry.kind == "script":
        return _development(entry, application, port, said)
    interface = entry.interface or _interface(dependencies)
    for kind in _SERVERS[interface]:
        if dependencies.has(kind.package) and (kind.factories or entry.kind == "object"):
            if kind.package == "uvicorn" and _starts_with_fastapi(files, entry, dependencies):
                return Server(
                    tuple(_fastapi(entry, port)), port, said=(_found("fastapi", dependencies), *said)
                )
            command = tuple(kind.command(entry, port))
            return Server(command, port, kind.stop_signal, (_found(kind.package, dependencies), *said))
    return _development(entry, application, port, said)


def _starts_with_fastapi(files: Files, entry: Entry, dependencies: Dependencies) -> bool:
    """Whether `fastapi run` is there and nobody asked for uvicorn itself; it finds packages by __init__.py only."""
    packages = entry.path.count("/") == 0 or f"{entry.path.rpartition('/')[0]}/__init__.py" in files
    return (
        "uvicorn" not in dependencies.places
        and dependencies.has("fastapi-cli")
        and entry.framework == "FastAPI"
        and entry.kind == "object"
        and packages
    )


def _interface(dependencies: Dependencies) -> Interface:
    """Guess what an application speaks of which nothing is known, from the servers that the project has."""
    frameworks = ("fastapi", "starlette", "quart", "litestar", "uvicorn", "hypercorn", "daphne")
    return (
        "asgi" if dependencies.has(*frameworks) and not dependencies.has("gunicorn", "waitress") else "wsgi"
    )


def _found(package: str, dependencies: Dependencies) -> Remark:
    place = dependencies.places.get(package) or dependencies.places.get("fastapi", "the lock file")
    return Remark("found", f"{package}, in {place}, which serves it")


def _development(entry: Entry, application: Application, port: int, said: tuple[Remark, ...]) -> Server:
    """Fall back on the framework's own server. What Python runs as PID 1 ends on SIGINT, not on SIGTERM."""
    if entry.framework in ("Flask", "Quart"):
        tool = entry.framework.lower()
        command = [tool, f"--app={_plain(entry)}", "run", "--host=0.0.0.0", f"--port={port}"]
    elif entry.framework == "Django" and application.manage:
        command = ["python", application.manage, "runserver", f"0.0.0.0:{port}", "--noreload"]
    else:
        server = "gunicorn" if entry.interface == "wsgi" else "uvicorn"
        raise UsageError(
            f"{entry.shown} in {entry.place} needs a server; add {server} to the dependencies, then init again"
        )
    better = (
        "gunicorn" if entry.interface != "asgi" else "hypercorn" if entry.framework == "Quart" else "uvicorn"
    )
    remark = Remark(
        "assumed",
        f"{entry.framework}'s own server, which is for development: depend on {better}, then init --force",
    )
    return Server(tuple(command), port, "SIGINT", (remark, *said))


def _port(files: Files, application: Application, asked: int | None) -> tuple[int | None, tuple[Remark, ...]]:
    """Return the port: as asked, as the entry's file or gunicorn's configuration says, else a usual one."""
    if asked is not None:
        return asked, ()
    entry = application.entry
    folder = entry.path.rpartition("/")[0]
    beside = [
        path
        for path in files.code
        if entry.kind == "script" and path.startswith(f"{folder}/" if folder else "")
    ]
    for path in dict.fromkeys((entry.path, *(path for path in _STARTERS if path in files), *beside)):
        found = ports.named(files, path)
        if found is not None:
            return found[0], (Remark("found", f"port {found[0]}, in {found[1]}"),)
    exposed = _EXPOSED.search(files.text("Dockerfile"))
    if exposed is not None:
        return int(exposed[1]), (Remark("found", f"port {exposed[1]}, exposed in Dockerfile"),)
    if entry.kind == "script" and entry.framework is None:
        return None, (Remark("assumed", "it listens on no port, since none is named (--port 8000)"),)
    port = FLASK_PORT if entry.framework == "Flask" else USUAL_PORT
    return port, (Remark("assumed", f"port {port}, since nothing says which (--port)"),)
