"""What is told of an image: configuration and history, from canned answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
from docker.errors import APIError, ImageNotFound
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from hullproof.engine.image import KnownImage, find_image, inspect_image
from hullproof.engine.layers import read_files
from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

HISTORY = [
    ("/bin/sh -c #(nop) ADD file:1 in / ", 100),
    ('/bin/sh -c #(nop)  CMD ["bash"]', 0),
    ("RUN /bin/sh -c true # buildkit", 0),
    ('CMD ["python3"]', 0),
    ("ARG A=b", 0),
    ("WORKDIR /", 0),
    ("WORKDIR /app", 0),
    ("COPY . . # buildkit", 7),
    ("ENV A=b", 0),
]
IMAGE = {
    "Id": "sha256:id",
    "RepoDigests": ["x/y@sha256:digest"],
    "Size": 107,
    "GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/x"}},
    "RootFS": {"Layers": ["a", "b", "c", "d"]},
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
    "Config": {
        "User": "1000",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Env": ["A=b=c", "B="],
        "Cmd": ["x"],
        "Entrypoint": None,
        "Labels": None,
        "Healthcheck": {"Test": ["CMD", "true"]},
    },
}


def engine(image: object = IMAGE, history: list[tuple[str, int]] = HISTORY, **more: Any) -> Engine:  # noqa: ANN401
    """Stand in for an engine with canned answers; an exception is raised."""
    told = [{"CreatedBy": words, "Size": size} for words, size in reversed(history)]

    def answer(value: object) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    api = SimpleNamespace(
        inspect_image=lambda _: answer(image),
        history=lambda _: told,
        timeout=60,
        base_url="http+docker://localhost",
        api_version="1.45",
        **more,
    )
    return cast("Engine", SimpleNamespace(client=SimpleNamespace(api=api)))


def test_the_configuration() -> None:
    """Fields are in the engine's words, and what is not set is empty."""
    facts = inspect_image(engine(), "x", base_diff_ids=["a", "b"], base_history=4)
    assert (facts.id, facts.repo_digests) == ("sha256:id", ("x/y@sha256:digest",))
    assert (facts.user, facts.workdir, facts.exposed) == ("1000", "", ("53/udp", "80/tcp"))
    assert (facts.command, facts.entrypoint, facts.env) == (("x",), (), {"A": "b=c", "B": ""})
    assert (facts.labels, facts.healthcheck, facts.stop_signal) == ({}, ("CMD", "true"), "SIGTERM")
    assert facts.platform == "linux/arm64/v8"


@pytest.mark.parametrize(("base_history", "base"), [(4, 4), (None, 3), (2, 3), (99, 3)])
def test_the_base_is_told_from_the_project(base_history: int | None, base: int) -> None:
    """By the length of the base's history where it is known and fits, else by the base's layers."""
    facts = inspect_image(engine(), "x", base_diff_ids=["a", "b"], base_history=base_history)
    assert [entry.from_base for entry in facts.history] == [True] * base + [False] * (9 - base)
    made = [entry.created_by for entry in facts.history if not entry.empty_layer]
    assert made == [HISTORY[at][0] for at in (0, 2, 6, 7)]


def test_without_a_base_all_history_is_own() -> None:
    """FROM scratch: the first entry is the project's."""
    facts = inspect_image(engine(), "x", base_diff_ids=[])
    assert not any(entry.from_base for entry in facts.history)


def test_an_imported_base_has_one_entry_without_words() -> None:
    """`docker import` writes nothing but a size."""
    history = [("", 100), ("ENV A=b", 0), ("RUN /bin/sh -c x # buildkit", 0)]
    image = {**IMAGE, "RootFS": {"Layers": ["a", "b"]}}
    facts = inspect_image(engine(image, history), "x", base_diff_ids=["a"], base_history=1)
    assert [entry.from_base for entry in facts.history] == [True, False, False]
    assert [entry.empty_layer for entry in facts.history] == [False, True, False]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ImageNotFound("no"), EngineError, "image x is not in the engine"),
        (APIError("server\nerror"), EngineError, r"could not be asked about image x \(server error"),
        (requests.ConnectionError("gone"), EngineError, "gone"),
        (requests.ReadTimeout("slow"), DeadlineError, "within 60 s"),
    ],
)
def test_errors_are_one_line(error: Exception, kind: type[EngineError], words: str) -> None:
    """What the engine cannot tell ends in one clear line."""
    with pytest.raises(kind, match=words) as raised:
        inspect_image(engine(error), "x", base_diff_ids=[])
    assert "\n" not in str(raised.value)


def test_an_image_that_others_start_from() -> None:
    """None where the engine does not have it, as one that only the builder has."""
    known = find_image(engine(), "x")
    assert known == KnownImage(
        "sha256:id", ("a", "b", "c", "d"), 9, {"A": "b=c", "B": ""}, {}, ("x/y@sha256:digest",)
    )
    assert find_image(engine(ImageNotFound("no")), "x") is None
    with pytest.raises(EngineError, match="could not be asked"):
        find_image(engine(APIError("no")), "x")


def test_the_digest_that_a_registry_gave() -> None:
    """What the image is asked for by comes before what the engine knows."""
    known = KnownImage("sha256:id", repo_digests=("x/y@sha256:digest",))
    assert known.registry_digest("x/y:1") == "sha256:digest"
    assert known.registry_digest("x/y@sha256:asked") == "sha256:asked"
    assert KnownImage("sha256:id").registry_digest("x/y:1") is None


def response(status: int, *chunks: bytes, error: Exception | None = None) -> Any:  # noqa: ANN401 - a stand-in
    """Stand in for an answer that may break off."""
    parts = iter(chunks)

    def read(_: int) -> bytes:
        part = next(parts, b"")
        if error and not part:
            raise error
        return part

    closed: list[bool] = []
    return SimpleNamespace(
        status_code=status,
        text="no\nspace",
        raw=SimpleNamespace(read=read),
        close=lambda: closed.append(True),
        closed=closed,
    )


STALLED = ReadTimeoutError(cast("Any", None), "/images/x/get", "slow")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (response(404), EngineError, "image x is not in the engine"),
        (response(500), EngineError, "would not save image x: no space"),
        (response(200, error=requests.ConnectionError("reset")), EngineError, r"went away .* \(reset\)"),
        (response(200, b"\0", error=ProtocolError("cut")), EngineError, r"went away .* \(cut\)"),
        (response(200, error=ConnectionResetError("reset")), EngineError, "went away"),
        (response(200, error=requests.ReadTimeout("slow")), DeadlineError, "sent nothing of image x"),
        (response(200, b"\0", error=STALLED), DeadlineError, "sent nothing of image x"),
    ],
)
def test_an_engine_that_goes_away(answer: Any, kind: type[EngineError], words: str) -> None:  # noqa: ANN401
    """In the middle of the archive or before it: one line, and the connection is given back."""
    with pytest.raises(kind, match=words):
        read_files(engine(get=lambda *_, **__: answer), "x", base_diff_ids=[])
    assert answer.closed == [True]
