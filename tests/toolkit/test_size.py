"""Size: time grows with the input and no faster, and limits say what they are."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hullproof.dockerfile import (
    contract,
    expand,
    install_commands,
    mentions_of_secrets,
    parse,
    test_commands,
)
from hullproof.dockerfile.shell import read
from hullproof.engine.progress import Progress
from hullproof.errors import UsageError
from hullproof.events import Steps
from hullproof.runner.progress import Lines
from hullproof.secrets import setting_in, token_shape

TIMES = 4
MOST_CALLS, MOST_TIME = TIMES * 1.5, TIMES * 2.5
"""What is linear takes four times as long for four times as much, what is quadratic sixteen times."""

DOCKERFILES: dict[str, Callable[[int], str]] = {
    "stages in a chain": lambda n: "FROM x AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\nENV S{i}=$S{i - 1}\n" for i in range(n)),
    "stages that take from each other": lambda n: (
        "FROM x AS s0\n" + "".join(f"FROM x AS s{i + 1}\nCOPY --from=s{i} /a{i} /b\n" for i in range(n))
    ),
    "stages beside each other": lambda n: (
        "FROM x AS s0\n" + "".join(f"ENV A{i}=a\n" for i in range(n)) + "".join(f"FROM s0\nENV A=$A{i}\n" for i in range(n))
    ),
    "lines of ENV": lambda n: "FROM x\n" + "".join(f"ENV E{i}=value:$E0\n" for i in range(n)),
    "arguments": lambda n: "".join(f"ARG G{i}={i}\n" for i in range(n)) + "FROM x\n" + "".join(f"ARG G{i}\n" for i in range(n)),
    "possible secrets": lambda n: "FROM x\n" + "".join(f"ARG TOKEN_{i}\nLABEL a{i}=$TOKEN_{i}\n" for i in range(n)),
    "lines of RUN": lambda n: "FROM x\n" + "".join(f"RUN pip install x{i} && pytest t{i}\n" for i in range(n)),
    "a long RUN": lambda n: "FROM x\nRUN a" + "".join(f" && \\\n    b{i}" for i in range(n)) + "\n",
    "documents": lambda n: "FROM x\nRUN <<A\n" + "a b\n" * n + "A\n" + "COPY <<B /b\nb\nB\n" * n,
    "words": lambda n: "FROM x\nLABEL " + " ".join(f'a{i}="b c"' for i in range(n)) + "\nCOPY " + "a " * n + "/b\n",
    "lines that a child runs": lambda n: "FROM x AS a\n" + "ONBUILD RUN pytest\n" * n + "FROM a\n",
    "directories": lambda n: "FROM x\n" + "WORKDIR /a\nWORKDIR b\n" * n,
}  # fmt: skip

SCRIPTS = {
    "commands": "a; b\n",
    "exits": "rc=$?; exit $rc\n",
    "background": "a &\n",
    "conditions": "if a; then b; elif c; then d; fi\n",
    "joined": "a || b\n",
    "wrappers": "sudo -u a env B=c timeout -k 5 60 d\n",
    "words": "a \\\n",
    "substitutions": 'a "$(b)"\n',
    "nonsense": "a ) 'b\n",
}


Work = Callable[[], object]


def calls(work: Work) -> int:
    """Count what a piece of work calls, which is the same each time."""
    count = 0

    def note(*_: Any) -> None:  # noqa: ANN401 - a frame and what goes with its event
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def seconds(work: Work) -> float:
    """Measure the processor time of a piece of work; what else goes on here comes upon it, too."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def assert_linear(prepare: Callable[[int], Work], size: int) -> None:
    """Do something for a size, and for four times as much."""
    few, many = (calls(prepare(each)) for each in (size, size * TIMES))
    assert many < few * MOST_CALLS
    short, long = (min(seconds(prepare(each)) for _ in range(3)) for each in (size, size * TIMES))
    assert long < max(short, 0.02) * MOST_TIME


def understand(text: str) -> None:
    """Ask all that there is to know of a Dockerfile."""
    dockerfile = parse(text)
    release = dockerfile.release()
    assert dockerfile.needed(release)[-1] == release
    dockerfile.external_images(release)
    dockerfile.base_image(release)
    contract(dockerfile, release)
    mentions_of_secrets(dockerfile)
    mentions_of_secrets(dockerfile, release)
    for instruction in dockerfile.chain(release):
        test_commands(instruction)
        install_commands(instruction)


@pytest.mark.slow
@pytest.mark.parametrize("shape", DOCKERFILES)
def test_a_dockerfile_is_understood_in_linear_time(shape: str) -> None:
    """However long its chains are, and however many variables there are."""

    def prepare(size: int) -> Work:
        text = DOCKERFILES[shape](size)
        return lambda: understand(text)

    assert_linear(prepare, 100)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SCRIPTS)
def test_a_script_is_read_in_linear_time(shape: str) -> None:
    """However many statements follow, and however many words they have."""
    assert_linear(lambda size: lambda: read(SCRIPTS[shape] * size), 150)


def follow(stages: int, *, at_once: bool) -> Work:
    """Follow a build of so many stages, as BuildKit tells of it: each step named, begun and done, or all in one go."""
    instructions = {
        f"s{i}": [(2 * i, f"FROM x AS s{i}"), (2 * i + 1, f"RUN make {i}")] for i in range(stages)
    }
    named = [{"digest": f"d{i}", "name": f"[s{i} 2/2] RUN make {i}"} for i in range(stages)]
    told = [
        {"vertexes": [{**each, **more}]}
        for each in named
        for more in ({}, {"started": "1"}, {"completed": "2"})
    ]
    lines = [
        line
        for each in ([{"vertexes": named}] if at_once else told)
        for line in json.dumps(each, indent=1).splitlines()
    ]

    def work() -> None:
        progress, said = Progress(instructions), Steps(Lines(lambda _line: None))
        for line in lines:
            if progress.feed(line):
                said(progress.changed())
        assert all(step.line == 2 * i + 1 for i, step in enumerate(progress.steps()))

    return work


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [False, True])
def test_a_build_is_followed_in_linear_time(*, at_once: bool) -> None:
    """However many stages it has, and however BuildKit tells of them."""
    assert_linear(partial(follow, at_once=at_once), 150)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("FROM x\nENV A=lol\n" + "ENV A=$A$A\n" * 40, r"Dockerfile:18: .* more than 131,072 characters, the most"),
        ("ARG A=lol\n" + "ARG A=$A$A\n" * 40 + "FROM x$A\n", r"Dockerfile:17: .* more than 131,072 characters"),
        ("FROM x\nENV A=lol\n" + "ENV A=$A$A\n" * 10 + "LABEL a=" + "$A" * 50, r"Dockerfile:13: .* 131,072 characters"),
        (
            "FROM x\nENV A=lol\n" + "ENV A=$A$A\n" * 15 + "".join(f"ENV B{i}={i}$A\n" for i in range(1000)),
            r"Dockerfile:\d+: .* more than 64 million characters, the most",
        ),
        ("FROM x\nENV A=" + "${A:-" * 200 + "}" * 200, "Dockerfile:2: variables are nested more than 100 deep"),
        (
            "FROM x AS a\n" + "ONBUILD RUN a\n" * 200 + "FROM a\n" * 60,
            r"Dockerfile:252: ONBUILD lines bring more than 10,000 instructions",
        ),
    ],
)  # fmt: skip
def test_what_grows_beyond_all_measure_is_refused(text: str, refusal: str) -> None:
    """Few lines can ask for more than any machine has: there are limits, and the line that passes one is named."""
    with pytest.raises(UsageError, match=refusal):
        _ = parse(text).resolved().places


HOSTILE: dict[str, Callable[[int], object]] = {
    "names": lambda n: token_shape("a.b-" * n),
    "tokens": lambda n: token_shape("eyJ-" * n),
    "addresses": lambda n: token_shape("://a:b" * n),
    "settings": lambda n: setting_in("/app/a.ini", "a=b" + " " * n * 4 + "x"),
    "directives": lambda n: parse("# syntax = a" + " " * n * 4 + "x\nFROM x\n"),
    "tasks": lambda n: test_commands(parse(f"FROM x\nRUN make {'_' * n}x\n").release().instructions[0]),
    "more tasks": lambda n: test_commands(
        parse(f"FROM x\nRUN make {'test-' * n}=\n").release().instructions[0]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_keeps_an_expression_busy(text: str) -> None:
    """While one is matched, no signal is heard: each is done with any text in linear time."""
    assert_linear(lambda size: partial(HOSTILE[text], size), 2_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    "word", ["${A#*a*a*a*b}", "${A%%*a*a*a*b}", "${A//*a*a*a*b/c}", "${A//a/b}", "${A/?*?*?c/}"]
)
def test_patterns_are_matched_in_linear_time(word: str) -> None:
    """A pattern with several stars is tried but once."""

    def prepare(size: int) -> Work:
        values = {"A": "a" * size}
        return lambda: expand(word, values)

    assert_linear(prepare, 20_000)
