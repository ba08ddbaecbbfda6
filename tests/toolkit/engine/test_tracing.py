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


def test_a_workdir_that_is_the_root_makes_no_step() -> None:
    """BuildKit counts it in the total, and in no number: what comes after it keeps its line."""
    written = [
        (1, "FROM python:3.11-slim AS test"),
        (2, "WORKDIR /"),
        (3, "COPY requirements.txt ./"),
        (4, "RUN pip install -r requirements.txt"),
        (5, 'WORKDIR "/srv/.."'),
        (6, "RUN pip install -r requirements.txt"),
    ]
    names = [
        "[test 1/6] COPY requirements.txt ./",
        "[test 2/6] RUN pip install -r requirements.txt",
        "[test 3/6] RUN pip install -r requirements.txt",
    ]
    tracer = tracer_of({"test": written}, names)
    assert [tracer.trace(name)[0] for name in names] == [3, 4, 6]


def test_a_workdir_that_may_be_the_root_leaves_the_rest_to_their_texts() -> None:
    """Its variables may lead there or not; what cannot be told apart then has no line."""
    written = [
        (1, "FROM x"),
        (2, "WORKDIR $TOP"),
        (3, "RUN make"),
        (4, "RUN check"),
        (5, "COPY a ."),
        (6, "COPY a ."),
    ]
    skipped = ["[1/6] FROM x", "[2/6] RUN make", "[3/6] RUN check", "[4/6] COPY a .", "[5/6] COPY a ."]
    tracer = tracer_of({"": written}, skipped)
    assert [tracer.trace(name)[0] for name in skipped] == [1, 3, 4, None, 6]
    made = ["[1/6] FROM x", "[2/6] WORKDIR /srv", "[3/6] RUN make", "[4/6] RUN check"]
    tracer = tracer_of({"": written}, made)
    assert [tracer.trace(name)[0] for name in made] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("COPY --from=$STAGE /a ${TARGET:-/b}/", "COPY --from=deps /a /srv/"),
        ('RUN echo "$HOME" && \\\n    # why\n    make', "RUN echo /root &&     make"),
        ("copy a .", "COPY a ."),
    ],
)
def test_a_step_is_what_its_text_can_be(written: str, shown: str) -> None:
    """With variables filled in, quotes and comments gone, in any case."""
    tracer = Tracer({"": [(1, "FROM x"), (2, written)]})
    assert tracer.trace(f"[2/2] {shown}")[0] == 2
    assert tracer.trace(f"[2/2] {shown} more")[0] is None


def test_a_step_is_traced_anew_where_the_numbers_turn_out_to_be_others() -> None:
    """Names come bit by bit, and only some tell that the FROM is not counted: those before it move, too."""
    tracer = Tracer({"deps": [(1, "FROM x"), (2, "RUN make $A"), (3, "RUN make $B"), (4, "RUN make C")]})
    assert tracer.hear("one", "[deps 2/3] RUN make it") == ()
    assert tracer.trace("[deps 2/3] RUN make it")[0] == 2
    assert list(tracer.hear("two", "[deps 3/3] RUN make C")) == ["one", "two"]
    assert tracer.trace("[deps 2/3] RUN make it")[0] == 3
