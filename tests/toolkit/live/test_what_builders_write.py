"""What BuildKit does to times and writes into provenance: seen on an engine of the tests' own with the containerd store."""

from __future__ import annotations

import os
import py_compile
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hullproof.engine.layers import read_archive
from hullproof.engine.search import Found, search_archive
from hullproof.model import Verdict
from tests.toolkit.practices.by_hand import image, prove

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EPOCH = 1_600_000_000
PACKAGES = "usr/local/lib/python3.11/site-packages"


def built(store: str, folder: Path, *options: str) -> Path:
    """Build the Dockerfile in a folder to an OCI archive."""
    archive = folder.parent / "image.tar"
    output = (
        f"--output=type=oci,dest={archive}{',rewrite-timestamp=true' if options[-1:] == ('rewrite',) else ''}"
    )
    given = [each for each in options if each != "rewrite"]
    subprocess.run(
        ["docker", "--host", store, "buildx", "build", output, *given, str(folder)],
        check=True,
        capture_output=True,
    )
    return archive


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A context with an installed package, whose modules are compiled by time or by hash."""
    folder = tmp_path / "context"
    for name, mode in (("by_time", "TIMESTAMP"), ("by_hash", "UNCHECKED_HASH")):
        for number in range(3):
            source = folder / name / f"m{number}.py"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(f"value = {number}\n")
            os.utime(source, (EPOCH + 1000 + number, EPOCH + 1000 + number))
            compiled = source.parent / "__pycache__" / f"m{number}.cpython-311.pyc"
            py_compile.compile(
                str(source),
                cfile=str(compiled),
                invalidation_mode=getattr(py_compile.PycInvalidationMode, mode),
            )
    return folder


@pytest.mark.parametrize(
    ("compiled", "options", "verdict"),
    [
        ("by_time", (), Verdict.PROVEN),
        ("by_time", (f"--build-arg=SOURCE_DATE_EPOCH={EPOCH}", "rewrite"), Verdict.BROKEN),
        ("by_hash", (f"--build-arg=SOURCE_DATE_EPOCH={EPOCH}", "rewrite"), Verdict.PROVEN),
    ],
)
def test_rewritten_times_make_bytecode_with_time_stamps_stale(
    compiled: str, options: tuple[str, ...], verdict: Verdict, containerd_store: str, packages: Path
) -> None:
    """BuildKit's rewrite-timestamp sets the sources' times, and not what the bytecode says of them; a hash survives it."""
    (packages / "Dockerfile").write_text(f"FROM scratch\nCOPY {compiled} /{PACKAGES}/shop\n")
    with built(containerd_store, packages, "--provenance=false", *options).open("rb") as file:
        facts = read_archive(file, base_diff_ids=())
    layers = tuple(replace(each, line=4) for each in facts.layers)
    proof = prove("bytecode", files=replace(facts, layers=layers), image=image())
    assert proof.verdict is verdict, proof.summary
    if verdict is Verdict.BROKEN:
        assert "3 of 3 installed modules is stale" in proof.summary
        assert "rewrite-timestamp" in proof.summary


def test_provenance_has_the_values_of_arguments(containerd_store: str, tmp_path: Path) -> None:
    """Also of those that no step of the release uses: the image's files and configuration do not have it, the provenance does."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch AS other\nARG TOKEN\nFROM scratch\nCOPY file /\n")
    (folder / "file").write_text("no secret\n")
    needles = {"token": (b"canary-of-the-token",), "content": (b"no secret",)}
    for options, expected in (
        (("--provenance=false",), {Found("content", "/file")}),
        (("--provenance=mode=max",), {Found("content", "/file"), Found("token", None)}),
    ):
        with built(containerd_store, folder, "--build-arg=TOKEN=canary-of-the-token", *options).open(
            "rb"
        ) as file:
            assert search_archive(file, needles) == expected
