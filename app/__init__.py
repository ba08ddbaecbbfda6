"""The release board: a small web service that keeps Hullproof reports and shows them.

It never imports the toolkit, nor the toolkit it. What both agree on is the report's JSON Schema, of which it has a copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Return the board as a WSGI application.

    `settings` come from the environment when left out. A store that cannot be reached is no error here:
    the board starts, says so under `/readyz`, and works as soon as the store does.

    Raises `app.config.ConfigurationError` for settings that can never work.
    """
    # Imported here, so that `python -m app.health` costs no web framework.
    from app.factory import build  # noqa: PLC0415

    return build(settings)
