"""Boards to test: one that pytest-docker starts, as anyone would run it, and those of Hullproof's own plugin.

The image is the one that `./nox -s container` has built, and without that the plugin builds it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from docker import DockerClient
from pytest_docker.plugin import Services

from hullproof.engine.endpoint import find_endpoint
from hullproof.facts import ContainerFacts
from hullproof.pytest_plugin import Boot, Container, Files, Image

from .board import PORT, TOKEN, Board, wait_for

HERE = Path(__file__).parent
READY_DEADLINE_S = 30.0
LOG_LINES = 20


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder, so that `-m "not engine"` leaves them out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("engine")


# --- the image and its containers --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def config(hullproof_image: Image) -> dict[str, Any]:
    """Give what the image's configuration says."""
    found: dict[str, Any] = hullproof_image.sdk.attrs["Config"]
    return found


@pytest.fixture(scope="session")
def files(hullproof_image: Image) -> Files:
    """Give all files of the image."""
    return hullproof_image.files


@pytest.fixture(scope="session")
def kernel(hullproof_container: Container) -> ContainerFacts:
    """Give what the kernel says inside a container that is run as it is."""
    return hullproof_container.facts


@pytest.fixture(scope="session")
def boot(hullproof_boot: Boot) -> Callable[..., Container]:
    """Boot boards that take uploads, to be stopped and broken."""
    return partial(hullproof_boot, env={"BOARD_TOKEN": TOKEN})


# --- the shared board, which pytest-docker starts --------------------------------------------------------------


@pytest.fixture(scope="session")
def docker_ip() -> str:
    """Give the address where the engine publishes ports: its own, which need not be this machine's."""
    return find_endpoint().published_host


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    """Give the shared board's description."""
    return str(HERE / "compose.yml")


@pytest.fixture(scope="session")
def docker_compose_project_name(hullproof_image: Image, hullproof_container: Container) -> Iterator[str]:
    """Give a name that no other run has. The environment is what the Compose file's variables stand for.

    With the labels of the plugin's own containers, the stack goes with them where Compose's clean-up is not
    called: when its start fails, or is cut short.
    """
    labels = hullproof_container.sdk.labels
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("HULLPROOF_IMAGE", hullproof_image.id)
        environ.setenv("HULLPROOF_TOKEN", TOKEN)
        environ.setenv("HULLPROOF_RUN", labels["hullproof.run"])
        environ.setenv("HULLPROOF_OWNER", labels["hullproof.owner"])
        yield f"hullproof-{labels['hullproof.run']}"


@pytest.fixture(scope="session")
def docker_setup() -> str:
    """Start without Compose's own waiting, which takes the health check's word and says little when it fails."""
    return "up --detach --no-build"


@pytest.fixture(scope="session")
def docker_cleanup() -> str:
    """Take the volume along, and do not wait for a board whose time is over."""
    return "down --volumes --timeout 0"


@pytest.fixture(scope="session")
def board(docker_services: Services, docker_ip: str) -> Board:
    """Give the board that all tests share over HTTP: send it reports, but do not change how it runs."""
    host = f"[{docker_ip}]" if ":" in docker_ip else docker_ip
    board = Board(f"http://{host}:{docker_services.port_for('board', PORT)}")

    def answer() -> str:
        try:
            return str(board.get("/readyz").status_code)
        except requests.RequestException as error:
            return repr(error)

    wait_for("GET /readyz to answer", answer, "200", READY_DEADLINE_S)
    return board


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, with each test that fails on the shared board, what that has said last."""
    report = yield
    used = getattr(item, "funcargs", {})
    if report.failed and "docker_compose_project_name" in used:
        client: DockerClient = used["hullproof_container"].sdk.client
        label = f"com.docker.compose.project={used['docker_compose_project_name']}"
        for each in client.containers.list(all=True, filters={"label": label}):
            said = each.logs(tail=LOG_LINES).decode("utf-8", "replace")
            report.sections.append((f"container {each.name}: {each.status}", said))
    return report
