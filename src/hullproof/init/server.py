"""Which command serves an application, on which port, what ends it, and how it says that it is well."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import health, ports
from hullproof.init.model import Application, Dependencies, Entry, Interface, Remark, Server

if TYPE_CHECKING:
    from hullproof.init.files import Files

_USUAL_PORTS = {
    "Flask": 5000,
    "Streamlit": 8501,
    "Gradio": 7860,
    "aiohttp": 8080,
    "NiceGUI": 8080,
    "Dash": 8050,
}
_USUAL_PORT = 8000
_STARTERS = ("run.py", "main.py", "wsgi.py", "app.py", "server.py", "__main__.py")


@dataclass(frozen=True)
class _Kind:
    """One server: its package, the command for an entry and a port, and the signal where SIGTERM would not do.

    `environment` is what the image sets for it, so that an operator can set it otherwise.
    """

    package: str
    command: Callable[[Entry, int], list[str]]
    stop_signal: str | None = None
    factories: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


def _call(entry: Entry) -> str:
    """Name the application as gunicorn and hypercorn take it, a factory with its call."""
    return f"{entry.module}:{entry.name}{'()' if entry.kind == 'factory' else ''}"


def _plain(entry: Entry) -> str:
    return f"{entry.module}:{entry.name}"


def _factory(entry: Entry, option: str) -> list[str]:
    return [option] if entry.kind == "factory" else []


def _gunicorn(entry: Entry, port: int) -> list[str]:
    # Threads let a slow answer not hold up the health check; the heartbeat's file must not lie on a disk.
    # https://docs.gunicorn.org/en/stable/faq.html#how-do-i-avoid-gunicorn-excessively-blocking-in-os-fchmod
    worker = ["--worker-class=aiohttp.GunicornWebWorker"] if entry.framework == "aiohttp" else ["--threads=4"]
    return [
        "gunicorn",
        f"--bind=0.0.0.0:{port}",
        *worker,
        "--worker-tmp-dir=/dev/shm",
        "--access-logfile=-",
        _call(entry),
    ]


def _uvicorn(entry: Entry, port: int) -> list[str]:
    return ["uvicorn", "--host=0.0.0.0", f"--port={port}", *_factory(entry, "--factory"), _plain(entry)]


def _fastapi(entry: Entry, port: int) -> list[str]:
    return ["fastapi", "run", f"--port={port}", f"--app={entry.name}", entry.path]


def _waitress(entry: Entry, port: int) -> list[str]:
    return ["waitress-serve", "--host=0.0.0.0", f"--port={port}", *_factory(entry, "--call"), _plain(entry)]


def _granian(entry: Entry, port: int) -> list[str]:
    interface = f"--interface={entry.interface or 'wsgi'}"
    return [
        "granian",
        interface,
        "--host=0.0.0.0",
        f"--port={port}",
        "--access-log",
        *_factory(entry, "--factory"),
        _plain(entry),
    ]


def _hypercorn(entry: Entry, port: int) -> list[str]:
    return ["hypercorn", f"--bind=0.0.0.0:{port}", "--access-logfile=-", _call(entry)]


def _uwsgi(entry: Entry, port: int) -> list[str]:
    # Without --die-on-term it takes SIGTERM for an order to start anew.
    socket = f"--http-socket=0.0.0.0:{port}"
    return ["uwsgi", "--master", "--die-on-term", "--need-app", socket, f"--module={_plain(entry)}"]


_WORKERS = {"WEB_CONCURRENCY": "2"}
"""How many processes gunicorn and granian start, where nobody says otherwise: one must not hold up all others."""
_SERVERS: Mapping[Interface, tuple[_Kind, ...]] = {
    # Waitress has no handler for SIGTERM, and the kernel spares PID 1 the default; Ctrl-C's signal ends it.
    "wsgi": (
        _Kind("gunicorn", _gunicorn, environment=_WORKERS),
        _Kind("waitress", _waitress, "SIGINT"),
        _Kind("granian", _granian),
        *(_Kind(package, _uwsgi, factories=False) for package in ("uwsgi", "pyuwsgi")),
    ),
    "asgi": (
        _Kind("uvicorn", _uvicorn),
        _Kind("hypercorn", _hypercorn),
        _Kind("daphne", lambda entry, port: ["daphne", "--bind=0.0.0.0", f"--port={port}", _plain(entry)], factories=False),
        _Kind("granian", _granian),
        _Kind("sanic", lambda entry, port: ["sanic", "--host=0.0.0.0", f"--port={port}", "--single-process", *_factory(entry, "--factory"), _plain(entry)]),
    ),
}  # fmt: skip
PACKAGES = frozenset(kind.package for kinds in _SERVERS.values() for kind in kinds)
"""The servers that are known here."""
_QUEUES: Mapping[str, Callable[[Entry], list[str]]] = {
    "Celery": lambda entry: ["celery", f"--app={_plain(entry)}", "worker", "--loglevel=INFO"],
    "FastStream": lambda entry: ["faststream", "run", _plain(entry)],
    "Huey": lambda entry: ["huey_consumer", f"{entry.module}.{entry.name}"],
    "Taskiq": lambda entry: ["taskiq", "worker", _plain(entry)],
}
_ADDRESSES: Mapping[str, Mapping[str, str]] = {
    "Gradio": {
        "GRADIO_SERVER_NAME": "0.0.0.0",  # noqa: S104 - within its container
        "GRADIO_SERVER_PORT": "{port}",
        "GRADIO_ANALYTICS_ENABLED": "False",
    },
}


def look(files: Files, application: Application, dependencies: Dependencies, asked: int | None) -> Server:
    """Choose the server that the project depends on, else what its framework brings; and the port.

    Raises UsageError where there is none, and for a port that is none.
    """
    if asked is not None and not 0 < asked <= ports.HIGHEST:
        raise UsageError(f"--port {asked}: must be from 1 to {ports.HIGHEST}")
    entry = application.entry
    if entry.worker:
        words = entry.words or tuple(_QUEUES[entry.framework or ""](entry))
        note = Remark(
            "note",
            f"{entry.framework or 'the worker'} needs its broker beside it: name a compose file by `compose` in hullproof.toml",
        )
        return Server(words, asked, said=(note,))
    port, said = _port(files, application, asked)
    found = _serving(files, application, dependencies, port)
    return replace(
        found,
        health=health.path(files, application) if found.port else None,
        speaks_http=entry.framework is not None,
        said=(*found.said, *said),
    )


def told_its_port(server: Server, names: Iterable[str]) -> Server:
    """Return a server that is told by variables, which it cannot do without, on which port it listens."""
    port = server.port or _USUAL_PORT
    return replace(server, port=port, environment={**server.environment, **dict.fromkeys(names, str(port))})


def _serving(files: Files, application: Application, dependencies: Dependencies, port: int | None) -> Server:
    entry = application.entry
    if entry.framework == "Streamlit":
        options = [
            "--server.address=0.0.0.0",
            f"--server.port={port}",
            "--server.headless=true",
            "--browser.gatherUsageStats=false",
        ]
        return Server(("streamlit", "run", *options, entry.path), port)
    if entry.kind in ("script", "command") and entry.framework != "Django":
        handles = any("SIGTERM" in files.text(path) for path in files.code) or entry.framework == "aiohttp"
        environment = {
            name: value.format(port=port) for name, value in _ADDRESSES.get(entry.framework or "", {}).items()
        }
        return Server(entry.words, port, None if handles else "SIGINT", environment=environment)
    port = port or _USUAL_PORT
    if entry.kind == "script":
        return _development(entry, application, port)
    interface = entry.interface or ("wsgi" if entry.framework == "aiohttp" else _interface(dependencies))
    for kind in _SERVERS[interface]:
        if dependencies.has(kind.package) and (kind.factories or entry.kind == "object"):
            if kind.package == "uvicorn" and _starts_with_fastapi(files, entry, dependencies):
                return Server(tuple(_fastapi(entry, port)), port, said=(_found("fastapi-cli", dependencies),))
            said = (_found(kind.package, dependencies),)
            command = kind.command(entry, port)
            if kind.package == "gunicorn":
                command = _as_configured(files, command)
            return Server(tuple(command), port, kind.stop_signal, said, environment=kind.environment)
    return _development(entry, application, port)


def _as_configured(files: Files, command: list[str]) -> list[str]:
    """Leave to gunicorn's own configuration file what that says: options of the command would win over it."""
    text = files.text("gunicorn.conf.py")
    settings = {"--threads": "threads", "--worker-tmp-dir": "worker_tmp_dir", "--access-logfile": "accesslog"}
    said = tuple(option for option, name in settings.items() if f"{name} =" in text or f"{name}=" in text)
    return [word for word in command if not said or not word.startswith(said)]


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
    place = dependencies.places.get(package) or dependencies.implied[package]
    return Remark("found", f"{package}, in {place}, which serves it")


def _development(entry: Entry, application: Application, port: int) -> Server:
    """Fall back on the framework's own server. What Python runs as PID 1 ends on SIGINT, not on SIGTERM."""
    if entry.framework == "Flask":
        command = ["flask", f"--app={_plain(entry)}", "run", "--host=0.0.0.0", f"--port={port}"]
    elif entry.framework == "Django" and application.manage:
        command = ["python", application.manage, "runserver", f"0.0.0.0:{port}", "--noreload"]
    else:
        server = "gunicorn" if entry.interface == "wsgi" or entry.framework == "aiohttp" else "uvicorn"
        raise UsageError(
            f"{entry.shown} in {entry.place} needs a server; add {server} to the dependencies, then init again"
        )
    better = "gunicorn" if entry.interface != "asgi" else "uvicorn"
    remark = Remark(
        "assumed",
        f"{entry.framework}'s own server, which is for development: depend on {better}, then init --force",
    )
    return Server(tuple(command), port, "SIGINT", (remark,))


def _port(files: Files, application: Application, asked: int | None) -> tuple[int | None, tuple[Remark, ...]]:
    """Return the port: as asked, as the command or the code says, else a usual one; None where nothing is known."""
    if asked is not None:
        return asked, ()
    entry = application.entry
    if entry.kind == "command":
        named = ports.of_command(shlex.join(entry.words))
        if named is not None:
            return named, (Remark("found", f"port {named}, in --command"),)
    if entry.framework == "Streamlit" and (configured := ports.of_streamlit(files)) is not None:
        return configured.number, (Remark("found", f"port {configured.number}, in {configured.place}"),)
    folder = entry.path.rpartition("/")[0]
    near = [path for path in files.code if path.startswith(f"{folder}/" if folder else "")]
    starters = [path for path in files.code if path.rpartition("/")[2] in _STARTERS]
    found = ports.find(files, (entry.path, *starters), (*near, *files.code))
    if found is not None:
        return found.number, (Remark("found", f"port {found.number}, in {found.place}"),)
    if entry.kind in ("script", "command") and entry.framework not in (*_USUAL_PORTS, "Django"):
        unknown = "which port it listens on, if on any, is not known: none is exposed (--port 8000)"
        return None, (Remark("assumed", unknown),)
    port = _USUAL_PORTS.get(entry.framework or "", _USUAL_PORT)
    return port, (Remark("assumed", f"port {port}, since nothing says which (--port)"),)
