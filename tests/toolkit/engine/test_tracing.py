"""Steps are traced to their lines, also where BuildKit's names are those of another Dockerfile."""

import pytest

from hullproof.engine.tracing import LayerInstructions, Tracer, stage_of

DEPS = [
    (1, "FROM python:3.11-slim AS deps"),
    (2, "WORKDIR /app"),
    (3, "COPY requirements.txt ."),
    (4, "RUN pip install \\\n  -r requirements.txt"),
    (5, "RUN pip check"),
]
TEST = [(7, "FROM deps AS test"), (8, "COPY . ."), (9, "RUN <<EOT\nset -e\npytest\nEOT")]
INSTRUCTIONS = {"deps": DEPS, "test": TEST}

FETCHED = [
    "[deps 1/5] FROM docker.io/library/python:3.11-slim",
    "[deps 2/5] WORKDIR /app",
    "[deps 3/5] COPY requirements.txt .",
    "[deps 4/5] RUN pip install   -r requirements.txt",
    "[deps 5/5] RUN pip check",
]
STOOD_IN = [
    "[deps 1/5] WORKDIR /app",
    "[deps 2/5] COPY requirements.txt .",
    "[deps 3/5] RUN pip install   -r requirements.txt",
    "[deps 4/5] RUN pip check",
]
FOREIGN = [
    "[1/3] FROM docker.io/library/python:3.11-slim",
    "[2/3] WORKDIR /app",
    "[builder 7/9] COPY requirements.txt .",
    "[builder 8/9] RUN pip install   -r requirements.txt",
    "[deps 5/5] RUN pip check",
]
NUMBERED_AS_FETCHED = [
    "[1/5] FROM docker.io/library/python:3.11-slim",
    "[deps 2/5] WORKDIR /app",
    "[deps 3/5] COPY requirements.txt .",
    "[deps 4/5] RUN pip install   -r requirements.txt",
]


def tracer_of(instructions: LayerInstructions, names: list[str]) -> Tracer:
    """Let a tracer hear all names of one build."""
    tracer = Tracer(instructions)
    for name in names:
        tracer.hear(name, name)
    return tracer


def lines(names: list[str]) -> list[int | None]:
    """Trace all names of one build."""
    tracer = tracer_of(INSTRUCTIONS, names)
    return [tracer.trace(name)[0] for name in names]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (FETCHED, [1, 2, 3, 4, 5]),
        (STOOD_IN, [2, 3, 4, 5]),
        (FOREIGN, [None, 2, 3, 4, 5]),
        (NUMBERED_AS_FETCHED, [None, 2, 3, 4]),
    ],
    ids=[
        "the base is fetched",
        "the base is put under",
        "named by another build",
        "only the FROM is another's",
    ],
)
def test_every_step_finds_its_line(names: list[str], expected: list[int | None]) -> None:
    """Whatever is counted, and whoever gave the names."""
    assert lines(names) == expected


def test_a_padded_number_is_a_number() -> None:
    """BuildKit writes `[ 9/10]` in a stage without a name, so that the numbers of ten steps stand below each other."""
    names = [f"[{number:2}/10] RUN step {number}" for number in range(1, 11)]
    written = [(1, "FROM x"), *((number + 1, f"RUN step {number}") for number in range(1, 11))]
    tracer = tracer_of({"": written}, names)
    assert [tracer.trace(name)[0] for name in names] == list(range(2, 12))
    assert stage_of(names[0]) == ""


def test_heredocs_and_variables_are_known_by_their_place() -> None:
    """Of a heredoc only the first line is shown, and variables are replaced."""
    names = ["[test 1/2] COPY . .", "[test 2/2] RUN <<EOT (set -e...)"]
    assert lines(names) == [8, 9]
    tracer = tracer_of(
        {"": [(1, "FROM x"), (2, "WORKDIR ${HOME_OF_THE_APP}")]}, ["[1/2] FROM x", "[2/2] WORKDIR /srv/a"]
    )
    assert tracer.trace("[2/2] WORKDIR /srv/a")[0] == 2


def test_what_is_not_in_the_dockerfile_has_no_line() -> None:
    """No line is better than a wrong one: BuildKit's own steps, and two instructions that are alike."""
    assert lines(["[internal] load build context", "exporting to image", "[other 2/9] RUN make"]) == [
        None,
        None,
        None,
    ]
    twice = {"a": [(1, "FROM x"), (2, "RUN make")], "b": [(4, "FROM x"), (5, "RUN make")]}
    assert tracer_of(twice, ["[c 2/2] RUN make"]).trace("[c 2/2] RUN make")[0] is None


def test_the_stage_is_read_off_the_name() -> None:
    """In lower case, empty for the only one, none for BuildKit's own."""
    assert stage_of("[linux/amd64 Test  2/10] RUN x") == "test"
    assert stage_of("[2/3] RUN x") == ""
    assert stage_of("exporting to image") is None


def test_a_step_is_traced_anew_where_the_numbers_turn_out_to_be_others() -> None:
    """Names come bit by bit, and only some tell that the FROM is not counted: those before it move, too."""
    tracer = Tracer({"deps": [(1, "FROM x"), (2, "RUN make A"), (3, "RUN make B"), (4, "RUN make C")]})
    assert tracer.hear("one", "[deps 2/3] RUN make $") == ()
    assert tracer.trace("[deps 2/3] RUN make $")[0] == 2
    assert list(tracer.hear("two", "[deps 1/3] RUN make A")) == ["one", "two"]
    assert tracer.trace("[deps 2/3] RUN make $")[0] == 3
