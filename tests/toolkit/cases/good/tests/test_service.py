"""The service over WSGI."""
# mypy: disable-error-code="import-not-found"
# (this project's root is not where this repository is checked)

from wsgiref.util import setup_testing_defaults

from greeter.service import make


def test_it_answers() -> None:
    """The path is the name."""
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)
    environ["PATH_INFO"] = "/Ada"
    assert b"".join(make()(environ, lambda *_: None)) == b"Hello, Ada!"
