"""bytecode: what the heads of `.pyc` files say, against the sources in the layers."""

from __future__ import annotations

from typing import Any

import pytest

from hullproof.facts import Bytecode, FileEntry

from .by_hand import (
    BROKEN,
    NOT_APPLICABLE,
    PROVEN,
    UNPROVEN,
    entry,
    files,
    image,
    layer,
    lines,
    prove,
    without,
)

PACKAGES = "/usr/local/lib/python3.11/site-packages"


def module(name: str, bytecode: Bytecode | None, tag: str = "cpython-311", **source: int) -> list[FileEntry]:
    """Make an installed source of 100 bytes and, beside it, bytecode."""
    values = {"size": 100, "mtime": 1_000, **source}
    path = f"{PACKAGES}/flask/__pycache__/{name}.{tag}.pyc"
    return [
        entry(f"{PACKAGES}/flask/{name}.py", **values),
        *([entry(path, size=300, bytecode=bytecode)] if bytecode else []),
    ]


FITS = Bytecode(by_hash=False, mtime=1_000, size=100)
WAS_EARLIER = Bytecode(by_hash=False, mtime=500, size=100)


def installed(*modules: list[FileEntry]) -> dict[str, Any]:
    """Let line 4 install these."""
    return {"files": files(own=(layer(4, *(each for one in modules for each in one)),))}


def test_times_and_sizes_that_fit_are_proven() -> None:
    """As Python compares them."""
    proof = prove("bytecode", **installed(module("app", FITS), module("cli", FITS)))
    assert proof.verdict is PROVEN
    assert "2 installed modules" in proof.summary


def test_bytecode_by_hash_fits_whatever_the_times() -> None:
    """So what is built with SOURCE_DATE_EPOCH survives rewritten times."""
    assert prove("bytecode", **installed(module("app", Bytecode(by_hash=True), mtime=1))).verdict is PROVEN


def test_rewritten_times_make_it_stale_and_are_named() -> None:
    """All sources bear one time: what rewrite-timestamp does, and what the fix is for."""
    proof = prove("bytecode", **installed(module("app", WAS_EARLIER), module("cli", WAS_EARLIER)))
    assert proof.verdict is BROKEN
    assert "rewrite-timestamp" in proof.summary
    assert "Dockerfile:4" in lines(proof)
    assert proof.remedy is not None
    assert f"--invalidation-mode unchecked-hash {PACKAGES}" in proof.remedy


def test_the_fix_compiles_anew_where_the_packages_were_installed() -> None:
    """Without -f, compileall passes over what fits by its time during the build."""
    proof = prove("bytecode", **installed(module("app", WAS_EARLIER)))
    assert (
        "Write `RUN pip install --no-cache-dir -r requirements.txt && python -m compileall -q -f --invalidation-mode "
        f"unchecked-hash {PACKAGES}` in the place of Dockerfile:4." in str(proof.remedy)
    )


@pytest.mark.parametrize(
    ("copy", "fix"),
    [
        (f"COPY vendor/ {PACKAGES}/", "` after Dockerfile:4."),
        (f"COPY --from=made /made {PACKAGES}", "` after Dockerfile:4."),
        (f"COPY --from=made {PACKAGES} {PACKAGES}", "in the place of Dockerfile:2."),
    ],
)
def test_the_fix_is_no_command_at_the_end_of_a_copy(copy: str, fix: str) -> None:
    """What is copied as it lies is compiled where it was installed; what is copied elsewhere, behind the COPY."""
    text = f'FROM python:3.11 AS made\nRUN pip install flask\nFROM python:3.11-slim\n{copy}\nCMD ["python", "run.py"]\n'
    proof = prove("bytecode", text, **installed(module("app", None)))
    assert fix in str(proof.remedy)
    assert f"`{copy} &&" not in str(proof.remedy)


def test_what_may_be_an_unknown_base_s_is_unproven() -> None:
    """As of an image that is given alone: official images of Python ship pip without bytecode."""
    proof = prove("bytecode", **installed(module("app", None)), **without("base", "it was given alone"))
    assert proof.verdict is UNPROVEN
    fits = installed(module("app", FITS))
    assert prove("bytecode", **fits, **without("base", "it was given alone")).verdict is PROVEN


def test_a_source_that_was_edited_later_is_stale() -> None:
    """Another size tells that, and no time is blamed."""
    proof = prove(
        "bytecode", **installed(module("app", FITS, size=120), *(module(f"m{i}", FITS) for i in range(9)))
    )
    assert proof.verdict is BROKEN
    assert "1 of 10" in proof.summary
    assert "times" not in proof.summary


def test_none_at_all_is_broken_unless_the_image_wants_none() -> None:
    """What uv does by default; the variable is how an image says that it is meant."""
    bare = installed(module("app", None), module("cli", None))
    assert prove("bytecode", **bare).verdict is BROKEN
    wants_none = image(env={"PYTHONDONTWRITEBYTECODE": "1"})
    proof = prove("bytecode", **bare, image=wants_none)
    assert proof.verdict is PROVEN
    assert "wants no bytecode" in proof.summary


def test_the_variable_does_not_excuse_stale_bytecode() -> None:
    """There it is, and no container ever replaces it."""
    wants_none = image(env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert prove("bytecode", **installed(module("app", WAS_EARLIER)), image=wants_none).verdict is BROKEN


def test_a_few_sources_that_do_not_compile_are_no_fault() -> None:
    """Templates and code for other versions: pip goes on without them."""
    own = [*(module(f"m{i}", FITS) for i in range(30)), module("template", None)]
    assert prove("bytecode", **installed(*own)).verdict is PROVEN


def test_another_python_s_bytecode_is_none() -> None:
    """The folder says which Python looks there."""
    assert prove("bytecode", **installed(module("app", FITS, tag="cpython-310"))).verdict is BROKEN


def test_the_application_s_own_modules_do_not_count() -> None:
    """Its __pycache__ is another practice's matter."""
    own = (layer(15, entry("/app/app/views.py", size=10)),)
    assert prove("bytecode", files=files(own=own)).verdict is NOT_APPLICABLE


def test_bytecode_elsewhere_is_not_followed() -> None:
    """Unknown is not good."""
    elsewhere = image(env={"PYTHONPYCACHEPREFIX": "/var/cache/python"})
    assert prove("bytecode", **installed(module("app", None)), image=elsewhere).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"\xa7\r\r\n" + bytes(4) + (1_000).to_bytes(4, "little") + (100).to_bytes(4, "little") + b"code",
            FITS,
        ),
        (b"\xa7\r\r\n\1\0\0\0" + b"12345678" + b"code", Bytecode(by_hash=True)),
        (b"\xa7\r\r\n\3\0\0\0" + b"12345678" + b"code", Bytecode(by_hash=True)),
        (b"not bytecode at all", None),
        (b"\xa7\r\r\n", None),
    ],
)
def test_the_head_of_a_pyc_is_read(content: bytes, expected: Bytecode | None) -> None:
    """By time stamp, by hash checked or not, and what is none: PEP 552."""
    assert Bytecode.read(content) == expected
