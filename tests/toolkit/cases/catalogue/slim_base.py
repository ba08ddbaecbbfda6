"""The release stands on a fat base, or carries what only a build needs."""

from __future__ import annotations

from .model import Case, after, before, dockerfile, write

RELEASE = "FROM python:3.11-slim AS release"
TOOLS = frozenset({"multistage"})  # a compiler is a build tool, too
LEAN = "apt-get install -y --no-install-recommends"

CASES = (
    Case(
        "slim-base/full",
        "the release is built on the full image",
        (dockerfile(RELEASE, "FROM python:3.11 AS release"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/latest",
        "the release is built on whatever is latest",
        (
            # Both stages, since a virtual environment is for one version of Python.
            dockerfile("FROM python:3.11-slim AS deps", "FROM python:latest AS deps"),
            dockerfile(RELEASE, "FROM python:latest AS release"),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/no-tag",
        "the release's base has no tag",
        (
            # Both stages, since a virtual environment is for one version of Python.
            dockerfile("FROM python:3.11-slim AS deps", "FROM python AS deps"),
            dockerfile(RELEASE, "FROM python AS release"),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/full-of-a-debian-release",
        "a longer tag that is no slim one",
        (dockerfile(RELEASE, "FROM python:3.11-bookworm AS release"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/slim-in-test-only",
        "the test stage is slim, the release is not",
        (
            dockerfile("FROM python:3.11-slim AS deps", "FROM python:3.11 AS deps"),
            dockerfile(
                "FROM deps AS test",
                "FROM python:3.11-slim AS test\nENV PATH=/venv/bin:$PATH\nWORKDIR /app\nCOPY --from=deps /venv /venv",
            ),
            dockerfile("RUN python -m pytest", "RUN python -B -m pytest"),
            dockerfile(RELEASE, "FROM python:3.11 AS release"),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/argument",
        "a build argument that defaults to the full image",
        (
            before("FROM python:3.11-slim AS deps", "ARG BASE=python:3.11"),
            dockerfile(RELEASE, "FROM ${BASE} AS release"),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/argument-empty-suffix",
        "an argument for the variant that is empty unless given",
        (
            before("FROM python:3.11-slim AS deps", "ARG VARIANT="),
            dockerfile(RELEASE, "FROM python:3.11${VARIANT} AS release"),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/stage-called-slim",
        "a stage that is called slim stands on the full image",
        (dockerfile(RELEASE, "FROM python:3.11 AS python-slim\n\nFROM python-slim AS release"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/platform-flag",
        "the full image behind a --platform flag",
        (dockerfile(RELEASE, "FROM --platform=$BUILDPLATFORM python:3.11 AS release"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/gcc-left",
        "a compiler is installed into the release and stays",
        (after(RELEASE, f"RUN apt-get update && {LEAN} gcc && rm -rf /var/lib/apt/lists/*"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/gcc-removed-in-a-later-layer",
        "a compiler is installed and removed, one layer too late",
        (
            after(
                RELEASE,
                f"RUN apt-get update && {LEAN} gcc && rm -rf /var/lib/apt/lists/*",
                "RUN apt-get purge -y --auto-remove gcc",
            ),
        ),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/dev-package",
        "headers to compile against stay in the release",
        (after(RELEASE, f"RUN apt-get update && {LEAN} libffi-dev && rm -rf /var/lib/apt/lists/*"),),
        also_expected=TOOLS,
    ),
    Case(
        "slim-base/package-lists",
        "apt's package lists stay in the release",
        (after(RELEASE, f"RUN apt-get update && {LEAN} tini"),),
    ),
    Case(
        "slim-base/package-lists-removed-in-a-later-layer",
        "apt's package lists are removed, one layer too late",
        (
            after(
                RELEASE,
                f"RUN apt-get update && {LEAN} tini",
                "RUN apt-get clean && rm -rf /var/lib/apt/lists/*",
            ),
        ),
    ),
    Case(
        "slim-base/over-its-budget",
        "the project's own limit on the size is passed",
        (write("hullproof.toml", "max_size_mb = 20\n"),),
    ),
)
