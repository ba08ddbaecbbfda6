"""A board with reports of every kind on it, and a Chromium to look at it with."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

# The board is no installed package: it is run from where it lies, and so are its tests.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.pages.filled import Filled, fill
from tests.unit.process import Process

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
TOKEN = "a-made-up-token"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give this machine's Chromium. None is no reason to skip: what was not looked at is not known to be good."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.fail(
            f"none of {', '.join(CHROMIUMS)} is installed. `apt-get install chromium` brings one; "
            "without it, `./nox -s board` runs all other tests of the board",
            pytrace=False,
        )
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # root's Chromium starts in no other way
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Give a board without a report."""
    yield from _running(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Give a board to be filled."""
    yield from _running(tmp_path_factory.mktemp("filled"))


def _running(folder: Path) -> Iterator[Process]:
    board = Process(folder, TOKEN)
    try:
        yield board.wait_until_ready()
    finally:
        board.stop()


@pytest.fixture(scope="session")
def filled(running: Process, empty: Process, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Give a board with ordinary reports, and those that Hullproof's own tests take for the worst there can be."""
    return fill(running, empty, tmp_path_factory.mktemp("written"))
