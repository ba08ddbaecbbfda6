"""Which line of the Dockerfile an entry of the history, and a layer, is of."""

from __future__ import annotations

import time

import pytest

from hullproof.dockerfile import Release, parse
from hullproof.engine.history import layers_with_lines, with_lines
from hullproof.facts import FileFacts, HistoryEntry, ImageFacts, Layer

BASE = HistoryEntry('CMD ["python3"]', empty_layer=True, from_base=True)


def lines(
    created_by: list[str], *instructions: str, base: tuple[HistoryEntry, ...] = (BASE,)
) -> list[int | None]:
    """Give entries their lines, of instructions that stand on lines 2, 3, ...; layers have the same."""
    dockerfile = parse("\n".join(["FROM base", *instructions]))
    own = (HistoryEntry(words, empty_layer=False, from_base=False) for words in created_by)
    history = with_lines((*base, *own), Release(dockerfile, dockerfile.stages[-1]).chain)
    assert history[: len(base)] == base
    layers = tuple(Layer("x", from_base=False, entries=(), created_by=words) for words in created_by)
    files = layers_with_lines(FileFacts(layers), ImageFacts("x", history=history))
    assert [layer.line for layer in files.layers] == [entry.line for entry in history[len(base) :]]
    return [entry.line for entry in history[len(base) :]]


def test_each_entry_gets_the_line_that_made_it() -> None:
    """BuildKit's words are the Dockerfile's, without some flags and with the shell in front; it writes one for each."""
    made = [
        "ARG TOKEN=abc",
        "ENV A=b C=d e",
        "ENV OLD=value",
        "LABEL x=y",
        "SHELL [/bin/bash -o pipefail -c]",
        "WORKDIR /app/sub",
        "RUN |1 TOKEN=abc /bin/bash -o pipefail -c pip install . # buildkit",
        "COPY --chmod=755 run.py /app/ # buildkit",
        "RUN |1 TOKEN=abc /bin/bash -o pipefail -c echo hello\n # buildkit",
        "VOLUME [/data]",
        "EXPOSE map[80/tcp:{} 81/udp:{}]",
        'HEALTHCHECK &{["CMD-SHELL" "true"] "5s" "0s" "0s" "0s" \'\\x00\'}',
        'CMD ["python" "run.py"]',
    ]
    written = [
        "ARG TOKEN=abc",
        'env A=b C="d e"',
        "ENV OLD value",
        'LABEL "x"="y"',
        "ONBUILD RUN later",
        'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
        "WORKDIR sub",
        "RUN --mount=type=cache,target=/root/.cache \\\n # why\n pip install .",
        "COPY --chown=1:1 --chmod=755 run.py /app/",
        "RUN <<EOF\necho hello\nEOF",
        "VOLUME /data",
        "EXPOSE 80 81/udp",
        "HEALTHCHECK --interval=5s CMD true",
        'CMD ["python", "run.py"]',
    ]
    assert lines(made, *written) == [2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 18, 19]


def test_what_no_instruction_made_has_no_line() -> None:
    """An ONBUILD of the base runs first, with words that the Dockerfile does not have, or has again."""
    made = ["COPY . /tmp/", "RUN /bin/sh -c make", "COPY . /app", "RUN /bin/sh -c make"]
    assert lines(made, "COPY . /app", "RUN make") == [None, None, 2, 3]


def test_what_a_stage_below_brings_has_the_line_where_it_stands() -> None:
    """In a chain of stages, with what ONBUILD lines of the same file add."""
    made = ["ENV A=b", "RUN /bin/sh -c echo trigger # buildkit", "ENV C=d"]
    dockerfile = parse("FROM base AS a\nENV A=b\nONBUILD RUN echo trigger\nFROM a\nENV C=d")
    history = tuple(HistoryEntry(words, empty_layer=False, from_base=False) for words in made)
    told = with_lines(history, Release(dockerfile, dockerfile.stages[-1]).chain)
    assert [entry.line for entry in told] == [2, 3, 5]


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (["WORKDIR /app"], ["WORKDIR /app", "WORKDIR /app"]),
        (["RUN /bin/sh -c a", "COPY b c"], ["COPY b c", "RUN a"]),
        (["COPY x /srv"], ["COPY $SRC $DST", "COPY $A $B"]),
        (["RUN /bin/sh -c true"], ["RUN false"]),
        (["COPY a b"], ["RUN a b"]),
        ([""], ["RUN x"]),
        (["RUN /bin/sh -c x"], []),
    ],
)
def test_what_another_file_made_has_no_line(made: list[str], written: list[str]) -> None:
    """Never a wrong line: other words, another kind, fewer than there are."""
    assert lines(made, *written) == [None] * len(made)


def test_variables_are_replaced_in_the_history() -> None:
    """Where words cannot be compared, the place decides."""
    assert lines(["RUN /bin/sh -c a", "COPY x /srv"], "RUN a", "COPY $SRC $DST") == [2, 3]
    assert lines(["RUN /bin/sh -c a", "RUN /bin/sh -c a"], "RUN a", "RUN a") == [2, 3]


def test_a_legacy_builder_s_words() -> None:
    """The classic builder hides the keyword in a comment of a shell command."""
    made = ["/bin/sh -c #(nop) COPY file:12 in /app/run.py ", "/bin/sh -c pip install flask"]
    assert lines(made, "COPY run.py /app/run.py", "RUN pip install flask") == [2, 3]


def test_layers_take_the_lines_of_the_entries_that_made_them() -> None:
    """Those of the base and empty ones make none; a squashed image's layer has no entry of its own."""
    history = (
        HistoryEntry("RUN /bin/sh -c a", empty_layer=False, from_base=True),
        HistoryEntry("ENV A=b", empty_layer=True, from_base=False, line=3),
        HistoryEntry("RUN /bin/sh -c a", empty_layer=False, from_base=False, line=4),
    )
    layers = tuple(
        Layer("x", from_base=of_base, entries=(), created_by="RUN /bin/sh -c a") for of_base in (True, False)
    )
    image = ImageFacts("x", history=history)
    assert [layer.line for layer in layers_with_lines(FileFacts(layers), image).layers] == [None, 4]
    squashed = FileFacts((Layer("x", from_base=False, entries=()),))
    assert layers_with_lines(squashed, image).layers[0].line is None


def test_the_time_is_linear_in_the_entries() -> None:
    """However many there are, and whatever they say."""
    many = 10_000
    started = time.process_time()
    written = [f"ENV A{n}=b{n}" for n in range(many)]
    assert lines([f"ENV A{n}=b{n}" for n in range(many)], *written) == [*range(2, many + 2)]
    assert lines([f"RUN /bin/sh -c {n}" for n in range(10 * many)], *written) == [None] * 10 * many
    assert time.process_time() - started < 20
