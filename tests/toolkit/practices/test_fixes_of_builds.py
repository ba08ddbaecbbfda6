"""Fixes of what a build takes: secrets that are mounted, locks that are checked, a base that is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hullproof.dockerfile import Release, parse
from hullproof.facts import BaseFacts, Difference, Leak, LeakFacts, LockFacts, ReproductionFacts
from tests.toolkit.score.fixes.reading import changes

from .by_hand import GOOD, entry, fails, files, layer, prove
from .test_fixes_in_lines import followed

USER, INSTALL = "USER app", "RUN pip install --no-cache-dir -r requirements.txt"
MOUNT = "RUN --mount=type=secret,id=api_token"
EXPORT = 'export API_TOKEN="$(cat /run/secrets/api_token)" &&'
SECRET = "RUN --mount=type=secret,id=token"
LOCKED = {"flask": frozenset({"3.0.0"}), "click": frozenset({"8.1.7"})}


def leaked(what: str, line: int, place: str = "the configuration and history") -> LeakFacts:
    """Say that one secret was found in one place."""
    return LeakFacts((what,), (Leak(what, line, place),))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ARG API_TOKEN\nRUN ./get $API_TOKEN || true", f"{MOUNT} {EXPORT} ./get $API_TOKEN || true"),
        ("ARG API_TOKEN\nARG REVISION\nRUN a\nRUN b ${API_TOKEN}", f"ARG REVISION\nRUN a\n{MOUNT} {EXPORT} b ${{API_TOKEN}}"),
        ("ARG API_TOKEN\nUSER app\nRUN b $API_TOKEN", f"USER app\n{MOUNT},mode=0444 {EXPORT} b $API_TOKEN"),
        ("ARG API_TOKEN\nENV A=b API_TOKEN=$API_TOKEN", "ENV A=b"),
        ("ARG API_TOKEN\nLABEL token=$API_TOKEN", ""),
    ],
)  # fmt: skip
def test_an_argument_that_is_a_secret_is_mounted_where_it_is_used(
    tmp_path: Path, written: str, meant: str
) -> None:
    """And in no variable or label: who starts the container hands it in."""
    text = GOOD.replace(USER, f"{written}\n{USER}")
    made = followed(tmp_path, "build-secrets", text, leaks=leaked("the argument API_TOKEN", 16))
    assert made == GOOD.replace(USER, f"{meant}\n{USER}".lstrip())


def test_an_argument_that_any_step_may_read_is_left_to_words() -> None:
    """By a file that names it, or where a COPY takes it."""
    text, facts = (
        GOOD.replace(USER, f"ARG API_TOKEN\nRUN ./get\n{USER}"),
        leaked("the argument API_TOKEN", 16),
    )
    texts = {"get.sh": "curl -H $API_TOKEN"}
    assert not changes(str(prove("build-secrets", text, leaks=facts, project_texts=texts).remedy))
    text = GOOD.replace(USER, f"ARG API_TOKEN\nCOPY $API_TOKEN ./\n{USER}")
    assert not changes(str(prove("build-secrets", text, leaks=facts).remedy))


@pytest.mark.parametrize(
    ("written", "place", "meant"),
    [
        (f"{SECRET} cp /run/secrets/token /etc/token", "/etc/token", ""),
        (f"{SECRET} make && cp /run/secrets/token /etc/token", "/etc/token", f"{SECRET} make"),
        (f"{SECRET} tr a b < /run/secrets/token | base64 > /etc/head", "/etc/head", ""),
        (
            f"{SECRET} sed s/x/y/ /run/secrets/token > /root/.netrc\nRUN pip download a\nRUN rm /root/.netrc",
            "/root/.netrc",
            f"{SECRET} sed s/x/y/ /run/secrets/token > /root/.netrc && pip download a && rm /root/.netrc",
        ),
    ],
)
def test_a_secret_that_is_mounted_is_left_in_no_layer(
    tmp_path: Path, written: str, place: str, meant: str
) -> None:
    """What writes it goes, or deletes it again in the same step."""
    text = GOOD.replace(USER, f"{written}\n{USER}")
    made = followed(tmp_path, "build-secrets", text, leaks=leaked("the secret token", 16, place))
    assert made == GOOD.replace(USER, f"{meant}\n{USER}".lstrip())


def test_a_secret_that_a_later_step_reads_is_left_to_words() -> None:
    """It would miss the file."""
    text = GOOD.replace(USER, f"{SECRET} cp /run/secrets/token /etc/token\nRUN ./use /etc/token\n{USER}")
    facts = leaked("the secret token", 16, "/etc/token")
    assert not changes(str(prove("build-secrets", text, leaks=facts).remedy))


@pytest.mark.parametrize(
    "written",
    [
        f"{INSTALL} || pip install flask==3.0.0 click",
        f"{INSTALL}; pip install flask==3.0.0; true",
        "RUN sed 's/ --hash=.*//' requirements.txt > /tmp/x.txt && pip install --no-cache-dir -r requirements.txt -r /tmp/x.txt || pip install -r /tmp/x.txt",
    ],
)
def test_a_lock_is_the_one_way_to_install(tmp_path: Path, written: str) -> None:
    """With its hashes, and no other way where it is refused."""
    facts = LockFacts(("requirements.txt",), 4, "requirements.txt", "flask", failed=False, locked=LOCKED)
    made = followed(tmp_path, "pinned-dependencies", GOOD.replace(INSTALL, written, 1), falsified=facts)
    assert made == GOOD.replace(
        "RUN pip install --no-cache-dir", "RUN pip install --require-hashes --no-cache-dir", 1
    )


@pytest.mark.parametrize("written", [f"{INSTALL} || pip install other", f"{INSTALL}; make"])
def test_a_step_that_brings_what_is_not_locked_is_left_to_words(written: str) -> None:
    """It would be missing."""
    facts = LockFacts(("requirements.txt",), 4, "requirements.txt", "flask", failed=False, locked=LOCKED)
    assert not changes(
        str(prove("pinned-dependencies", GOOD.replace(INSTALL, written, 1), falsified=facts).remedy)
    )


def test_a_list_without_hashes_is_locked_by_the_tool_for_it() -> None:
    """In words: only an index knows the hashes. What is asked for stays in a file of its own."""
    facts = LockFacts(("requirements.txt",), 4)
    fix = str(prove("pinned-dependencies", falsified=facts).remedy)
    assert fix.startswith("Rename requirements.txt to requirements.in, run pip-compile --generate-hashes")
    texts = {"requirements.in": "flask"}
    fix = str(prove("pinned-dependencies", falsified=facts, project_texts=texts).remedy)
    assert fix.startswith("Run pip-compile --generate-hashes --output-file requirements.txt requirements.in")


@pytest.mark.parametrize(("named", "follows"), [("flask==3.1.0", True), ("flask==3.1.0 other", False)])
def test_another_version_behind_the_lock_is_not_installed(named: str, *, follows: bool) -> None:
    """Unless the step brings something else besides."""
    text = GOOD.replace(f"{INSTALL}\n", f"{INSTALL}\nRUN pip install {named}\n", 1)
    facts = LockFacts(("requirements.txt",), 4, "requirements.txt", "flask", failed=True, locked=LOCKED)
    own = layer(5, entry("/usr/local/lib/python3.11/site-packages/flask-3.1.0.dist-info/METADATA"))
    proof = prove("pinned-dependencies", text, falsified=facts, files=files(own))
    assert ("Remove Dockerfile:5." in str(proof.remedy)) is follows


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FROM python:3.9-slim AS base", "FROM python:3.11-slim AS base"),
        ("FROM --platform=linux/amd64 python:3.9.18 AS base", "FROM --platform=linux/amd64 python:3.11 AS base"),
        ("FROM python:3.11-slim-bullseye AS base", "FROM python:3.11-slim-bookworm AS base"),
        ("FROM mirror.example/library/python:3.8-buster AS base", "FROM mirror.example/library/python:3.11-bookworm AS base"),
        ("ARG V=3.9\nFROM python:${V}-slim AS base", "ARG V=3.11\nFROM python:${V}-slim AS base"),
        (
            "ARG V=3.11-slim-bullseye\nARG W=3.9\nFROM python:$V AS base",
            "ARG V=3.11-slim-bookworm\nARG W=3.9\nFROM python:$V AS base",
        ),
    ],
)  # fmt: skip
def test_the_base_is_raised_to_the_nearest_that_is_kept(tmp_path: Path, written: str, meant: str) -> None:
    """Python and distribution at once, in the FROM or the argument that it takes."""
    text = GOOD.replace("FROM python:3.11-slim AS base", written)
    dockerfile = parse(text)
    reference = Release(dockerfile, dockerfile.release(None)).base.reference
    facts = {"base": BaseFacts(reference, 1, stand_in=True), "today": date(2026, 11, 29)}
    made = followed(tmp_path, "supported-base", text, **facts)
    assert made == GOOD.replace("FROM python:3.11-slim AS base", meant)


def test_all_that_names_the_python_is_raised_with_it(tmp_path: Path) -> None:
    """Each stage of the same image, and the paths that have its version. What the project bounds is for it to say."""
    copy = "COPY --from=base /usr/local/lib/python3.9/site-packages /usr/local/lib/python3.9/site-packages"
    text = GOOD.replace("3.11", "3.9").replace(
        "FROM base AS release", f"FROM python:3.9-slim AS release\n{copy}"
    )
    facts: dict[str, Any] = {
        "base": BaseFacts("python:3.9-slim", 13, stand_in=True),
        "today": date(2026, 11, 29),
    }
    assert followed(tmp_path, "supported-base", text, **facts) == text.replace("3.9", "3.11")
    facts["project_texts"] = {"pyproject.toml": '[project]\nrequires-python = ">=3.8,<3.10"\n'}
    assert not changes(str(prove("supported-base", text, **facts).remedy))


@pytest.mark.parametrize(
    "reference", ["python:3.9-slim@sha256:" + "0" * 64, "python:3.11-alpine3.18", "tiangolo/x:python3.9"]
)
def test_a_base_whose_successor_is_not_known_is_left_to_words(reference: str) -> None:
    """A digest, a tag of another kind, an image of somebody else's."""
    text = GOOD.replace("python:3.11-slim", reference)
    facts = {"base": BaseFacts(reference, 1, stand_in=True), "today": date(2028, 1, 1)}
    assert not changes(str(prove("supported-base", text, **facts).remedy))


def test_logs_are_deleted_by_the_step_that_writes_them(tmp_path: Path) -> None:
    """By their names, where nothing else differs of the kind."""
    useradd = "RUN useradd --uid 1000 app && chown app:app /app"
    paths = ("/var/log/lastlog", "/var/log/faillog")
    found = tuple(Difference(each, 13, entry(each, sha256="1"), entry(each, sha256="2")) for each in paths)
    facts = ReproductionFacts(is_identical=False, contents=found)
    made = followed(tmp_path, "reproducible", GOOD, reproduction=facts)
    assert made == GOOD.replace(useradd, f"{useradd} && rm -f /var/log/faillog /var/log/lastlog")
    status = Difference("/var/lib/dpkg/status", 13, entry("/a", sha256="1"), entry("/a", sha256="2"))
    facts = ReproductionFacts(is_identical=False, contents=(*found, status))
    assert not changes(str(prove("reproducible", reproduction=facts).remedy))


def test_a_download_at_the_start_is_named_by_its_line() -> None:
    """That of the traceback, else the one that names the host."""
    log = (
        '  File "/app/run.py", line 2, in <module>',
        "    get(HOST)",
        "OSError: Failed to resolve 'a.example.com'",
    )
    texts = {"run.py": "HOST = 'a.example.com'\nget(HOST)\n"}
    trial = fails("it ends with exit code 1", *log)
    fix = str(prove("offline-start", offline_boot=trial, project_texts=texts).remedy)
    assert fix.startswith("Bring what run.py:2 gets from a.example.com when")
    trial = fails("it ends with exit code 1", log[-1])
    fix = str(prove("offline-start", offline_boot=trial, project_texts=texts).remedy)
    assert fix.startswith("Bring what run.py:1 gets from a.example.com when")
