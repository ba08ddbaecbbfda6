"""Reports quote the Dockerfile where evidence names it, and never a secret."""

from __future__ import annotations

from pathlib import Path

from hullproof.model import Evidence, Proof, Quote, Verdict
from hullproof.project.project import Project
from hullproof.runner.quoting import quotes

DOCKERFILE = """\
ARG VERSION=3.11
FROM python:${VERSION}-slim
ENV API_TOKEN=c2Vj-cmV0LXRo-YXQtaXM
RUN pip install flask && \\
    # why
    echo done
# ghp_0123456789abcdefghijABCDEFGHIJ012345
RUN curl -H "Authorization: ghp_0123456789abcdefghijABCDEFGHIJ012345" https://x.example
USER app
"""


def quoted(folder: Path, *places: str) -> tuple[Quote, ...]:
    """Return what is quoted for evidence at these places."""
    (folder / "Dockerfile").write_text(DOCKERFILE)
    evidence = tuple(Evidence("dockerfile", place, "x") for place in places)
    return quotes(Project.open(folder), [Proof("x", "guide", "X", Verdict.BROKEN, "x", evidence)])


def test_an_instruction_is_quoted_whole_once(tmp_path: Path) -> None:
    """Whichever of its lines is named, in the file's order; what names no line of the Dockerfile, not."""
    found = quoted(
        tmp_path, "Dockerfile:9", "Dockerfile:5", "Dockerfile:4", "other:2", "Dockerfile:99", "config.User"
    )
    assert found == (Quote(4, "RUN pip install flask && \\\n    # why\n    echo done"), Quote(9, "USER app"))


def test_froms_and_arguments_are_instructions(tmp_path: Path) -> None:
    """As they are to a reader."""
    assert quoted(tmp_path, "Dockerfile:1", "Dockerfile:2") == (
        Quote(1, "ARG VERSION=3.11"),
        Quote(2, "FROM python:${VERSION}-slim"),
    )


def test_a_secret_is_not_quoted(tmp_path: Path) -> None:
    """By its name or by its shape: the report goes where the Dockerfile does not."""
    assert quoted(tmp_path, "Dockerfile:3", "Dockerfile:8") == ()
