"""Puts the board together: settings, store, routes, errors, headers, log."""

from __future__ import annotations

from flask import Flask

from app import api, badge, pages, probes
from app.board import EXTENSION, Board
from app.config import Settings
from app.headers import install_headers
from app.problems import install_problems
from app.readiness import Readiness
from app.requestlog import install_request_log
from app.store import Store


def build(settings: Settings | None = None) -> Flask:
    """Return the application for `settings`, or for the environment's when left out."""
    settings = settings or Settings.from_environ()
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # a project may be called "a//b"
    app.url_map.converters["project"] = badge.ProjectConverter
    store = Store(settings.database_url)
    app.extensions[EXTENSION] = Board(settings=settings, store=store, readiness=Readiness(store))
    for part in (api, badge, pages, probes):
        app.register_blueprint(part.blueprint)
    install_problems(app)
    install_headers(app)
    install_request_log(app)
    return app
