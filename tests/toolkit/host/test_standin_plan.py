"""Which stand-in base answers for which reference."""

from __future__ import annotations

import pytest

from hullproof.errors import EngineError
from hullproof.host.standinplan import FULL_PACKAGES, parse_reference, plan

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("python:3.10-slim", "python-3.11-slim-bookworm-for-3.10"),
        ("python:3.9-slim-bullseye", "python-3.11-slim-bookworm-for-3.9"),
        ("python:3.11.4-slim-bookworm", "python-3.11-slim-bookworm"),
        ("docker.io/library/python:3.12-slim", "python-3.13-slim-trixie-for-3.12"),
        ("python:3.14-slim", "python-3.14-slim-sid"),
        ("python:3.14-rc-slim", "python-3.14-slim-sid"),
        ("python:slim", "python-3.13-slim-trixie"),
        ("python:3-slim", "python-3.13-slim-trixie"),
        ("python", "python-3.13-full-trixie"),
        ("python:3.11", "python-3.11-full-bookworm"),
        (f"python:3.10-slim@{DIGEST}", "python-3.11-slim-bookworm-for-3.10"),
        ("public.ecr.aws/docker/library/python:3.11-slim", "python-3.11-slim-bookworm"),
        ("mirror.gcr.io/library/debian:12", "debian-bookworm"),
        ("debian:bookworm-slim", "debian-bookworm"),
        ("debian:12.5", "debian-bookworm"),
        ("debian:trixie-20250811-slim", "debian-trixie"),
        ("debian", "debian-trixie"),
    ],
)
def test_nearest_that_is_not_older(asked: str, name: str) -> None:
    """Debian has one Python a release: the nearest that is not older than what was asked for."""
    assert plan(parse_reference(asked)).name == name


def test_full_has_compilers_and_slim_has_not() -> None:
    """As the real ones."""
    assert {"gcc", "git", "libc6-dev"} <= set(FULL_PACKAGES)
    assert "gcc" not in plan(parse_reference("python:3.11-slim")).packages


def test_wheel_comes_with_pythons_up_to_3_11() -> None:
    """As in the real ones, slim or full."""
    for tag, brought in (("3.11-slim", True), ("3.11", True), ("3.13-slim", False)):
        assert ("python3-wheel" in plan(parse_reference(f"python:{tag}")).packages) is brought


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("python:3.12-alpine", "alpine cannot be made from Debian"),
        ("python:3.12-alpine3.20", "alpine3.20 cannot be made from Debian"),
        ("python:3.12-windowsservercore", "cannot be made from Debian"),
        ("python:3.99-slim", "newest Python is 3.14"),
        ("python:2.7-slim", "no Python 2"),
        ("ubuntu:24.04", "`python` and `debian` images only"),
        ("ghcr.io/astral-sh/ruff:1", "ghcr.io/astral-sh/ruff:1 is neither present nor pullable"),
        ("debian:wheezy", "stand-ins are made of bookworm, trixie, sid"),
        ("Not/Valid Reference", "is not an image reference"),
    ],
)
def test_what_cannot_be_made_is_said(asked: str, says: str) -> None:
    """One line with the reference, the reason and the way out."""
    with pytest.raises(EngineError, match=says) as caught:
        plan(parse_reference(asked))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spelled", "familiar"),
    [
        ("docker.io/library/python:3.10-slim", "python:3.10-slim"),
        ("index.docker.io/library/python", "python"),
        ("python:latest", "python"),
        (f"python:3.10@{DIGEST}", f"python:3.10@{DIGEST}"),
        (f"python@{DIGEST}", f"python@{DIGEST}"),
        ("docker.io/grafana/grafana:1", "grafana/grafana:1"),
        ("localhost:5000/x/y:1", "localhost:5000/x/y:1"),
        ("ghcr.io/astral-sh/uv:0.5", "ghcr.io/astral-sh/uv:0.5"),
    ],
)
def test_names_as_buildkit_compares_them(spelled: str, familiar: str) -> None:
    """A build context answers for a FROM when both come to the same familiar name."""
    assert parse_reference(spelled).familiar == familiar
