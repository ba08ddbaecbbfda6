"""A small project that serves, whose proof takes a while and which no cache knows: for tests that disturb it."""

from __future__ import annotations

import uuid
from pathlib import Path

DOCKERFILE = """
FROM python:3.11-slim AS base
WORKDIR /app
COPY requirements.txt .
RUN sleep 1 && cat requirements.txt

FROM base AS test
COPY . .
RUN sleep 1 && python -m unittest discover tests

FROM base AS release
RUN useradd app
COPY --from=test --chown=app /app/run.py .
USER app
EXPOSE 8000
CMD ["python", "run.py"]
"""
SMALL_DOCKERFILE = """
FROM python:3.11-slim
RUN useradd app
WORKDIR /app
COPY run.py .
USER app
EXPOSE 8000
CMD ["python", "run.py"]
"""
APPLICATION = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler).serve_forever()
"""
TEST = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue(1)\n"


def make_shop(folder: Path) -> Path:
    """Make one; return its folder."""
    (folder / "tests").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text(f"# {uuid.uuid4()}\n")
    (folder / "run.py").write_text(APPLICATION)
    (folder / "tests/test_it.py").write_text(TEST)
    return folder
