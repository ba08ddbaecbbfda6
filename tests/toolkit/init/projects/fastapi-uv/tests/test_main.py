"""The service answers."""

from fastapi.testclient import TestClient

from app.main import app


def test_it_tells_the_hours():
    """The hours are those of the moon."""
    assert TestClient(app).get("/").json() == {"hours": 12.42}
