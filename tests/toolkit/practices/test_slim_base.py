"""slim-base: what the release starts from, and what its layers add."""

# ruff: noqa: ANN401 - changes to facts can be of any type

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import BaseFacts, Layer
from hullproof.project.config import Config
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import (
    BASE_LAYER,
    BROKEN,
    GOOD,
    NOTHING_BUILT,
    PROVEN,
    UNPROVEN,
    entry,
    files,
    layer,
    lines,
    prove,
    without,
)

GCC = entry("/usr/bin/x86_64-linux-gnu-gcc-12", mode=0o755)
STATUS = "Package: libc6\nStatus: install ok installed\n\nPackage: {}\nStatus: install ok installed\n"


def on(reference: str, **base: Any) -> dict[str, Any]:
    """Put the good project on another base."""
    text = GOOD.replace("python:3.11-slim", reference)
    return {"text": text, "base": BaseFacts(reference, 1, **base)}


def dpkg(line: int, package: str) -> Layer:
    """Make a layer that installs one more package."""
    path = "/var/lib/dpkg/status"
    return layer(line, entry(path), texts={path: STATUS.format(package)})


@pytest.mark.parametrize(
    "reference",
    [
        "python:3.11-slim",
        "python:3.13-slim-bookworm",
        "python:slim",
        "python:3.12-alpine3.20",
        "docker.io/library/python:3.11-slim",
        "registry.example:5000/mirror/python:3.11-slim@sha256:abc",
        "gcr.io/distroless/python3-debian12",
        "cgr.dev/chainguard/python:latest",
        "alpine:3.20",
        "debian:bookworm-slim",
        "debian:bookworm",
    ],
)
def test_a_slim_base_is_proven_by_its_name(reference: str) -> None:
    """Slim, alpine and distroless variants hold, whatever registry they come from and of unknown size."""
    assert prove("slim-base", **on(reference)).verdict is PROVEN


@pytest.mark.parametrize(
    "reference",
    ["python:3.11", "python:latest", "python", "python:3.11-bookworm", "docker.io/library/python:3"],
)
def test_the_full_python_image_is_broken_even_as_a_stand_in(reference: str) -> None:
    """The official image is judged by its tag: a stand-in's small size says nothing of it."""
    proof = prove("slim-base", **on(reference, stand_in=True))
    assert proof.verdict is BROKEN
    assert reference in proof.summary
    assert "Dockerfile:1" in lines(proof)


def test_the_full_image_is_broken_even_when_nothing_could_be_built() -> None:
    """The text alone shows it."""
    assert prove("slim-base", **{**NOTHING_BUILT, **on("python:3.11")}).verdict is BROKEN


@pytest.mark.parametrize(
    ("size", "verdict"), [(117_000_000, PROVEN), (480_000_000, BROKEN), (None, UNPROVEN)], ids=str
)
def test_another_base_is_judged_by_its_size(size: int | None, verdict: object) -> None:
    """An own image that is as small as a slim one holds; of unknown size, it is unproven."""
    seen = {"files": files(base=replace(BASE_LAYER, size_bytes=size))} if size else without("files")
    assert prove("slim-base", **on("example.org/our/base:7"), **seen).verdict is verdict


def test_a_build_argument_is_followed_to_the_base() -> None:
    """FROM ${BASE} is judged by what it comes out as, and given arguments count."""
    text = "ARG BASE=python:3.11\n" + GOOD.replace("FROM python:3.11-slim", "FROM ${BASE}")
    assert "written ${BASE}" in str(prove("slim-base", text).evidence)
    assert prove("slim-base", text).verdict is BROKEN
    assert prove("slim-base", text, build_args={"BASE": "python:3.11-slim"}).verdict is PROVEN


def test_slim_in_the_test_stage_only_is_broken() -> None:
    """Only the release's base counts, in both directions."""
    slim_test = GOOD.replace("FROM base AS release", "FROM python:3.11 AS release")
    full_test = GOOD.replace("FROM base AS test", "FROM python:3.11 AS test")
    assert prove("slim-base", slim_test).verdict is BROKEN
    assert prove("slim-base", full_test).verdict is PROVEN


def test_a_floating_tag_is_said_and_not_judged() -> None:
    """python:slim is slim; that it changes over time stands in the evidence."""
    assert "floating" in str(prove("slim-base", **on("python:slim")).evidence)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(layer(13, GCC), id="gcc as a file"),
        pytest.param(layer(13, entry("/usr/lib/gcc/x86_64-linux-gnu/12/cc1")), id="the compiler proper"),
        pytest.param(layer(13, entry("/usr/bin/cc", kind="symlink", target="gcc")), id="a link to it"),
        pytest.param(dpkg(13, "gcc-12"), id="gcc as a package"),
        pytest.param(dpkg(13, "libpq-dev"), id="headers"),
        pytest.param(
            layer(13, entry("/lib/apk/db/installed"), texts={"/lib/apk/db/installed": "P:musl-dev\nV:1\n"}),
            id="apk",
        ),
        pytest.param(
            layer(13, entry("/var/lib/apt/lists/deb.debian.org_dists_bookworm_InRelease")), id="apt lists"
        ),
        pytest.param(layer(13, entry("/var/cache/apt/archives/gcc.deb")), id="downloaded packages"),
    ],
)
def test_what_only_builds_need_is_broken_with_its_line(more: Layer) -> None:
    """Compilers, headers and package lists are found in the layer that brings them, even if it is hidden later."""
    for stack in (files(more), files(more, layer(15, removed=tuple(each.path for each in more.entries)))):
        proof = prove("slim-base", files=stack)
        assert proof.verdict is BROKEN
        assert "Dockerfile:13" in lines(proof)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            layer(13, entry("/var/lib/apt/lists/lock"), entry("/var/lib/apt/lists/partial/")), id="apt's lock"
        ),
        pytest.param(dpkg(13, "gcc-12-base"), id="a package that is only called so"),
        pytest.param(dpkg(13, "tzdata"), id="an ordinary package"),
        pytest.param(
            layer(13, entry("/usr/bin/c++filt"), entry("/app/gcc"), entry("/usr/bin/go-home")),
            id="names alike",
        ),
    ],
)
def test_what_only_looks_like_it_is_fine(more: Layer) -> None:
    """Locks, libraries and names that begin alike are no compilers."""
    assert prove("slim-base", files=files(more)).verdict is PROVEN


def test_the_budget_is_kept() -> None:
    """max_size_mb counts in millions of bytes."""
    assert prove("slim-base", config=Config(max_size_mb=150)).verdict is PROVEN
    proof = prove("slim-base", config=Config(max_size_mb=149.5))
    assert proof.verdict is BROKEN
    assert "150 MB" in proof.summary
    assert "20.0 MB over its base" in str(prove("slim-base").evidence)


@pytest.mark.parametrize(
    ("reference", "slim"),
    [
        ("python:3.11", "python:3.11-slim"),
        ("python", "python:slim"),
        ("example.org:5000/mirror/python:3.11", "example.org:5000/mirror/python:3.11-slim"),
        ("python:latest", "python:slim"),
        ("python:bookworm", "python:slim-bookworm"),
        ("docker.io/library/python:3.12-bookworm@sha256:abc", "docker.io/library/python:3.12-slim-bookworm"),
    ],
)
def test_the_fix_names_the_slim_variant_of_the_very_base(reference: str, slim: str) -> None:
    """With its version and its Debian."""
    assert f"`FROM {slim} AS base` in the place of Dockerfile:1" in str(
        prove("slim-base", **on(reference)).remedy
    )


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("/var/lib/apt/lists/x_InRelease", "rm -rf /var/lib/apt/lists/*"),
        ("/var/cache/apt/archives/gcc.deb", "apt-get clean"),
        ("/var/cache/apk/APKINDEX.tar.gz", "apk add --no-cache"),
        ("/var/cache/dnf/x.solv", "dnf clean all"),
    ],
)
def test_the_fix_for_lists_is_of_their_package_manager(path: str, fix: str) -> None:
    """What works for one leaves the other's behind."""
    assert fix in str(prove("slim-base", files=files(layer(13, entry(path)))).remedy)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("apt-get install -y -q gcc tini", "RUN apt-get install -y -q tini\n"),
        ("apt-get install -y gcc", ""),
        (
            "apt-get install gcc libc6-dev && pip install cryptography",
            "RUN apt-get install gcc libc6-dev && pip install cryptography && apt-get purge -y --auto-remove gcc libc6-dev\n",
        ),
    ],
)
def test_a_compiler_goes_from_the_step_that_installs_it(tmp_path: Path, written: str, meant: str) -> None:
    """Where nothing needs it, it is not installed; where the step compiles, it is removed there."""
    text = GOOD.replace("USER app", f"RUN {written}\nUSER app")
    (tmp_path / "Dockerfile").write_text(text)
    assert follow(prove("slim-base", text, files=files(layer(16, GCC))).remedy or "", tmp_path)
    assert (tmp_path / "Dockerfile").read_text() == GOOD.replace("USER app", f"{meant}USER app")


@pytest.mark.parametrize(
    "written", ["gcc libpq-dev && pip install psycopg2", "gcc && apt-get install -y g++"]
)
def test_no_compiler_is_removed_together_with_what_was_linked(written: str) -> None:
    """--auto-remove takes libpq5 along with libpq-dev; of a step that installs twice, one line tells half."""
    text = GOOD.replace("USER app", f"RUN apt-get install -y {written}\nUSER app")
    assert not changes(prove("slim-base", text, files=files(layer(16, GCC))).remedy or "")
