"""Fixes of the production practices that name lines: followed by their letter they make the Dockerfile that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import Checkout, HeldLines, Renewal, RenewalFacts
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import GOOD, container, entry, files, image, layer, process, prove

CMD = 'CMD ["python", "run.py"]'
APT = layer(3, entry("/usr/bin/apt-get", mode=0o755))
HALF = "org.opencontainers.image.revision"


@pytest.mark.parametrize(
    ("practice", "text", "facts", "meant"),
    [
        (
            "live-logs",
            GOOD,
            {"held_lines": HeldLines(("ready",), (), 0)},
            GOOD.replace(CMD, f"ENV PYTHONUNBUFFERED=1\n{CMD}"),
        ),
        ("numeric-user", GOOD, {}, GOOD.replace("USER app", "USER 1000")),
        (
            "cache-stable",
            GOOD.replace("WORKDIR /app\n", "WORKDIR /app\nARG REVISION\n", 1),
            {
                "renewal": RenewalFacts(
                    (5,), ("it",), (Renewal("the argument REVISION", "Dockerfile:3", (5,)),)
                )
            },
            GOOD.replace("-r requirements.txt\n", "-r requirements.txt\nARG REVISION\n", 1),
        ),
        (
            "layer-waste",
            GOOD.replace(" --chown=app:app", "").replace("USER app", "RUN chown -R app:app /app\nUSER app"),
            {
                "files": files(
                    *(layer(at, entry("/app/big", size=9_000_000, sha256="b", uid=at)) for at in (15, 16))
                )
            },
            GOOD,
        ),
        (
            "reaps-children",
            GOOD,
            {
                "orphan": "zombie",
                "container": container(processes=(process(), process(7))),
                "files": files(APT),
            },
            GOOD.replace(
                "USER app",
                "RUN apt-get update && apt-get install -y --no-install-recommends tini "
                "&& rm -rf /var/lib/apt/lists/*\nUSER app",
            ).replace(CMD, f'ENTRYPOINT ["tini", "--"]\n{CMD}'),
        ),
        (
            "labels",
            GOOD.replace(CMD, f"LABEL {HALF}=abcdef0\n{CMD}"),
            {"image": image(labels={HALF: "abcdef0"}), "checkout": Checkout("0" * 40, "", ())},
            GOOD.replace(CMD, f'ARG REVISION\nLABEL {HALF}="${{REVISION}}"\n{CMD}'),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_the_line_that_was_meant_is_written(
    tmp_path: Path, practice: str, text: str, facts: dict[str, Any], meant: str
) -> None:
    """And no other is changed."""
    (tmp_path / "Dockerfile").write_text(text)
    fix = prove(practice, text, **facts).remedy or ""
    assert follow(fix, tmp_path), f"is prose: {fix}"
    assert (tmp_path / "Dockerfile").read_text() == meant


def test_an_argument_that_is_used_above_is_not_moved_by_itself() -> None:
    """What uses it would have to move as well."""
    text = GOOD.replace("WORKDIR /app\n", "ARG REVISION\nENV REVISION=$REVISION\nWORKDIR /app\n", 1)
    facts = RenewalFacts((6,), ("it",), (Renewal("the argument REVISION", "Dockerfile:2", (6,)),))
    assert not changes(prove("cache-stable", text, renewal=facts).remedy or "")
