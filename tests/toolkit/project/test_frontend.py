"""A Dockerfile that names a frontend is built without it where none can be fetched."""

from pathlib import Path

import pytest

from hullproof.dockerfile import parse
from hullproof.project.frontend import copy_without_syntax_directive, without_syntax_directive


@pytest.mark.parametrize(
    "text",
    [
        "# syntax=docker/dockerfile:1\nFROM python:3.11-slim\n",
        "#syntax = docker/dockerfile:1.7\r\nFROM python:3.11-slim\r\n",
        "# syntax=docker/dockerfile:1\n# escape=`\nFROM python:3.11-slim\n",
        "# escape=`\n# syntax=docker/dockerfile:1\nFROM python:3.11-slim\n",
    ],
)
def test_the_directive_goes_and_lines_and_other_directives_stay(text: str) -> None:
    """What is left parses to the same, on the same lines."""
    before, after = parse(text), parse(without_syntax_directive(text))
    assert before.syntax_directive is not None
    assert after.syntax_directive is None
    assert after.escape == before.escape
    assert after.stages[0].line == before.stages[0].line


def test_a_comment_further_down_stays_as_it_is() -> None:
    """Only what BuildKit would read as a directive is changed."""
    text = "FROM python:3.11-slim\n# syntax=docker/dockerfile:1\n"
    assert without_syntax_directive(text) == text


def test_the_ignore_file_of_this_dockerfile_comes_along(tmp_path: Path) -> None:
    """BuildKit looks for it beside the Dockerfile that it is given."""
    project, folder = tmp_path / "project", tmp_path / "folder"
    project.mkdir()
    folder.mkdir()
    (project / "Dockerfile").write_text("# syntax=docker/dockerfile:1\nFROM scratch\n")
    (project / "Dockerfile.dockerignore").write_text(".env\n")
    copy = copy_without_syntax_directive(project, "Dockerfile", folder)
    assert copy.with_name("Dockerfile.dockerignore").read_text() == ".env\n"
    assert "syntax=" not in copy.read_text()
