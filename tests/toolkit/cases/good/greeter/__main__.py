"""Serve until told to stop."""
# mypy: disable-error-code="import-not-found,import-untyped"
# (the libraries live in the image, not where this repository is checked)

import signal
import sys

from waitress import serve

from .service import make


def main() -> None:
    """Serve on port 8000."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(make(), host="0.0.0.0", port=8000)  # noqa: S104 - a container is reached from outside


if __name__ == "__main__":
    main()
