"""workdir: what the Dockerfile sets, what the image says, where the process is."""

from __future__ import annotations

from typing import Any

import pytest

from hullproof.project.config import Config

from .by_hand import (
    BROKEN,
    GOOD,
    NOTHING_BUILT,
    PROVEN,
    UNPROVEN,
    container,
    image,
    lines,
    process,
    prove,
    without,
)


def at(path: str, *, config: str | None = None) -> dict[str, Any]:
    """Make the image and the kernel say a directory."""
    return {"image": image(workdir=config or path), "container": container(processes=(process(cwd=path),))}


def test_no_workdir_is_broken_and_run_cd_is_pointed_out() -> None:
    """What RUN cd does is forgotten when its step ends."""
    text = GOOD.replace("WORKDIR /app", "RUN mkdir /app && cd /app")
    proof = prove("workdir", text, **at("/"))
    assert proof.verdict is BROKEN
    assert "RUN cd" in proof.summary
    assert {"Dockerfile:2", "Dockerfile:12"} <= lines(proof)


def test_the_base_s_choice_is_not_this_dockerfile_s() -> None:
    """An inherited directory may change with the base."""
    proof = prove("workdir", GOOD.replace("WORKDIR /app\n", ""), **at("/usr/src/app"))
    assert proof.verdict is BROKEN
    assert "/usr/src/app is the base's choice" in proof.summary


@pytest.mark.parametrize("written", ["/", "//", "/app/..", "$ROOT/"])
def test_the_root_directory_is_broken_however_written(written: str) -> None:
    """The result counts, not the spelling."""
    proof = prove("workdir", GOOD.replace("WORKDIR /app", f"WORKDIR {written}"), **at("/"))
    assert proof.verdict is BROKEN
    assert "Dockerfile:2" in lines(proof)


@pytest.mark.parametrize("path", ["/tmp", "/root", "/usr/local/bin", "/etc/"])
def test_a_directory_of_the_systems_is_broken(path: str) -> None:
    """Whatever else writes there does so among the application's files; /srv and /usr/src/app are there for it."""
    proof = prove("workdir", GOOD.replace("WORKDIR /app", f"WORKDIR {path}"), **at(path.rstrip("/")))
    assert proof.verdict is BROKEN
    assert "not in a directory of its own" in proof.summary
    for own in ("/srv", "/usr/src/app", "/home/app", "/opt/app"):
        assert prove("workdir", GOOD.replace("WORKDIR /app", f"WORKDIR {own}"), **at(own)).verdict is PROVEN


def test_a_relative_directory_out_of_sight_of_its_start_is_broken() -> None:
    """First on an external base, or far below another WORKDIR, it lands where nobody looks."""
    assert prove("workdir", GOOD.replace("WORKDIR /app", "WORKDIR app"), **at("/app")).verdict is BROKEN
    proof = prove("workdir", GOOD.replace("EXPOSE", "WORKDIR app\nEXPOSE"), **at("/app/app"))
    assert proof.verdict is BROKEN
    assert "lands in /app/app" in proof.summary
    assert "Dockerfile:17" in lines(proof)
    home = prove("workdir", GOOD.replace("WORKDIR /app", "WORKDIR ~/shop"), **at("/~/shop"))
    assert "Write `WORKDIR /shop` in the place of Dockerfile:2." in str(home.remedy)


@pytest.mark.parametrize(
    "more", ["WORKDIR /srv\nWORKDIR app", "WORKDIR /srv\nENV A=b\nWORKDIR app", "WORKDIR x\nWORKDIR /srv/app"]
)
def test_a_relative_directory_right_below_an_absolute_one_is_fine(more: str) -> None:
    """Two lines that stand together say the whole path, and a later absolute one makes up for all."""
    assert prove("workdir", GOOD.replace("WORKDIR /app", more), **at("/srv/app")).verdict is PROVEN


@pytest.mark.parametrize("written", ["/srv/app/", "${HOME_OF_APP}", '"/srv/app"'])
def test_other_spellings_of_an_absolute_directory_are_fine(written: str) -> None:
    """Slashes at the end, variables and quotes change nothing."""
    text = GOOD.replace("WORKDIR /app", f"ENV HOME_OF_APP=/srv/app\nWORKDIR {written}")
    assert prove("workdir", text, **at("/srv/app")).verdict is PROVEN


def test_a_process_that_goes_elsewhere_is_broken() -> None:
    """A command or program may change away; the kernel knows."""
    proof = prove("workdir", **at("/tmp", config="/app"))
    assert proof.verdict is BROKEN
    assert {"/proc/1/cwd", "Dockerfile:2"} <= lines(proof)


def test_below_an_init_the_application_counts_too() -> None:
    """An init such as tini stays where it is; what it starts may not."""
    init = process(1, "/usr/bin/tini", "--", "python")
    moved = container(processes=(init, process(7, cwd="/tmp")))
    assert prove("workdir", container=moved).verdict is BROKEN
    assert prove("workdir", container=container(processes=(init, process(7)))).verdict is PROVEN
    dumb = process(
        1, "dumb-init", "python", cwd="/"
    )  # goes to / itself, after it has started the application
    assert prove("workdir", container=container(processes=(dumb, process(7)))).verdict is PROVEN


def test_symbolic_links_are_followed_as_the_kernel_does() -> None:
    """WORKDIR /var/run/app is /run/app, and no process changed away."""
    text = GOOD.replace("WORKDIR /app", "WORKDIR /var/run/app")
    assert prove("workdir", text, **at("/run/app", config="/var/run/app")).verdict is PROVEN


def test_where_the_process_cannot_be_seen_it_is_unproven() -> None:
    """The configuration alone proves nothing, and a fault in it is known without a container."""
    assert prove("workdir", **without("container")).verdict is UNPROVEN
    assert prove("workdir", container=container(processes=(), exit_code=1)).verdict is UNPROVEN
    assert prove("workdir", container=container(processes=(process(cwd=None),))).verdict is UNPROVEN
    assert prove("workdir", **NOTHING_BUILT).verdict is UNPROVEN
    assert prove("workdir", GOOD.replace("WORKDIR /app\n", ""), **NOTHING_BUILT).verdict is BROKEN


def test_a_pinned_directory_is_kept() -> None:
    """The configuration may pin what must not drift."""
    assert prove("workdir", config=Config(workdir="/app/")).verdict is PROVEN
    assert prove("workdir", config=Config(workdir="/srv")).verdict is BROKEN


def test_each_relative_one_is_said_to_land_where_it_does() -> None:
    """The image knows where the last one landed, and nothing of those before."""
    proof = prove("workdir", "FROM x\nWORKDIR a\nRUN true\nWORKDIR b\nCMD x\n", image=image(workdir="/a/b"))
    assert "WORKDIR a is relative and lands in /a;" in proof.summary
    assert "WORKDIR b is relative and lands in /a/b" in proof.summary
