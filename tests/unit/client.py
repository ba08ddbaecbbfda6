"""A board in this process, as its callers see it."""

from __future__ import annotations

from starlette.testclient import TestClient

from app.config import Settings
from app.main import create_app
from app.store import Store


class BoardClient(TestClient):
    """Sends requests to a board of its own, whose mistakes are answers, as they are on the wire."""

    def __init__(self, settings: Settings) -> None:
        """Make the board. Its store is there to be closed or broken."""
        app = create_app(settings)
        super().__init__(app, raise_server_exceptions=False)
        self.store: Store = app.state.store
