"""An image's health check, from canned answers: what takes too long is told from an engine that is gone."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from hullproof.engine.container import health
from hullproof.engine.container.health import check_health
from hullproof.errors import EngineError

STALLED = ReadTimeoutError(cast("Any", None), "/", "timed out")


def api(*parts: bytes | Exception) -> Any:  # noqa: ANN401 - a stand-in for the SDK's client
    """Stand in for an engine that runs a check and sends these parts of its output, or fails so."""
    sent = iter(parts)

    def read(_size: int) -> bytes:
        part = next(sent, b"")
        if isinstance(part, Exception):
            raise part
        return part

    def post(*_: object, **__: object) -> object:
        if parts and isinstance(parts[0], requests.RequestException):
            raise parts[0]
        return nullcontext(SimpleNamespace(ok=True, raw=SimpleNamespace(read=read)))

    return SimpleNamespace(
        base_url="http+docker://localhost",
        api_version="1.45",
        timeout=60,
        post=post,
        inspect_container=lambda _: {"Config": {"Healthcheck": {"Test": ["CMD", "check"]}}, "State": {}},
        exec_create=lambda *_: {"Id": "x"},
        exec_inspect=lambda _: {"ExitCode": 0},
    )


@pytest.mark.parametrize("silence", [requests.ReadTimeout("slow"), STALLED])
def test_a_check_that_takes_too_long_has_no_exit_code(silence: Exception) -> None:
    """Before its first output or after."""
    checked = check_health(api(silence), "x", tries=1)
    assert checked is not None
    assert checked.exit_code is None


def test_a_check_that_is_late_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes a good one late; the clock alone says nothing of it."""
    monkeypatch.setattr(health, "PAUSE_S", 0.0)
    checked = check_health(api(STALLED, b"\x01\0\0\0\0\0\0\x02", b"ok"), "x")
    assert checked is not None
    assert (checked.exit_code, checked.tries) == (0, 2)


@pytest.mark.parametrize(
    "end", [requests.ConnectionError("reset"), ProtocolError("cut"), ConnectionResetError("reset")]
)
def test_an_engine_that_breaks_off_is_not_the_checks_slowness(end: Exception) -> None:
    """It says nothing about the image."""
    with pytest.raises(EngineError, match="went away while running the image's health check"):
        check_health(api(end), "x")


def test_a_check_that_succeeds() -> None:
    """Its output and its exit code."""
    checked = check_health(api(b"\x01\0\0\0\0\0\0\x02", b"ok"), "x")
    assert checked is not None
    assert (checked.exit_code, checked.output) == (0, "ok")
