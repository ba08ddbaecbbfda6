"""For how long a container is watched: until it has settled, and longer where it is asked whether it stays up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullproof.engine.boot import BootedContainer
from hullproof.facts import ContainerFacts

from ..boots import Boots, Images
from ..conftest import Command
from ..shop import APPLICATION, SMALL_DOCKERFILE

pytestmark = pytest.mark.engine

LONGEST_S = 30.0


def looked_at(boots: Boots, image: str) -> ContainerFacts:
    """Boot an image and watch it for as long as it takes."""
    with boots.start(BootedContainer, image) as container:
        return container.facts(watch_s=0.5, unsettled_s=LONGEST_S)


def test_a_server_that_waits_for_requests_has_settled(images: Images, boots: Boots) -> None:
    """It is not watched for longer than it takes to see that."""
    facts = looked_at(boots, images.python("serve()"))
    assert (facts.ready, facts.died, facts.stopped is not None) == (True, False, True)
    assert facts.watched_s < LONGEST_S


WORKS = """
import os, threading
threading.Timer(4, os._exit, [3]).start()
def work():
    while True:
        pass
threading.Thread(target=work, daemon=True).start()
serve()
"""
WAITS = "time.sleep(4)\nsys.exit(3)"


@pytest.mark.parametrize("code", [WORKS, WAITS], ids=["works", "listens nowhere"])
def test_what_has_not_settled_is_watched_on(images: Images, boots: Boots, code: str) -> None:
    """Its end is seen, though that comes long after the least that is watched."""
    facts = looked_at(boots, images.python(code))
    assert (facts.died, facts.exit_code) == (True, 3)


@pytest.mark.usefixtures("python_base")
def test_whether_it_stays_up_is_not_told_by_how_settled_it_seems(command: Command, tmp_path: Path) -> None:
    """Proven by itself, the practice that says so sees what it sees beside all others: an end that nothing announces."""
    (tmp_path / "Dockerfile").write_text(SMALL_DOCKERFILE)
    timer = "import os, threading\nthreading.Timer(4.5, os._exit, [1]).start()\n"
    (tmp_path / "run.py").write_text(timer + APPLICATION)
    _, out, _ = command("prove", str(tmp_path), "--only=default-command", "--format=json")
    (proof,) = json.loads(out)["proofs"]
    assert (proof["id"], proof["verdict"]) == ("default-command", "broken")
