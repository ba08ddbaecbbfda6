"""supported-base: Python and distribution against the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hullproof.facts import BaseFacts

from .by_hand import BASE_LAYER, BROKEN, PROVEN, UNPROVEN, entry, files, image, layer, prove

BOOKWORM = (
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'
)


def of(os_release: str | None = BOOKWORM, python: str = "3.11") -> dict[str, Any]:
    """Make a base of a distribution and a Python."""
    entries = [each for each in BASE_LAYER.entries if "/python" not in each.path]
    entries += [
        entry(f"/usr/local/bin/python{python}", mode=0o755),
        entry("/usr/local/bin/python3", kind="symlink", target=f"python{python}"),
        entry("/usr/lib/os-release"),
    ]
    texts = {**BASE_LAYER.texts, **({"/usr/lib/os-release": os_release} if os_release else {})}
    return {"files": files(base=replace(BASE_LAYER, entries=tuple(entries), texts=texts))}


def test_what_gets_fixes_is_proven_with_its_last_day() -> None:
    """Debian with its free long-term support, and the Python that PATH leads to."""
    proof = prove("supported-base", **of())
    assert proof.verdict is PROVEN
    assert "Python 3.11 is supported until 2027-10-31" in proof.summary
    assert "Debian 12 is supported until 2028-06-30" in proof.summary


def test_python_past_its_end_is_broken() -> None:
    """On the day after its last one, and not before."""
    assert prove("supported-base", **of(python="3.10"), today=date(2026, 10, 31)).verdict is PROVEN
    proof = prove("supported-base", **of(python="3.10"), today=date(2026, 11, 1))
    assert proof.verdict is BROKEN
    assert "Python 3.10 has had no security fixes since 2026-10-31" in proof.summary


@pytest.mark.parametrize(
    "text",
    [
        'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="11"\n',
        'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="20.04"\n',
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n',
        'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\n',
    ],
)
def test_a_distribution_past_its_end_is_broken(text: str) -> None:
    """Each by the part of its version that has an end."""
    assert prove("supported-base", **of(text)).verdict is BROKEN


def test_an_end_within_90_days_is_said_ahead() -> None:
    """It holds today."""
    proof = prove("supported-base", **of(), today=date(2027, 9, 1))
    assert proof.verdict is PROVEN
    assert "60 more days" in proof.summary


@pytest.mark.parametrize(
    "text", [None, 'NAME="Fantasy"\nID=fantasy\nVERSION_ID="1"\n', 'NAME="Debian GNU/Linux"\nID=debian\n']
)
def test_what_the_tables_do_not_have_is_unproven(text: str | None) -> None:
    """Debian's testing has no release number."""
    assert prove("supported-base", **of(text)).verdict is UNPROVEN


def test_a_python_without_a_version_in_its_name_is_unproven() -> None:
    """Nothing is guessed."""
    assert prove("supported-base", **of(python=""), image=image(env={"PATH": "/nowhere"})).verdict is UNPROVEN


def test_an_environment_leads_to_the_python_that_it_was_made_with() -> None:
    """First in PATH wins, through its links, and the base's other Python does not count."""
    given = of(python="3.9")
    venv = layer(
        4,
        entry("/opt/python/bin/python3.13", mode=0o755),
        entry("/opt/venv/bin/python", kind="symlink", target="/opt/python/bin/python3.13"),
    )
    facts = {"files": replace(given["files"], layers=(*given["files"].layers, venv))}
    proof = prove("supported-base", **facts, image=image(env={"PATH": "/opt/venv/bin:/usr/local/bin"}))
    assert "Python 3.13" in proof.summary
    assert proof.verdict is PROVEN


def test_the_fix_is_for_what_brings_it() -> None:
    """The line whose layer has the Python, where that is not the base's; the distribution by its whole name."""
    given = of(python="3.13")
    own = layer(4, entry("/opt/python/bin/python3.9", mode=0o755))
    facts = {"files": replace(given["files"], layers=(*given["files"].layers, own))}
    proof = prove("supported-base", **facts, image=image(command=("/opt/python/bin/python3.9", "run.py")))
    assert proof.remedy is not None
    assert proof.remedy.startswith("Let Dockerfile:4 bring a Python that is supported.")
    red_hat = 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="7.9"\n'
    remedy = str(prove("supported-base", **of(red_hat)).remedy)
    assert "the base of Dockerfile:1 to one whose Red Hat Enterprise Linux is supported" in remedy


def test_a_stand_in_is_judged_by_what_it_stands_for() -> None:
    """The real base is what ships."""
    stand_in = BaseFacts("python:3.9-slim-bullseye", 1, stand_in=True, note="got Python 3.11")
    proof = prove("supported-base", **of(), base=stand_in)
    assert proof.verdict is BROKEN
    assert "Python 3.9" in proof.summary
    assert "Debian 11" in proof.summary
