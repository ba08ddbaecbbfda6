"""The quotes come."""

from quotes import create_app


def test_there_is_a_quote():
    """It is about the sea."""
    assert "sea" in create_app().test_client().get("/").json["quote"]
