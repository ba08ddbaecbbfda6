"""The working directory: /app."""

from __future__ import annotations

from typing import Any

from .board import Board, Kernel


def test_pid_1_works_in_app(kernel: Kernel) -> None:
    """As the kernel tells it, whatever the configuration says."""
    assert kernel.pid_1.cwd == "/app"


def test_the_image_says_so_too(config: dict[str, Any]) -> None:
    """So that relative paths mean the same to every command that is run in a container of it."""
    assert config["WorkingDir"] == "/app"


def test_commands_start_there(board: Board) -> None:
    """`docker exec` finds run.py without a path."""
    assert board.run("ls", "run.py") == (0, "run.py\n")
