"""The pages answer."""

from shop.web import app


def test_the_window_shows_goods():
    """Each of the goods is in the window."""
    assert b"<li>rope</li>" in app.test_client().get("/").data
