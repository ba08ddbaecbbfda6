"""A Dockerfile from an image's history, which whoever made the image has written."""

from __future__ import annotations

import time

import pytest

from hullproof.dockerfile.recovered import recovered

IN_FORCE = {"USER": "USER 1000", "CMD": 'CMD ["app"]'}


def instructions(*created_by: str) -> list[tuple[int, str]]:
    """Return the line and the text of each instruction."""
    stage = recovered(created_by, IN_FORCE, "base").stages[-1]
    return [(each.line, each.original) for each in stage.instructions]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("RUN /bin/sh -c pip install x # buildkit", '["/bin/sh", "-c", "pip install x"]'),
        ("RUN |2 A=1 B=c d /bin/bash -ec make # buildkit", '["/bin/bash", "-ec", "make"]'),
        ("|1 A=/bin/sh /bin/sh -c make", '["/bin/sh", "-c", "make"]'),
        ("/bin/sh -c make", '["/bin/sh", "-c", "make"]'),
    ],
)
def test_what_a_shell_ran(entry: str, words: str) -> None:
    """In the words of BuildKit and of the builder before it, with build arguments and without."""
    assert instructions(entry)[0] == (2, f"RUN {words}")


def test_an_entry_is_one_line() -> None:
    """One that would go on in the next line, or begin another stage, takes nothing from those after it."""
    written = instructions("COPY a b \\", "USER 0", "COPY <<EOF /x", "FROM other", "USER 1")
    assert written == [(6, "USER 1000"), (7, 'CMD ["app"]')]


@pytest.mark.parametrize(
    "entry", ["/bin/sh -c " + " " * 200_000 + "x", "|1 " + "/" * 200_000, "|1 " + "/sh -" * 100_000]
)
def test_an_entry_of_any_length_is_read_at_once(entry: str) -> None:
    """What takes the square of its length would take minutes."""
    began = time.monotonic()
    instructions(entry)
    assert time.monotonic() - began < 5
