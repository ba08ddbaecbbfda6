"""The pytest plugin: fixtures for the built image and its containers, and a test item for each practice.

pytest loads this module wherever Hullproof is installed, so it imports nothing that only those who use it need.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hullproof.engine.model.container import Executed, Stopped
    from hullproof.pytest_plugin.container import Container, ContainerFiles, Files, Image
    from hullproof.pytest_plugin.workspace import Boot

__all__ = ["Boot", "Container", "ContainerFiles", "Executed", "Files", "Image", "Stopped"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class, or any attribute that there is not
    """Import what tests name in their annotations, when they do."""
    from importlib import import_module  # noqa: PLC0415 - rarely needed

    homes = {"Boot": "pytest_plugin.workspace", "Executed": "facts", "Stopped": "facts"}
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = homes.get(name, "pytest_plugin.container")
    return getattr(import_module(f"hullproof.{home}"), name)


# --- options -----------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own."""
    group = parser.getgroup("hullproof", "hullproof: a container image and its practices")
    add = group.addoption
    add("--hullproof", action="store_true", help="Collect a test for each practice of the project's image.")
    add("--hullproof-only", metavar="ID,...", help="The same for these practices only.")
    add("--hullproof-profile", metavar="NAME", help="The same for this set of practices, such as production.")
    add(
        "--hullproof-no-experiments",
        action="store_true",
        help="Leave out the practices that need rebuilds.",
    )
    add(
        "--hullproof-output",
        action="append",
        default=[],
        metavar="[FORMAT:]FILE",
        help="Write the report of the practices to this file, in the format named or that of its ending, as `hullproof "
        "prove --output` does. Repeatable.",
    )
    add(
        "--hullproof-project",
        metavar="PATH",
        help="The folder that holds the Dockerfile; default: pytest's rootdir.",
    )
    add(
        "--hullproof-build-arg",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="A build argument; wins over the configured ones. Repeatable.",
    )
    add(
        "--hullproof-offline",
        action="store_true",
        help="Boot without a network: nothing in a container is reached from outside then, nor reaches out.",
    )
    add(
        "--hullproof-secret",
        action="append",
        default=[],
        metavar="ID=PATH",
        help="A file, wherever it lies, for RUN --mount=type=secret; wins over the configured ones. Repeatable.",
    )
    add(
        "--hullproof-build-context",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="A folder, wherever it lies, that the Dockerfile names in COPY --from or FROM. Repeatable.",
    )
    add(
        "--hullproof-image",
        metavar="ID",
        help="Test this image, which the engine has, instead of building one; default: $HULLPROOF_IMAGE.",
    )
    add(
        "--hullproof-require-engine",
        action="store_true",
        help="Fail where there is no Docker engine; default: skip what needs one.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare to collect practices, where they were asked for."""
    config.addinivalue_line(
        "markers", "hullproof: a practice of the project's image, collected by --hullproof"
    )
    option = config.option
    asked = option.hullproof or option.hullproof_profile or option.hullproof_only is not None
    if asked or any(map(_names_dockerfile, config.args)):
        from hullproof.pytest_plugin.items import Practices  # noqa: PLC0415 - only those who prove need it

        config.pluginmanager.register(Practices(config), "hullproof-practices")
    if config.getoption("dist", "no") != "no":  # pytest-xdist's: this process only hears what its workers do
        from hullproof.pytest_plugin.reporting import Reporting  # noqa: PLC0415 - only those with workers need it

        Reporting.of(config)


def _names_dockerfile(argument: str) -> bool:
    """Whether an argument, such as `Dockerfile::test-gate`, asks for what is collected from a Dockerfile."""
    path = Path(argument.partition("::")[0])
    name = path.name.lower()
    named = ("dockerfile" in name or "containerfile" in name) and not name.endswith(".py")
    return named and not path.is_dir()  # a folder of tests may be called so


# --- fixtures ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def hullproof_image(pytestconfig: pytest.Config) -> Image:
    """The project's image, built once: `.id`, `.config`, `.files`. Nothing of it stays when pytest ends."""
    from hullproof.pytest_plugin.session import workspace_of  # noqa: PLC0415 - only those who use it need it

    return workspace_of(pytestconfig).image


@pytest.fixture(scope="session")
def hullproof_boot(
    pytestconfig: pytest.Config,
    hullproof_image: Image,  # noqa: ARG001 - a build that fails fails before the test
) -> Boot:
    """A function that boots more containers, in a way of one's own; use it in a `with` block.

    It takes `env`, `command`, `wait` and the options of the Docker SDK: `hullproof_boot(env={"DEBUG": "1"}, read_only=True)`.
    """
    from hullproof.pytest_plugin.session import workspace_of  # noqa: PLC0415 - only those who use it need it
    from hullproof.pytest_plugin.workspace import Boot  # noqa: PLC0415 - the same

    return Boot(workspace_of(pytestconfig))


@pytest.fixture(scope="session")
def hullproof_container(hullproof_boot: Boot) -> Iterator[Container]:
    """A container of the image, ready, for all tests to look at: `.base_url`, `.exec()`, `.facts`, `.files`, `.logs()`."""
    with hullproof_boot() as container:
        yield container


@pytest.fixture
def hullproof_fresh_container(hullproof_boot: Boot) -> Iterator[Container]:
    """A container of the image, ready, that is the test's own to `.stop()`, `.kill()` and break."""
    with hullproof_boot() as container:
        yield container
