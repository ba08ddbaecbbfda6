"""What is told of an image: configuration, history, and the Dockerfile's lines, from canned answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
from docker.errors import APIError, ImageNotFound
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from hullproof.engine.image import attach_lines, history_length, inspect_image, unpacked_size
from hullproof.engine.layers import read_files
from hullproof.errors import DeadlineError, EngineError
from hullproof.facts import FileFacts, HistoryEntry, ImageFacts, Layer

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
    assert (facts.id, facts.digest, facts.size_bytes) == ("sha256:id", "sha256:digest", 107)
    assert (facts.user, facts.workdir, facts.exposed) == ("1000", "", ("53/udp", "80/tcp"))
    assert (facts.command, facts.entrypoint, facts.env) == (("x",), (), {"A": "b=c", "B": ""})
    assert (facts.labels, facts.healthcheck, facts.stop_signal) == ({}, ("CMD", "true"), "SIGTERM")
    assert facts.platform == "linux/arm64/v8"


def test_the_containerd_store_tells_the_unpacked_size_in_the_history_only() -> None:
    """Its `Size` is of compressed content."""
    image = {**IMAGE, "Size": 30, "GraphDriver": {"Name": "overlayfs", "Data": None}}
    assert inspect_image(engine(image), "x", base_diff_ids=[]).size_bytes == 107
    assert unpacked_size(engine(image), "x") == 107


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


def test_a_history_that_is_not_there_has_no_length() -> None:
    """A base that only the builder has is not known to the engine."""
    assert history_length(engine(), "x") == 9
    assert history_length(engine(ImageNotFound("no")), "x") is None
    with pytest.raises(EngineError, match="could not be asked"):
        history_length(engine(APIError("no")), "x")


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


# --- lines -----------------------------------------------------------------------------------------


def lines(created_by: list[str], *instructions: str) -> list[int | None]:
    """Align entries with instructions that stand on lines 1, 2, ..."""
    history = tuple(HistoryEntry(words, empty_layer=False, from_base=False) for words in created_by)
    layers = tuple(Layer("x", from_base=False, entries=(), created_by=words) for words in created_by)
    given = [(at, text.split()[0], text) for at, text in enumerate(instructions, 1)]
    facts, image = attach_lines(FileFacts(layers), ImageFacts("x", 0, history=history), given)
    assert [layer.line for layer in facts.layers] == [entry.line for entry in image.history]
    return [entry.line for entry in image.history]


def test_each_entry_gets_the_line_that_made_it() -> None:
    """BuildKit's words are the Dockerfile's, without flags and with the shell in front."""
    made = [
        "ENV A=b",
        "WORKDIR /app/sub",
        "RUN |1 FOO=bar /bin/sh -c pip install . # buildkit",
        "COPY run.py /app/ # buildkit",
        "RUN |1 FOO=bar /bin/sh -c echo hello\n # buildkit",
        "EXPOSE map[5000/tcp:{}]",
        'CMD ["python" "run.py"]',
    ]
    assert lines(
        made,
        "env A=b",
        "WORKDIR sub",
        "RUN --mount=type=cache,target=/root/.cache \\\n # why\n pip install .",
        "COPY --chown=1:1 --from=test run.py /app/",
        "RUN <<EOF",
        "EXPOSE 5000",
        'CMD ["python", "run.py"]',
    ) == [1, 2, 3, 4, 5, 6, 7]


def test_what_no_instruction_made_has_no_line() -> None:
    """An ONBUILD of the base runs first, with words that the Dockerfile does not have."""
    made = [
        "COPY requirements.txt /tmp/",
        "RUN /bin/sh -c pip install -r x",
        "COPY app /app",
        "RUN /bin/sh -c make",
    ]
    assert lines(made, "COPY app /app", "RUN make") == [None, None, 1, 2]


def test_what_could_be_either_has_no_line() -> None:
    """Never a wrong line: two instructions say the same, and one entry is there."""
    assert lines(["WORKDIR /app"], "WORKDIR /app", "WORKDIR /app") == [None]
    assert lines(["RUN /bin/sh -c x", "RUN /bin/sh -c x"], "RUN x") == [None, None]
    assert lines(["RUN /bin/sh -c a", "COPY b c"], "COPY b c", "RUN a") == [None, None]
    assert lines(["WORKDIR /app", "WORKDIR /app"], "WORKDIR /app", "WORKDIR /app") == [1, 2]


def test_other_words_are_another_instruction() -> None:
    """The same keyword is not enough."""
    assert lines(["RUN /bin/sh -c true"], "RUN false") == [None]
    assert lines(["COPY a b"], "RUN a b") == [None]


def test_variables_are_replaced_in_the_history() -> None:
    """Where words cannot be compared, the place decides, as long as there is one only."""
    assert lines(["RUN /bin/sh -c a", "COPY x /srv"], "RUN a", "COPY $SRC $DST") == [1, 2]
    assert lines(["COPY x /srv"], "COPY $SRC $DST", "COPY $A $B") == [None]


def test_a_legacy_builder_s_words() -> None:
    """The classic builder hides the keyword in a comment of a shell command."""
    made = ["/bin/sh -c #(nop) COPY file:12 in /app/run.py ", "/bin/sh -c pip install flask"]
    assert lines(made, "COPY run.py /app/run.py", "RUN pip install flask") == [1, 2]


def test_nothing_to_align() -> None:
    """Squashed images and images without own layers."""
    assert lines([]) == []
    assert lines(["RUN /bin/sh -c x"]) == [None]
    squashed = FileFacts((Layer("x", from_base=False, entries=()),))
    facts, _ = attach_lines(squashed, ImageFacts("x", 0), [(1, "RUN", "RUN x")])
    assert facts.layers[0].line is None


def test_entries_of_the_base_and_empty_ones_make_no_layer() -> None:
    """Layers take the lines of those entries that made them."""
    history = (
        HistoryEntry("RUN /bin/sh -c a", empty_layer=False, from_base=True),
        HistoryEntry("ENV A=b", empty_layer=True, from_base=False),
        HistoryEntry("RUN /bin/sh -c a", empty_layer=False, from_base=False),
    )
    layers = tuple(
        Layer("x", from_base=of_base, entries=(), created_by="RUN /bin/sh -c a") for of_base in (True, False)
    )
    given = [(3, "ENV", "ENV A=b"), (4, "RUN", "RUN a")]
    facts, image = attach_lines(FileFacts(layers), ImageFacts("x", 0, history=history), given)
    assert [entry.line for entry in image.history] == [None, 3, 4]
    assert [layer.line for layer in facts.layers] == [None, 4]
