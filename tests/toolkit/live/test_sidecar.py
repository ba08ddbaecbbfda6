"""What a container is looked at from: an image that is known, with the right to read and no other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest

from hullproof.engine.connection import Engine
from hullproof.engine.container.sidecar import Helper
from hullproof.engine.image import KnownImage
from hullproof.engine.visit import VisitedContainer
from hullproof.errors import EngineError
from hullproof.host import helper as helpers
from hullproof.host.bases import Base, BaseSet, Origin
from hullproof.host.helper import OWN, provide_helper

from ..boots import Boots, Images

DOCKER_RUN = 0xA80425FB  # the capabilities of an ordinary container


# --- which image it is -------------------------------------------------------------------------------


def chosen(monkeypatch: pytest.MonkeyPatch, *bases: tuple[str, str | None, Origin]) -> Helper | str:
    """Choose among bases by reference, Python's version and origin; what else is asked for, the engine has."""
    versions = {reference: version for reference, version, _ in bases}

    def base(reference: str, origin: Origin = "present") -> Base:
        version = versions.get(reference)
        env = {"PYTHON_VERSION": version} if version else {}
        return Base(reference, reference, origin, KnownImage(f"id of {reference}", env=env))

    monkeypatch.setattr(helpers, "provide_bases", lambda _, asked, **__: BaseSet((base(asked[0]),)))
    given = BaseSet(tuple(base(reference, origin) for reference, _, origin in bases))
    return provide_helper(cast("Engine", None), given, say=lambda _: None)


@pytest.mark.parametrize(
    ("bases", "name"),
    [
        ([("python:3.12-slim", "3.12.4", "present")], "python:3.12-slim"),
        ([("docker.io/library/python:3.13", "3.13.0rc1", "pulled")], "docker.io/library/python:3.13"),
        ([("python:3.10-slim", "3.11.2", "stand-in")], "python:3.10-slim"),
        ([("debian:12", None, "present"), ("python:3.14", "3.14.0", "present")], "python:3.14"),
        ([("evil/python:3.12-slim", "3.12.4", "present")], "python:3-slim"),
        ([("evil.example/library/python:3.12", "3.12.4", "pulled")], "python:3-slim"),
        ([("python:3.9-slim", "3.9.1", "present")], "python:3-slim"),
        ([("debian:12", None, "stand-in")], "python:3-slim"),
        ([], "python:3-slim"),
    ],
)
def test_only_a_known_base_is_trusted(
    monkeypatch: pytest.MonkeyPatch, bases: list[tuple[str, str | None, Origin]], name: str
) -> None:
    """An official image of Python or a stand-in, new enough; a base that the project merely names is anybody's."""
    assert chosen(monkeypatch, *bases) == Helper(f"id of {name}", name)


def test_the_user_may_trust_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment, which the project does not set."""
    monkeypatch.setenv(OWN, "mirror.example/python")
    found = chosen(monkeypatch, ("python:3.12", "3.12.4", "present"))
    assert found == Helper("id of mirror.example/python", "mirror.example/python")


def test_without_an_image_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of the project's, so that it ends nothing."""

    def refuse(*_: object, **__: object) -> BaseSet:
        raise EngineError("python:3-slim is not there")

    monkeypatch.setattr(helpers, "provide_bases", refuse)
    nothing: Any = None
    said = provide_helper(nothing, BaseSet(()), say=lambda _: None)
    assert isinstance(said, str)
    assert "python:3-slim is not there" in said
    assert OWN in said


# --- what it may do, and what may be done to it ------------------------------------------------------


@pytest.fixture
def visit(boots: Boots) -> Callable[[str], VisitedContainer]:
    """Start containers."""
    return partial(boots.start, VisitedContainer)


LIAR = b"""#!/bin/sh
grep -hE '^(Uid|CapEff):' /proc/self/status >> /tmp/rights
case "$*" in *run.py*) exec /usr/bin/python3 "$@";; esac
echo '{"final": true, "ready": true, "ready_after_s": 0, "goal": "", "seen": "all is well", "processes": [],
 "listeners": [], "answers": []}' | tr -d '\\n'; echo
"""


@pytest.mark.engine
def test_a_python_of_the_images_that_lies_is_never_asked(
    images: Images, visit: Callable[[str], VisitedContainer]
) -> None:
    """It runs when the container runs it, with the rights of `docker run`; what is seen is what is there."""
    files = {"usr/local/bin/python3": LIAR, "app/run.py": b"import time; time.sleep(99)"}
    image = images.commit(files, "WORKDIR /app", 'CMD ["python3", "run.py"]', "USER 1234")
    with visit(image) as container:
        container._goal = container._goal.__class__(None, 1.0, 0.0, ("5000/tcp",))  # noqa: SLF001 - do not wait long
        facts = container.look()
        rights = container.read("/tmp/rights").decode().split("\n")
    assert (facts.ready, [each.cwd for each in facts.processes]) == (False, ["/app"])
    assert rights == ["Uid:\t1234\t1234\t1234\t1234", "CapEff:\t0000000000000000", ""]


NOSY = """
import glob, json, os, threading
def tried(path):
    try:
        os.stat(path) if path.endswith("/etc") else open(path, "rb").read(1)
    except PermissionError:
        return "refused"
    return "open"
def look():
    while True:
        time.sleep(0.1)
        for folder in glob.glob("/proc/[0-9]*"):
            if b"-I\\0-S" in open(folder + "/cmdline", "rb").read():
                status = dict(line.split(":\\t", 1) for line in open(folder + "/status").read().split("\\n") if line)
                tries = {name: tried(folder + "/" + name) for name in ("mem", "environ", "root/etc", "cwd/etc", "fd/1")}
                print(json.dumps([status, tries]), flush=True)
                return
threading.Thread(target=look, daemon=True).start()
serve()
"""


@pytest.mark.engine
def test_the_sidecar_may_read_and_nothing_else(
    images: Images, visit: Callable[[str], VisitedContainer]
) -> None:
    """As root, with one capability; and an application that runs as root cannot look into it."""
    with visit(images.python(NOSY)) as container:
        main = container.look().main
        deadline, said = time.monotonic() + 30, list[str]()
        while not said and time.monotonic() < deadline:
            said = [line for line in container.log().splitlines() if line.startswith("[{")]
            time.sleep(0.1)
        status, tries = json.loads(said[0])
    assert main is not None
    assert main.capabilities["CapEff"] == DOCKER_RUN
    ptrace, none = f"{1 << 19:016x}", f"{0:016x}"
    rights = {name: value for name, value in status.items() if name.startswith("Cap")}
    assert rights == {"CapPrm": ptrace, "CapEff": ptrace, "CapBnd": ptrace, "CapInh": none, "CapAmb": none}
    assert (status["Uid"].split()[0], status["NoNewPrivs"]) == ("0", "1")
    assert set(tries.values()) == {"refused"}


@pytest.mark.engine
def test_an_application_that_ends_the_sidecar_is_not_seen(
    images: Images, visit: Callable[[str], VisitedContainer]
) -> None:
    """What could not be looked at is no finding, and no error; it can be looked at again."""
    code = """
import os
while not [n for n in os.listdir("/proc") if n.isdigit() and n != "1"]: time.sleep(0.001)
os.kill(-1, signal.SIGKILL)
serve()"""
    with visit(images.python(code)) as container:
        facts = container.look()
        assert facts.unobservable
        assert (facts.died, facts.processes) == (False, ())
        assert container.look().ready
