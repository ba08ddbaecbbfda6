"""Fixes of the production practices that name lines: followed by their letter they make the Dockerfile that was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import Checkout, FileEntry, HeldLines, Renewal, RenewalFacts
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import BASE_LAYER, GOOD, PASSWD, container, entry, files, image, layer, process, prove

CMD = 'CMD ["python", "run.py"]'
APT = layer(3, entry("/usr/bin/apt-get", mode=0o755))
CHOWNED = GOOD.replace(" --chown=app:app", "").replace("USER app", "RUN chown -R app:app /app\nUSER app")
HALF = "org.opencontainers.image.revision"


def big(owner: int) -> FileEntry:
    """Make nine megabytes of somebody's: what layer-waste takes no notice of would be smaller."""
    return entry("/app/big", size=9_000_000, sha256="b", uid=owner)


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
            CHOWNED,
            {"files": files(*(layer(at, big(at)) for at in (15, 16)))},
            GOOD,
        ),
        (
            "layer-waste",
            CHOWNED,
            {"files": files(*(layer(at, entry("/app/", uid=at), big(at)) for at in (15, 16)))},
            GOOD.replace("USER app", "RUN chown app:app /app\nUSER app"),
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


@pytest.mark.parametrize(
    ("passwd", "follows"),
    [(PASSWD, True), ("root:x:0:0::/:/bin/sh\n", False)],
    ids=["the-account-is-there", "made-by-this-very-run"],
)
def test_an_owner_goes_to_the_copy_only_where_the_copy_can_know_it(passwd: str, *, follows: bool) -> None:
    """And where the RUN does nothing else: what it brings beside the owner would be lost with it."""
    base = replace(BASE_LAYER, texts={**BASE_LAYER.texts, "/etc/passwd": passwd})
    account = () if follows else (entry("/etc/passwd"),)
    texts = {} if follows else {"/etc/passwd": PASSWD}
    upper = layer(16, big(16), *account, texts=texts)
    fix = prove("layer-waste", CHOWNED, files=files(layer(15, big(15)), upper, base=base)).remedy or ""
    assert bool(changes(fix)) is follows
