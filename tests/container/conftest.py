"""The image under test, the board that the tests share, and boards of their own for tests that break them.

All that is made here carries the labels of one run and goes with it, however the run ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from docker import DockerClient
from docker.errors import DockerException, ImageNotFound, NotFound
from docker.models.images import Image
from pytest_docker.plugin import Services

from hullproof.engine.connection import Engine
from hullproof.engine.endpoint import find_endpoint
from hullproof.errors import EngineError
from hullproof.lifecycle import Run, unwind_on_signals

from .board import PORT, TOKEN, Board, File, Kernel, last_words

Boot = Callable[..., Board]

HERE = Path(__file__).parent
NO_ENGINE = 3
IMAGE = "HULLPROOF_IMAGE"

_lab = pytest.StashKey[tuple[Engine, Run]]()


# --- what has to be there ------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder, so that `-m "not engine"` leaves them out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("engine")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say at once, and once, that there is no image to test."""
    is_asked = any(HERE in item.path.parents for item in session.items)
    if is_asked and not session.config.option.collectonly and not os.environ.get(IMAGE):
        raise pytest.UsageError(
            f"{IMAGE} is not set: it must be the id of the image to test. "
            "`./nox -s container` builds the image and sets it"
        )


@pytest.fixture(scope="session")
def lab(pytestconfig: pytest.Config) -> Iterator[tuple[Engine, Run]]:
    """Connect to the engine, and give a run that takes everything with it when it ends."""
    unwind_on_signals()
    with ExitStack() as stack:
        # A second Ctrl-C ends pytest's own tear-down; this is done even so. Closing twice does nothing.
        pytestconfig.add_cleanup(stack.close)
        try:
            engine = Engine.connect()
        except EngineError as error:
            pytest.exit(str(error), returncode=NO_ENGINE)
        stack.callback(engine.close)
        run = stack.enter_context(Run())
        run.uses(engine)
        pytestconfig.stash[_lab] = engine, run
        yield engine, run


@pytest.fixture(scope="session")
def client(lab: tuple[Engine, Run]) -> DockerClient:
    """Give the connection to the engine."""
    return lab[0].client


@pytest.fixture(scope="session")
def labels(lab: tuple[Engine, Run]) -> dict[str, str]:
    """Give the labels of all that this run makes."""
    return dict(lab[1].labels)


@pytest.fixture(scope="session")
def image(client: DockerClient) -> Image:
    """Give the release image."""
    try:
        return client.images.get(os.environ[IMAGE])
    except ImageNotFound:
        pytest.exit(
            f"{IMAGE} is {os.environ[IMAGE]!r}, which the engine does not have: `./nox -s container` builds it",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


@pytest.fixture(scope="session")
def config(image: Image) -> dict[str, Any]:
    """Give what the image's configuration says."""
    found: dict[str, Any] = image.attrs["Config"]
    return found


# --- the shared board, which pytest-docker starts --------------------------------------------------------------


@pytest.fixture(scope="session")
def docker_ip() -> str:
    """Give the address where the engine publishes ports: its own, which need not be this machine's."""
    endpoint = find_endpoint()
    return "127.0.0.1" if endpoint.socket else urlsplit(endpoint.host).hostname or "127.0.0.1"


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    """Give the shared board's description."""
    return str(HERE / "compose.yml")


@pytest.fixture(scope="session")
def docker_compose_project_name(
    lab: tuple[Engine, Run], labels: dict[str, str], image: Image
) -> Iterator[str]:
    """Give a name that no other run has. The environment is what the Compose file's variables stand for.

    Compose's own clean-up is not called when its start fails, or is cut short; `lab` is there for that.
    """
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv(IMAGE, str(image.id))
        environ.setenv("HULLPROOF_TOKEN", TOKEN)
        environ.setenv("HULLPROOF_RUN", labels["hullproof.run"])
        environ.setenv("HULLPROOF_OWNER", labels["hullproof.owner"])
        yield f"hullproof-{lab[1].id}"


@pytest.fixture(scope="session")
def docker_setup() -> str:
    """Start without Compose's own waiting, which takes the health check's word and says little when it fails."""
    return "up --detach --no-build"


@pytest.fixture(scope="session")
def docker_cleanup() -> str:
    """Take the volume along, and do not wait for a board whose time is over."""
    return "down --volumes --timeout 0"


@pytest.fixture(scope="session")
def board(
    request: pytest.FixtureRequest, docker_compose_project_name: str, docker_ip: str, client: DockerClient
) -> Iterator[Board]:
    """Give the board that all tests share: look at it, send it reports, but do not change how it runs.

    An image that does not start at all is said once, instead of by every test in its own words.
    """
    try:
        services: Services = request.getfixturevalue("docker_services")
    except Exception as error:  # noqa: BLE001 - pytest-docker raises no narrower one
        pytest.exit(f"the image does not start: {error}", returncode=pytest.ExitCode.TESTS_FAILED)
    label = f"com.docker.compose.project={docker_compose_project_name}"
    (container,) = client.containers.list(all=True, filters={"label": label})
    board = Board(container, docker_ip)
    with board.http:
        try:
            if board.state["Status"] == "running":
                board.port = services.port_for("board", PORT)
            board.wait_until_ready()
        except pytest.fail.Exception as failure:
            pytest.exit(f"the image does not work: {failure}", returncode=pytest.ExitCode.TESTS_FAILED)
        yield board


@pytest.fixture(scope="session")
def kernel(board: Board) -> Kernel:
    """Give what the kernel says inside the shared board."""
    return board.kernel()


@pytest.fixture(scope="session")
def files(board: Board) -> list[File]:
    """Give all files of the shared board's file system."""
    return board.files()


# --- boards of a test's own --------------------------------------------------------------------------------------


@pytest.fixture
def boot(client: DockerClient, image: Image, labels: dict[str, str], board: Board) -> Iterator[Boot]:
    """Start boards that are the test's to stop and break. Options are those of `docker run`, in the SDK's words.

    The shared one comes first: where that does not work, none of these needs to be waited for.
    """
    with _boots(client, image, labels, board.host) as start:
        yield start


@pytest.fixture(scope="module")
def boot_for_file(client: DockerClient, image: Image, labels: dict[str, str], board: Board) -> Iterator[Boot]:
    """Start boards, as `boot` does, that last for all tests of a file."""
    with _boots(client, image, labels, board.host) as start:
        yield start


@contextmanager
def _boots(client: DockerClient, image: Image, labels: dict[str, str], host: str) -> Iterator[Boot]:
    with ExitStack() as stack:

        def start(*, is_awaited: bool = True, **options: Any) -> Board:  # noqa: ANN401 - the SDK's, of any type
            options.setdefault("environment", {"BOARD_TOKEN": TOKEN})
            container = client.containers.create(image, labels=labels, ports={f"{PORT}/tcp": None}, **options)
            stack.callback(_remove, client, str(container.id))
            container.start()
            board = Board(container, host)
            stack.enter_context(board.http)
            return board.wait_until_ready() if is_awaited else board

        yield start


def _remove(client: DockerClient, container_id: str) -> None:
    try:
        client.containers.get(container_id).remove(force=True, v=True)
    except NotFound:
        return


# --- what a failure shows ------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, with each test that fails, what the containers that it had said last."""
    report = yield
    if report.failed and HERE in item.path.parents and _lab in item.config.stash:
        engine, run = item.config.stash[_lab]
        try:
            containers = engine.client.containers.list(all=True, filters={"label": f"hullproof.run={run.id}"})
            report.sections += [(f"container {each.name}", last_words(each)) for each in containers]
        except DockerException as error:
            report.sections.append(("containers", f"the engine does not tell: {error}"))
    return report
