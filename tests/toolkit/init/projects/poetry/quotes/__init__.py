"""Says something, once a minute."""

from flask import Flask


def create_app(name: str = "quotes") -> Flask:
    """Make the application."""
    app = Flask(name)

    @app.get("/")
    def quote() -> dict[str, str]:
        return {"quote": "Anyone can hold the helm when the sea is calm."}

    return app
