"""The working directory: /app."""

from __future__ import annotations

from typing import Any

from hullproof.facts import ContainerFacts
from hullproof.pytest_plugin import Container


def test_pid_1_works_in_app(kernel: ContainerFacts) -> None:
    """As the kernel tells it, whatever the configuration says."""
    assert kernel.main is not None
    assert kernel.main.cwd == "/app"


def test_the_image_says_so_too(config: dict[str, Any]) -> None:
    """So that relative paths mean the same to every command that is run in a container of it."""
    assert config["WorkingDir"] == "/app"


def test_commands_start_there(hullproof_container: Container) -> None:
    """`docker exec` finds run.py without a path."""
    done = hullproof_container.exec("ls", "run.py")
    assert (done.exit_code, done.stdout) == (0, "run.py\n")
