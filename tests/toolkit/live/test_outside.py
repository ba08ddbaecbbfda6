"""A Dockerfile outside its build context: what is built, planted and listed is that context's, by that Dockerfile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..conftest import Command

pytestmark = [pytest.mark.engine, pytest.mark.slow]

DOCKERFILE = """\
FROM python:3.11-slim AS test
WORKDIR /srv
COPY . .
RUN python -m unittest discover -s tests && touch /passed
FROM python:3.11-slim
WORKDIR /srv
COPY --from=test /passed /tmp/
COPY app.py ./
CMD ["python", "app.py"]
"""
FILES = {
    "hullproof.toml": 'dockerfile = "deploy/Dockerfile"\ncontext = "service"\n',
    "deploy/Dockerfile": DOCKERFILE,
    "deploy/Dockerfile.dockerignore": "**/.git\n**/.env*\n**/*.pem\n**/*.key\n**/id_*\n**/.venv\n**/venv\n"
    "**/__pycache__\n**/*.py[cod]\n**/.*_cache\n",
    "service/app.py": "import signal\nsignal.pause()\n",
    "service/tests/test_app.py": "import unittest\nclass T(unittest.TestCase):\n"
    "    def test_it(self): self.assertTrue(1)\n",
}


def test_its_experiments_are_those_of_the_context(command: Command, python_base: str, tmp_path: Path) -> None:
    """The ignore file beside the Dockerfile holds, a planted test fails the build, and lines are those of the Dockerfile."""
    assert python_base
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    code, out, err = command("prove", str(tmp_path), "--only=test-gate,dockerignore,workdir", "--format=json")
    report = json.loads(out)
    assert code == 0, (err, [proof["summary"] for proof in report["proofs"]])
    gate, ignored = report["proofs"][1], report["proofs"][2]
    assert (gate["id"], ignored["id"]) == ("test-gate", "dockerignore")
    assert "deploy/Dockerfile:4" in {each["where"] for each in gate["evidence"]}
    assert "deploy/Dockerfile.dockerignore" in str(ignored)
    assert report["project"]["dockerfile"] == "deploy/Dockerfile"
