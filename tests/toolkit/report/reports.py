"""Reports to show: every verdict is in them, and hostile text wherever text can be."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hullproof.model import (
    Acceptance,
    BuildError,
    Conditions,
    EngineInfo,
    Evidence,
    Explanation,
    ImageInfo,
    Limits,
    ProjectInfo,
    Proof,
    Quote,
    Report,
    SidecarInfo,
    Verdict,
)

ANSI = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J back\b\b carriage\rreturn"
HTML = "<script>alert(1)</script> <img src=x onerror=alert(1)> &lt;b&gt; <!-- comment -->"
MARKDOWN = (
    "# title **bold** _it_ `code` [link](http://evil.example) ![image](http://evil.example/x.png) | cell | "
    "~~gone~~ $x^2$ @someone #12 GH-12 owner/name#7 https://evil.example www.evil.example a@evil.example :tada:"
)
DIRECTION = "user\u202egnp.exe\u202c \u2066isolated\u2069 zero\u200bwidth \u200fright \u2028line \ufeffmark"
EMOJI = "ship \U0001f6a2 family \U0001f468\u200d\U0001f469\u200d\U0001f467 \u6f22\u5b57 e\u0301"
HALF_A_PAIR = "file-\udcff"
MANY_LINES = "one\ntwo\n\n- [x] three\n# four\n```\nfive\r\nsix\tseven"
HUGE = "A" * 10_000_000
DOCKERFILE = "docker/Dockerfile|`x`"


def evidence(where: str, statement: str) -> Evidence:
    """Make evidence read from the Dockerfile."""
    return Evidence("dockerfile", where, statement)


def sample() -> Report:
    """A report with every verdict, on a stand-in base, and hostile text in all fields that can hold it."""
    return Report(
        project=ProjectInfo(
            name=f"Shop {MARKDOWN} {HTML}"[:200],
            dockerfile=DOCKERFILE,
            dockerfile_sha256="5e" * 32,
            target="release",
            target_note=f"stage release (Dockerfile:8), not the last one {HTML} {ANSI}",
            revision="0123456789abcdef0123456789abcdef01234567-dirty",
            folder="services/the shop, #1",
        ),
        image=ImageInfo(
            id="sha256:" + "1a" * 32,
            digest="sha256:" + "2b" * 32,
            config_digest="sha256:" + "1a" * 32,
            size_bytes=143_210_000,
            base=f"python:3.10-slim {ANSI}",
            base_is_stand_in=True,
            base_size_bytes=109_000_000,
            base_digest="sha256:" + "4d" * 32,
            base_note=f"asked for python:3.10-slim, got Debian 12's Python 3.11.2 {DIRECTION}",
            platform="linux/amd64",
        ),
        engine=EngineInfo(
            "Docker Engine", "26.1.5 *x*", "0.13.1", "linux/amd64", "overlay2", "Docker 26 <b> | can `die`"
        ),
        sidecar=SidecarInfo("python:3-slim", ("SYS_PTRACE",)),
        conditions=Conditions(
            network=False, container=Limits(memory_bytes=512_000_000), build_cgroup="/builds"
        ),
        hullproof_version="0.1.0",
        started_at=datetime(2026, 11, 23, 10, 30, 59, 999_999, tzinfo=timezone(timedelta(hours=2))),
        duration_s=75.4321,
        proofs=(
            Proof(
                "slim-base",
                "guide",
                "The release starts from a slim base",
                Verdict.PROVEN,
                "The release starts from python:3.10-slim and adds no compiler, headers or package lists.",
                (
                    evidence(f"{DOCKERFILE}:8", "the release's base is python:3.10-slim"),
                    evidence(f"{DOCKERFILE}:9", "a second line of evidence, which a screen leaves out"),
                ),
                duration_s=0.0123,
                explanation=Explanation(
                    "A full image carries what is never used.",
                    "The base of the release stage is slim.",
                    "python:3.11, and gcc left in the release.",
                    "Start the release from python:X-slim.\n\n    FROM python:3.11-slim\n    COPY . <app>\n\nThen prove it.",
                ),
            ),
            Proof(
                "multistage",
                "guide",
                "Tests and tools stay in stages of their own",
                Verdict.BROKEN,
                "The release holds a test runner.",
                (
                    Evidence("image", f"{DOCKERFILE}:12", "pytest is there"),
                    evidence(f"{DOCKERFILE}:31", "the release copies it"),
                    *(
                        Evidence("image", f"/opt/venv/lib/python3.10/site-packages/tool{n}", "a test runner")
                        for n in range(12)
                    ),
                ),
                remedy="Install test tools in a test stage, and copy from a stage that never had them: "
                "COPY --from=deps /opt/venv /opt/venv.",
            ),
            Proof(
                "non-root-user",
                "guide",
                "Nothing runs as root",
                Verdict.UNPROVEN,
                f"The container died with exit code 1: {ANSI}",
                (Evidence("container", "log", MANY_LINES), Evidence("container", HUGE, HUGE)),
            ),
            Proof(
                "workdir",
                "guide",
                "The release works in a directory of its own",
                Verdict.NOT_APPLICABLE,
                "Nothing of the application is in the image.",
                (evidence(f"{DOCKERFILE}:1", "FROM scratch"),),
            ),
            Proof(
                "ownership",
                "guide",
                "The application's files belong to who runs it",
                Verdict.BROKEN,
                "3 of 40 files belong to root.",
                (evidence(f"{DOCKERFILE}:40", "/app/plugins: uid 0"), evidence(f"{DOCKERFILE}:41", "more")),
                remedy="Copy them with --chown.",
                accepted=Acceptance(
                    f"The vendor's plugin checks it, see {MARKDOWN} {HTML}", date(2027, 1, 31)
                ),
            ),
            Proof(
                "necessary-files",
                "guide",
                "The release holds necessary files only",
                Verdict.BROKEN,
                "The release holds tests/.",
                (evidence(f"{DOCKERFILE}:44", "COPY . ."),),
                remedy="Copy what is needed by name.",
                accepted=Acceptance("Until the move is done.", date(2026, 10, 31), expired=True),
            ),
            Proof(
                "hostile-text",
                "other",
                f"Title {MARKDOWN} {HTML}",
                Verdict.BROKEN,
                f"{HTML} {MARKDOWN} {DIRECTION} {EMOJI} {HALF_A_PAIR}",
                (
                    Evidence("image", f"/app/{MARKDOWN}", HTML),
                    Evidence("image", HALF_A_PAIR, DIRECTION),
                    Evidence("experiment", "`` ` ```", EMOJI),
                ),
                remedy=f"{MANY_LINES} {HUGE}",
                duration_s=12.5,
                explanation=Explanation(
                    f"{HTML} {HUGE}", f"{ANSI} {DIRECTION}", MARKDOWN, f"    {HTML}\n    {ANSI}"
                ),
            ),
            Proof(
                "test-gate",
                "guide",
                "A failing test stops the release",
                Verdict.PROVEN,
                "With a failing test planted, the release's build fails of it.",
                (Evidence("experiment", 'build step "RUN pytest"', "failed on the planted test"),),
                duration_s=3.2,
            ),
        ),
        left_out=("requirements-first", "dockerignore"),
        quotes=(
            Quote(12, f"RUN pip install pytest && \\\n    # {HTML} {ANSI}\n    echo '{DIRECTION}'"),
            Quote(40, "COPY plugins /app/plugins"),
        ),
    )


def hostile(text: str) -> Report:
    """A report in which every text that comes from outside is the one given."""

    def poisoned(value: Any) -> Any:  # noqa: ANN401 - any part of a report
        if isinstance(value, str):
            return text
        if isinstance(value, tuple):
            return tuple(map(poisoned, value))
        if not is_dataclass(value) or isinstance(value, type):
            return value
        own = {each.name: getattr(value, each.name) for each in fields(value)}
        given = {name: each if name in _OURS else poisoned(each) for name, each in own.items()}
        return type(value)(**given)

    usual: Report = poisoned(replace(sample(), build_error=failed_build().build_error))
    return usual


_OURS = {"id", "source", "left_out", "dockerfile_sha256"}


def failed_build() -> Report:
    """A report of a project whose own build fails: no image, and a log full of hostile text."""
    usual = sample()
    return replace(
        usual,
        image=None,
        sidecar=None,
        conditions=None,
        build_error=BuildError(
            "RUN python -m pytest `x` <b>",
            47,
            ("collected 3 items", ANSI, HTML, MARKDOWN, "", "E   assert 1 == 2"),
            f"1 test failed {HTML}",
            f"Fix it. {MARKDOWN}",
            f"asked for this, got that {ANSI}",
        ),
        proofs=tuple(
            replace(
                proof,
                title="Some practice",
                verdict=Verdict.UNPROVEN,
                summary=summary,
                evidence=(),
                remedy=None,
                accepted=None,
            )
            for proof, summary in zip(
                usual.proofs, ("The project's own build fails.",) * 7 + ("Odd.",), strict=True
            )
        ),
        left_out=(),
    )


def bare() -> Report:
    """A report with as little in it as there can be: all is well, and whatever may be missing is."""
    usual = sample()
    return Report(
        project=ProjectInfo("shop", "Dockerfile"),
        image=ImageInfo("sha256:" + "3c" * 32, None, 999_999, None, base_is_stand_in=False),
        engine=None,
        hullproof_version="0.1.0",
        started_at=usual.started_at,
        duration_s=9.96,
        proofs=(replace(usual.proofs[0], explanation=None), replace(usual.proofs[3], evidence=())),
    )
