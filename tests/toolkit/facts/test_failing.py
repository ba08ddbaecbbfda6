"""Why a build failed: the reason and the lines that tell it, whatever else was printed."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from hullproof.engine.image import KnownImage
from hullproof.facts import BuildFacts, Failure, Step
from hullproof.facts.failing import failure_of
from hullproof.host.bases import Base

NOTE = "asked for python:3.12-slim, got Debian 13's Python 3.13.5 (stand-in made from Debian's packages)"
STAND_IN, FULL = (
    Base(reference, "x", "stand-in", KnownImage("x"), "Debian 13's Python 3.13.5")
    for reference in ("python:3.12-slim", "python:3.12")
)

SOON_S = 5.0
"""Seconds on a busy machine for what takes some milliseconds, and minutes where a pattern runs over it again and again."""


def failed(
    instruction: str = "RUN x",
    *log: str,
    error: str = "`x` ended with exit code 1",
    bases: tuple[Base, ...] = (),
    proxy: str | None = None,
) -> Failure:
    """Explain the failure of a step."""
    step = Step(instruction, "", 5, instruction, log=log, error=error)
    built = BuildFacts(ok=False, steps=(step,), duration_s=1.0, error=error, failed_step=step)
    recipe: Any = SimpleNamespace(
        dockerfile=None,
        project=SimpleNamespace(config=SimpleNamespace(dockerfile="Dockerfile")),
        proxy_args={"HTTPS_PROXY": proxy} if proxy else {},
    )
    return failure_of(built, recipe, bases)


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            ("E   assert 1 == 2", "FAILED tests/test_a.py::test_it - assert 1 == 2", "=== 1 failed, 3 passed in 0.12s ===", ""),
            "1 test failed",
        ),
        (("1 failed, 2 errors in 1.10s",), "1 test failed and 2 tests could not be run"),
        (("FAILED (failures=2, errors=1, skipped=3)",), "2 tests failed and 1 test could not be run"),
        (
            ("ERROR: Could not find a version that satisfies the requirement flsk==3 (from versions: none)",
             "ERROR: No matching distribution found for flsk==3", "[notice] A new release of pip is available"),
            "ERROR: No matching distribution found for flsk==3",
        ),
        (
            ("Traceback (most recent call last):", "LookupError: setuptools-scm was unable to detect version",
             "  hint: set SETUPTOOLS_SCM_PRETEND_VERSION", "bye"),
            "LookupError: setuptools-scm was unable to detect version",
        ),
        (
            (("WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'ReadTimeoutError(\"HTTPSConnectionPool("
             "host='x', port=443): Read timed out. (read timeout=15)\")': /simple/my-package/"),
             "ERROR: Could not find a version that satisfies the requirement my_package (from versions: none)",
             "ERROR: No matching distribution found for my_package"),
            "the package index did not answer for my_package: Read timed out",
        ),
        (
            ("ERROR: usage: pytest [options] [file_or_dir]", "pytest: error: unrecognized arguments: --cov", "  rootdir: /app"),
            "pytest: error: unrecognized arguments: --cov",
        ),
        (("0 features passed, 1 failed, 0 skipped", "2 steps passed, 1 failed, 0 skipped", "Took 0m0.001s"),
         "2 steps passed, 1 failed, 0 skipped"),
        (("npm ERR! ERESOLVE unable to resolve", "npm ERR! A complete log of this run can be found in: /x"),
         "npm ERR! ERESOLVE unable to resolve"),
        (("/bin/sh: 1: gcc: not found",), "/bin/sh: 1: gcc: not found"),
        (("one", "two"), "two"),
        ((), "`x` ended with exit code 1"),
    ],
)  # fmt: skip
def test_the_reason_is_what_tells_most(log: tuple[str, ...], reason: str) -> None:
    """A runner's count, an error wherever it stands, the last line where there is none."""
    failure = failed("RUN x", *log)
    assert (failure.reason, failure.where) == (reason, "Dockerfile:5")


def test_a_line_that_only_begins_like_one_of_pips_takes_no_time() -> None:
    """What a step prints is the project's to choose: a line of 500 kB is none of pip's."""
    line = "WARNING: Retrying (Retry(total=0," + " connection broken by 'a(" * 20_000
    began = time.perf_counter()
    assert failed("RUN x", line, "ERROR: No matching distribution found for x").reason.endswith("for x")
    assert time.perf_counter() - began < SOON_S


@pytest.mark.parametrize("proxy", ["http://me:pw@127.0.0.1:9", "localhost:3128", "http://[::1]:8080"])
def test_a_proxy_that_no_container_reaches_is_the_cause_not_the_stand_in(proxy: str) -> None:
    """It is this machine's loopback address; its password is not told."""
    log = "WARNING: ... ProxyError('Cannot connect to proxy.', ConnectionRefusedError(111, 'Connection refused'))"
    hint = failed("RUN pip install gcc", log, "sh: 1: gcc: not found", bases=(STAND_IN,), proxy=proxy).hint
    assert hint is not None
    assert hint.startswith("no container reaches the proxy")
    assert "pw" not in hint
    assert "stand-in" not in hint


def test_a_proxy_elsewhere_may_be_reached() -> None:
    """Nothing is known against it."""
    assert failed("RUN x", "ProxyError: odd", proxy="http://proxy.example:3128").hint is None


def test_the_lines_that_tell_why_are_kept() -> None:
    """However much was printed after them."""
    log = [f"before {n}" for n in range(100)] + ["ValueError: odd"] + [f"after {n}" for n in range(100)]
    assert "ValueError: odd" in failed("RUN x", *log).output[-15:]


def test_a_secret_that_was_not_handed_in_is_named_with_the_way_to_do_it() -> None:
    """It is no fault of the base."""
    failure = failed(
        "RUN --mount=type=secret,id=index_url,required=true pip",
        error="secret index_url: not found",
        bases=(STAND_IN,),
    )
    assert failure.reason == "the step requires the secret index_url, which is not handed in"
    assert failure.fix is not None
    assert 'secrets = { index_url = "FILE" }' in failure.fix
    assert "--secret index_url=FILE" in failure.fix
    assert failure.base_note == NOTE


@pytest.mark.parametrize(
    ("instruction", "log", "error", "may_be"),
    [
        ("COPY --from=b /usr/local/lib/python3.12/site-packages /x", (), '"/usr/local/lib/python3.12/site-packages": not found', True),
        ("RUN pip install .", ("ERROR: Package 'x' requires a different Python: 3.13.5 not in '<3.13'",), "exit code 1", True),
        ("RUN 2to3 x.py", ("/bin/sh: 1: 2to3: not found",), "exit code 127", True),
        ("RUN gcc x.c", ("/bin/sh: 1: gcc: not found",), "exit code 127", False),
        ("RUN python -c x", ("ModuleNotFoundError: No module named '_ctypes'",), "exit code 1", True),
        ("RUN python -c x", ("ImportError: libpq.so.5: cannot open shared object file: No such file or directory",), "1", False),
        ("RUN pytest", ("1 failed in 0.1s",), "exit code 1", False),
        ("RUN python -c x", ("ModuleNotFoundError: No module named 'flask'",), "exit code 1", False),
        ("RUN cat x", ("cat: x: No such file or directory",), "exit code 1", False),
        ("COPY x y", (), '"/x": not found', False),
        ("RUN x", (), "secret a: not found", False),
        ("RUN x", ("LookupError: setuptools-scm was unable to detect version",), "exit code 1", False),
    ],
)  # fmt: skip
def test_a_stand_in_is_a_possible_cause_only_where_the_step_lacks_what_the_base_has(
    instruction: str, log: tuple[str, ...], error: str, *, may_be: bool
) -> None:
    """Its version of Python, a program, a library; whatever was the cause, the report says that there was one."""
    failure = failed(instruction, *log, error=error, bases=(STAND_IN,))
    assert (failure.hint is not None) is may_be
    assert failure.base_note == NOTE


def test_of_a_full_base_any_library_or_program_may_be_lacking() -> None:
    """The official one has hundreds."""
    for line in (
        "/bin/sh: 1: svn: not found",
        "ImportError: libmysqlclient.so.21: cannot open shared object file: No such",
    ):
        assert "stand-in" in failed("RUN x", line, bases=(FULL,)).summary


def test_a_frontend_that_was_left_out_may_be_the_cause() -> None:
    """Of what fails before any step."""
    built = BuildFacts(
        ok=False, steps=(), duration_s=1.0, error="dockerfile parse error on line 3: unknown flag: x"
    )
    project = SimpleNamespace(
        config=SimpleNamespace(dockerfile="Dockerfile"),
        dockerfile=SimpleNamespace(syntax_directive="docker/dockerfile:labs"),
    )
    recipe: Any = SimpleNamespace(dockerfile="copy", project=project, proxy_args={})
    assert failure_of(built, recipe, ()).summary == (
        "unknown flag: x; it was read by BuildKit's own frontend instead of docker/dockerfile:labs, which may be the cause"
    )


def test_an_ssh_agent_is_not_promised() -> None:
    """There is no setting that forwards one: the fix names what there is."""
    failure = failed("RUN --mount=type=ssh git clone x", error="unset ssh forward key default")
    assert failure.reason == "the step requires the SSH agent default, which is not forwarded"
    assert failure.fix is not None
    assert "--secret" in failure.fix
