"""BuildKit's stream, as buildx writes it: many shapes, traced to lines of the Dockerfile."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hullproof.engine.progress import LOG_LINE_LENGTH, LOG_LINES, Progress

TABLE = {"deps": [(1, "FROM x AS deps"), (2, "WORKDIR /a"), (4, "RUN pip install x")]}


def vertex(name: str, digest: str = "d1", **more: object) -> dict[str, Any]:
    """Make a vertex as BuildKit describes it."""
    return {"digest": digest, "name": name, **more}


def fed(progress: Progress, *objects: dict[str, Any], pretty: bool = False) -> Progress:
    """Feed objects as one line each, or over many lines as buildx 0.13 does."""
    for each in objects:
        for line in json.dumps(each, indent=2 if pretty else None).splitlines(keepends=True):
            progress.feed(line)
    return progress


@pytest.mark.parametrize("pretty", [False, True])
def test_both_shapes_of_the_stream(pretty: bool) -> None:  # noqa: FBT001 - a table
    """One object a line or pretty-printed over many: the same steps come out."""
    objects = [
        {"vertexes": [vertex("[deps 3/3] RUN pip install x"), vertex("[deps 1/3] FROM x", "d0")]},
        {"vertexes": [vertex("[deps 3/3] RUN pip install x", started="t", inputs=["d0"])]},
        {"logs": [{"vertex": "d1", "data": base64.b64encode(b'{ "a": [}\nhalf').decode()}]},
    ]
    run, start = fed(Progress(TABLE), *objects, pretty=pretty).steps()
    assert (run.line, run.stage, run.ran, run.completed) == (4, "deps", True, False)
    assert run.log == ('{ "a": [}', "half")
    assert (start.line, start.started) == (1, False)


def test_colours_are_no_part_of_what_a_step_says() -> None:
    """A runner that is told to colour writes a number's digits beside a letter."""
    data = base64.b64encode(
        b"E   assert \x1b[94m4711\x1b[39;49;00m == \x1b[94m1\x1b[0m\n\x1b[31m1 failed\x1b[0m"
    ).decode()
    progress = Progress(TABLE, keep=lambda line: " 4711 " in line)
    (step,) = fed(
        progress, {"vertexes": [vertex("[deps 3/3] RUN pytest")]}, {"logs": [{"vertex": "d1", "data": data}]}
    ).steps()
    assert step.log == ("E   assert 4711 == 1", "1 failed")
    assert step.kept == ("E   assert 4711 == 1",)


def test_cached_steps_did_not_run() -> None:
    """A cached vertex comes started and completed, too; it did not run."""
    (step,) = fed(
        Progress(TABLE),
        {"vertexes": [vertex("[deps 2/3] WORKDIR /a", cached=True, started="t", completed="t")]},
    ).steps()
    assert (step.cached, step.ran) == (True, False)


def test_from_is_counted_only_where_it_is_shown() -> None:
    """A stage on a named context, or on another stage, has no FROM among its steps."""
    (step,) = fed(Progress(TABLE), {"vertexes": [vertex("[deps 2/3] RUN pip install x")]}).steps()
    assert step.line == 4


def test_only_stage_over_a_named_context() -> None:
    """BuildKit calls an only, nameless stage `stage-0` as soon as a named context lies under it."""
    (step,) = fed(
        Progress({"": TABLE["deps"]}), {"vertexes": [vertex("[stage-0 2/3] RUN pip install x")]}
    ).steps()
    assert step.line == 4


def test_untraceable_steps_have_no_line() -> None:
    """A step whose keyword does not fit, or whose stage nobody knows, is traced to no line."""
    steps = fed(
        Progress(TABLE),
        {
            "vertexes": [
                vertex("[deps 1/3] COPY . .", "a"),
                vertex("[other 1/1] RUN x", "b"),
                vertex("[internal] load", "c"),
            ]
        },
    ).steps()
    assert [step.line for step in steps] == [None, None, None]


def test_platform_in_front_of_the_stage() -> None:
    """With several platforms, BuildKit puts the platform in front of the stage's name."""
    (step,) = fed(Progress(TABLE), {"vertexes": [vertex("[linux/arm64 deps 2/3] RUN pip install x")]}).steps()
    assert (step.stage, step.line) == ("deps", 4)


def test_flood_is_cut_to_its_end() -> None:
    """Of a step that floods its log, the last lines stay, and no line is endless."""
    data = base64.b64encode(
        b"\n".join(b"%d" % number for number in range(2000)) + b"\n" + b"x" * 10_000
    ).decode()
    (step,) = fed(
        Progress(), {"vertexes": [vertex("[1/1] RUN yes")]}, {"logs": [{"vertex": "d1", "data": data}]}
    ).steps()
    assert len(step.log) == LOG_LINES + 1
    assert step.log[-2] == "1999"
    assert len(step.log[-1]) == LOG_LINE_LENGTH


def test_text_after_the_objects_tells_of_the_failure() -> None:
    """The plain text at the end names the line, and the error in one line."""
    progress = fed(Progress(), {"vertexes": [vertex("[1/1] RUN x", error="exit code: 1")]}, pretty=True)
    for line in (
        "Dockerfile:7",
        "--------------------",
        'ERROR: failed to solve: process "x" did not complete: exit code: 1',
    ):
        assert progress.feed(line + "\n") is False
    assert progress.failed_line() == 7
    assert progress.error() == 'process "x" did not complete: exit code: 1'


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/bin/sh -c pytest", "`pytest` ended with exit code 1"),
        ("/bin/bash -eo pipefail -c make  test", "`make test` ended with exit code 1"),
        ("python -m pytest", "`python -m pytest` ended with exit code 1"),
        ("/bin/sh -c " + "x" * 99, f"`{'x' * 59}…` ended with exit code 1"),
    ],
)
def test_a_command_that_failed_is_told_in_few_words(command: str, said: str) -> None:
    """BuildKit repeats a command as a whole, a page of it where need be."""
    progress = Progress()
    progress.feed(f'ERROR: failed to solve: process "{command}" did not complete successfully: exit code: 1')
    assert progress.error() == said


def test_a_line_that_only_begins_like_an_object_is_text() -> None:
    """What buildx says for itself ends nothing, whatever it begins with."""
    progress = fed(Progress(TABLE), {"vertexes": [vertex("[deps 1/3] FROM x")]})
    assert not progress.feed("{no object}\n")
    assert progress.text[-1] == "{no object}"
    assert fed(progress, {"vertexes": [vertex("[deps 3/3] RUN pip install x", "d2")]}).steps()[-1].line == 4
