"""The board as an application: its addresses, and what stands around them."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from app import api, pages, probes, problems
from app.access import Access, ReadersOnly
from app.config import Settings
from app.limits import Limits, Surroundings
from app.store import Store


class _AnyText(Convertor[str]):
    """A project's name within a path: anything, slashes and line breaks included."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any", _AnyText())

ROUTES = [
    Route("/", pages.index),
    Route("/reports/{id}", pages.report),
    Route("/badge.svg", pages.badge),
    Route("/badge/{project:any}.svg", pages.badge),
    Route("/api/reports", api.Reports),
    Route("/api/reports/{id}", api.OneReport),
    Route("/api/openapi.json", api.openapi),
    Route(probes.ALIVE, probes.alive),
    Route(probes.READY, probes.ready),
]


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the board as an ASGI application.

    `settings` come from the environment when left out. A store that cannot be reached is no error here:
    the board starts, says so under `/readyz`, and works as soon as the store does.

    Raises `app.config.ConfigurationError` for settings that can never work.
    """
    settings = settings or Settings.from_environ()
    access = Access(settings)
    app = Starlette(
        routes=ROUTES,
        exception_handlers=problems.HANDLERS,
        middleware=[Middleware(Surroundings), Middleware(Limits), Middleware(ReadersOnly, access=access)],
    )
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.router.redirect_slashes = False  # a project may be called "a/"
    app.state.access = access
    app.state.store = Store(settings.database_url, keep=settings.keep)
    app.state.readiness = probes.Readiness(app.state.store)
    return app
