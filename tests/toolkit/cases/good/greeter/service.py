"""The service over HTTP."""
# mypy: disable-error-code="import-not-found,import-untyped"
# (the libraries live in the image, not where this repository is checked)

from bottle import Bottle

from .words import greeting


def make() -> Bottle:
    """Return the WSGI application."""
    service = Bottle()
    service.route("/", callback=lambda: greeting(""))
    service.route("/<name>", callback=greeting)
    return service
