"""The port: 5000, on all interfaces, and no other."""

from __future__ import annotations

from typing import Any

from hullproof.facts import ContainerFacts
from hullproof.pytest_plugin import Container

from .board import Board


def test_5000_is_the_only_port_that_anything_listens_on(
    kernel: ContainerFacts, hullproof_container: Container
) -> None:
    """In the container's own network namespace: TCP, every IPv4 address, one socket; no UDP, nothing else."""
    (listener,) = kernel.listeners
    assert (listener.protocol, listener.address, listener.port) == ("tcp", "0.0.0.0", 5000)  # noqa: S104 - the claim
    sockets = hullproof_container.exec("cat", "/proc/net/udp", "/proc/net/udp6").stdout.splitlines()
    assert [line for line in sockets if "local_address" not in line] == []


def test_5000_is_the_only_port_that_is_exposed(config: dict[str, Any]) -> None:
    """What the image promises is what listens."""
    assert config["ExposedPorts"] == {"5000/tcp": {}}


def test_the_published_port_answers_over_http(board: Board) -> None:
    """From outside the container: the front page, and the application's own answer for what is not there."""
    page = board.get("/")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<html" in page.text
    assert board.get("/no/such/page").status_code == 404


def test_the_process_and_the_store_report_well(board: Board) -> None:
    """/healthz is the process, /readyz is the store."""
    assert board.get("/healthz").json() == {"status": "ok"}
    assert board.get("/readyz").json() == {"status": "ok"}
