"""The service."""

from fastapi import FastAPI

from lamps import __version__
from lamps.settings import settings


def create_app() -> FastAPI:
    """Make the application."""
    app = FastAPI(version=__version__)

    @app.get("/")
    def lit() -> dict[str, int | str]:
        return {"lit": settings.lamps, "keeper": settings.keeper}

    return app
