"""expose: what is declared, what listens, what answers."""

# ruff: noqa: ANN401 - changes to facts can be of any type

from __future__ import annotations

from typing import Any

import pytest

from hullproof.facts import Answer, Listener
from hullproof.project.config import Config

from .by_hand import (
    BROKEN,
    GOOD,
    LISTENER,
    NOT_APPLICABLE,
    PROVEN,
    UNPROVEN,
    container,
    image,
    lines,
    process,
    prove,
    without,
)

ANY = "0.0.0.0"  # noqa: S104 - what a server in a container should do


def exposing(*ports: str) -> dict[str, Any]:
    """Make the Dockerfile and the image expose these ports."""
    line = f"EXPOSE {' '.join(ports)}\n" if ports else ""
    exposed = tuple(port if "/" in port else f"{port}/tcp" for port in ports)
    return {"text": GOOD.replace("EXPOSE 5000\n", line), "image": image(exposed=exposed)}


def listening(*sockets: Listener, **changes: Any) -> dict[str, Any]:
    """Make the container listen on these alone."""
    return {"container": container(listeners=sockets, **changes)}


def test_nothing_declared_for_a_service_is_broken() -> None:
    """Whoever reads the image does not know where to connect."""
    proof = prove("expose", **exposing())
    assert proof.verdict is BROKEN
    assert "5000/tcp is listened on by PID 1" in proof.summary
    assert proof.remedy == "Add `EXPOSE 5000` before Dockerfile:17. Or do not listen on 5000."
    assert "Dockerfile:12" in lines(proof)


def test_a_wrong_number_names_the_right_one() -> None:
    """Declared but dead, and what is listened on instead."""
    proof = prove("expose", **exposing("8080"))
    assert proof.verdict is BROKEN
    assert (
        "8080/tcp is exposed, but nothing listens on it: the application listens on 5000/tcp" in proof.summary
    )
    assert "Dockerfile:17" in lines(proof)


def test_a_wrong_protocol_is_broken_and_told_once() -> None:
    """The number is right, the protocol is not."""
    proof = prove("expose", **exposing("5000/udp"))
    assert proof.verdict is BROKEN
    assert "listens on 5000/tcp" in proof.summary
    assert proof.remedy == "Write `EXPOSE 5000` in the place of Dockerfile:17."


@pytest.mark.parametrize("ports", [("5000", "5000/udp"), ("5000", "9000"), ("5000", "5001", "5002")], ids=str)
def test_one_dead_port_of_several_is_broken(ports: tuple[str, ...]) -> None:
    """Each declared port counts."""
    assert prove("expose", **exposing(*ports)).verdict is BROKEN


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_only_is_broken(address: str) -> None:
    """Nobody outside the container can reach it."""
    proof = prove("expose", **listening(Listener("tcp", address, 5000, (1,))))
    assert proof.verdict is BROKEN
    assert f"{address} only" in proof.summary


@pytest.mark.parametrize("address", [ANY, "::", "172.17.0.2"])
def test_any_other_address_is_fine(address: str) -> None:
    """IPv4, IPv6, or the container's own address."""
    assert prove("expose", **listening(Listener("tcp", address, 5000, (1,)))).verdict is PROVEN


@pytest.mark.parametrize(
    "more",
    [Listener("tcp", ANY, 9000, (7,)), Listener("udp", ANY, 8125, (1,)), Listener("udp", "::", 5000, (1,))],
    ids=str,
)
def test_an_undeclared_listener_is_broken(more: Listener) -> None:
    """A second port, also of another process and over UDP."""
    proof = prove("expose", **listening(LISTENER, more))
    assert proof.verdict is BROKEN
    assert f"{more.port}/{more.protocol}" in proof.summary


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(Listener("tcp", "127.0.0.1", 6379, (7,)), id="for the container itself"),
        pytest.param(Listener("udp", ANY, 41234, (1,)), id="a client's UDP socket"),
    ],
)
def test_what_others_cannot_use_is_no_fault(more: Listener) -> None:
    """Loopback and ephemeral UDP ports need no EXPOSE."""
    assert prove("expose", **listening(LISTENER, more)).verdict is PROVEN


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer("tcp", 5000, answered=False, detail="connection reset"), BROKEN),
        (Answer("tcp", 5000, answered=True, status=401), PROVEN),
        (Answer("tcp", 5000, answered=True, detail="accepts, speaks no HTTP"), PROVEN),
        (None, UNPROVEN),
    ],
    ids=["reset", "401", "no HTTP", "not asked"],
)
def test_a_port_has_to_answer(answer: Answer | None, verdict: object) -> None:
    """Any answer is one; a port that hangs up is broken, one that was not asked unproven."""
    answers = (answer,) if answer else ()
    proof = prove("expose", container=container(answers=answers))
    assert proof.verdict is verdict
    if verdict is BROKEN:
        assert "connection reset" in proof.summary


def test_udp_is_proven_by_listening() -> None:
    """UDP knows no common question that every server answers."""
    proof = prove("expose", **exposing("53/udp"), **listening(Listener("udp", ANY, 53, (1,)), answers=()))
    assert proof.verdict is PROVEN


def test_a_port_held_by_a_shell_is_broken() -> None:
    """The application has to listen itself."""
    shell = container(processes=(process(1, "sh", "-c", "nc -l 5000"),))
    assert prove("expose", container=shell).verdict is BROKEN


def test_a_worker_is_not_concerned() -> None:
    """Nothing exposed, nothing listened on: nothing is broken."""
    assert prove("expose", **exposing(), **listening()).verdict is NOT_APPLICABLE


def test_arguments_and_ranges_are_found_at_their_line() -> None:
    """EXPOSE ${PORT} is judged by what it comes out as."""
    text = GOOD.replace("EXPOSE 5000", "ARG PORT=80\nEXPOSE ${PORT}")
    proof = prove("expose", text, image=image(exposed=("80/tcp",)))
    assert proof.verdict is BROKEN
    assert "Dockerfile:18" in lines(proof)


@pytest.mark.parametrize(
    "changes",
    [
        {"exit_code": 1},
        {"start_error": "no such file"},
        {"unobservable": "no probe could be started"},
        {"ready": False, "slowed": "for 60 s the machine had no processor for it"},
    ],
    ids=str,
)
def test_what_could_not_be_looked_at_is_unproven(changes: dict[str, Any]) -> None:
    """A dead container says nothing of its ports."""
    nothing = {"processes": (), "listeners": (), "answers": ()}
    assert prove("expose", container=container(**{**nothing, **changes})).verdict is UNPROVEN
    assert prove("expose", **without("container")).verdict is UNPROVEN


def test_pinned_ports_are_kept() -> None:
    """The configuration may pin what must not drift."""
    assert prove("expose", config=Config(ports=("5000/tcp",))).verdict is PROVEN
    assert prove("expose", config=Config(ports=("5000/tcp", "9000/tcp"))).verdict is BROKEN


def test_what_only_waits_is_one_fault_and_told_elsewhere() -> None:
    """That nothing listens follows from it."""
    idle = container(processes=(process(1, "sleep", "infinity"),), listeners=(), answers=(), ready=False)
    proof = prove("expose", container=idle)
    assert proof.verdict is UNPROVEN
    assert "see default-command" in proof.summary


def test_a_server_on_a_unix_socket_exposes_nothing() -> None:
    """What it listens at is said; a port that it does not listen on should not be exposed."""
    proof = prove("expose", **exposing(), **listening(sockets=("/run/app.sock",)))
    assert proof.verdict is NOT_APPLICABLE
    assert "/run/app.sock" in proof.summary
    assert prove("expose", **exposing("5000"), **listening(sockets=("/run/app.sock",))).verdict is BROKEN


def test_every_port_that_is_served_in_the_place_of_another_is_in_the_fix() -> None:
    """It is one fault, and one line to write."""
    both = listening(LISTENER, Listener("tcp", ANY, 9000, (1,)))
    proof = prove("expose", **exposing("8080"), **both)
    assert proof.remedy == "Write `EXPOSE 5000 9000` in the place of Dockerfile:17."


def test_what_is_exposed_already_is_not_asked_for() -> None:
    """Of both protocols one is served: the line says that one alone."""
    proof = prove("expose", **exposing("5000", "5000/udp"))
    assert str(proof.remedy).startswith("Write `EXPOSE 5000` in the place of Dockerfile:17.")


def test_a_line_that_says_it_already_stays() -> None:
    """A stage below exposes another port, by a line of its own."""
    text = GOOD.replace("AS base\n", "AS base\nEXPOSE 5678\n", 1)
    proof = prove("expose", text, image=image(exposed=("5000/tcp", "5678/tcp")))
    assert str(proof.remedy).startswith("Remove Dockerfile:2. Or let")


def test_a_command_that_names_a_loopback_address_is_written_out() -> None:
    """With the address for all, and nothing else changed."""
    text = GOOD.replace('["python", "run.py"]', '["gunicorn", "--bind", "127.0.0.1:5000", "app:app"]')
    proof = prove("expose", text, **listening(Listener("tcp", "127.0.0.1", 5000, (1,))))
    assert (
        'Write `CMD ["gunicorn", "--bind", "0.0.0.0:5000", "app:app"]` in the place of Dockerfile:18'
        in str(proof.remedy)
    )
