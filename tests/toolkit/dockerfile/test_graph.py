"""Which stages and images a build needs, and what variables come to."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import Release, expand, parse
from hullproof.errors import UsageError

CHAIN = """\
ARG V=3.11
ARG BASE=deps
FROM --platform=$BUILDPLATFORM registry:5000/python:${V}-slim@sha256:aa AS deps
RUN 0
FROM ${BASE} AS test
RUN 1
FROM scratch AS unused
FROM Deps AS release
COPY --from=1 a b
RUN --mount=from=ghcr.io/x/y:1,target=/y 2
COPY --from=busybox ["a", "b"]
"""


def test_needed_follows_from_copy_and_mounts() -> None:
    """A stage that nothing refers to is not built."""
    read = parse(CHAIN)
    assert [stage.name for stage in read.needed(read.release())] == ["deps", "test", "release"]
    assert [stage.name for stage in read.needed(read.stage("deps"))] == ["deps"]


def test_a_test_stage_that_nothing_needs_is_not_needed() -> None:
    """BuildKit skips it: that is the fault of a gate that never runs."""
    read = parse("FROM x AS deps\nFROM deps AS test\nRUN pytest\nFROM deps\nCOPY . .\n")
    assert [stage.name for stage in read.needed(read.release())] == ["deps", None]


def test_ancestors_and_chain() -> None:
    """The stage first, then what it is built on; instructions in the order of building."""
    read = parse(CHAIN)
    release = read.release()
    assert [stage.name for stage in read.ancestors(release)] == ["release", "deps"]
    assert [i.keyword for i in read.chain(release)] == ["RUN", "COPY", "RUN", "COPY"]


def test_external_images_are_resolved_and_placed() -> None:
    """Each image from outside, with the line that names it."""
    read = parse(CHAIN)
    images = read.external_images(read.release(), {"V": "3.12"})
    assert [(image.reference, image.line) for image in images] == [
        ("registry:5000/python:3.12-slim@sha256:aa", 3),
        ("ghcr.io/x/y:1", 10),
        ("busybox", 11),
    ]
    assert read.base_image(read.release()).reference == "registry:5000/python:3.11-slim@sha256:aa"


def test_a_build_argument_can_choose_the_stage() -> None:
    """FROM ${BASE} is followed with the arguments that will be given."""
    read = parse(CHAIN)
    assert read.base_image(read.stage("test"), {"BASE": "alpine"}).reference == "alpine"
    assert read.parent(read.stage("test"), {"BASE": "alpine"}) is None


def test_a_release_knows_its_build_arguments_below_every_stage() -> None:
    """Not below its own stage alone."""
    read = parse("ARG BASE=python:3.13-slim\nFROM python:3.13-slim AS deps\nFROM $BASE AS test\nFROM deps\n")
    release = Release(read, read.release(), {"BASE": "deps"})
    assert [stage.name for stage in release.ancestors_of(read.stage("test"))] == ["test", "deps"]


def test_onbuild_acts_in_the_next_stage_only() -> None:
    """It runs where a later stage of the same file is built on it, and needs what it copies from."""
    text = (
        "FROM x AS tools\nFROM x AS a\nONBUILD RUN pytest\nONBUILD COPY --from=tools t /t\n"
        "FROM a AS b\nRUN 1\nFROM b\nRUN 2\n"
    )
    read = parse(text)
    assert [i.keyword for i in read.chain(read.stage("a"))] == ["ONBUILD", "ONBUILD"]
    chain = read.chain(read.release())
    assert [(i.keyword, i.stage_index) for i in chain[2:]] == [
        ("RUN", 2),
        ("COPY", 2),
        ("RUN", 2),
        ("RUN", 3),
    ]
    assert [stage.index for stage in read.needed(read.release())] == [0, 1, 2, 3]
    assert [stage.index for stage in read.needed(read.stage("a"))] == [1]


def test_a_stage_named_like_its_image_is_no_circle() -> None:
    """Only earlier stages can be a base; COPY --from means the stage."""
    read = parse("FROM python AS python\nFROM x\nCOPY --from=python a b\n")
    assert read.parent(read.stages[0]) is None
    assert [image.reference for image in read.external_images(read.release())] == ["python", "x"]


def test_argument_in_copy_from_and_scratch() -> None:
    """A variable in --from takes its global value; scratch is no image."""
    read = parse("ARG T=tools\nFROM scratch\nCOPY --from=$T a b\n")
    assert [image.reference for image in read.external_images(read.release())] == ["tools"]
    assert read.base_image(read.release()).reference == "scratch"


def test_unknown_target_names_the_nearest() -> None:
    """A stage is found by name in any case or by number; a wrong one is a usage error."""
    read = parse(CHAIN)
    assert (read.stage("RELEASE").index, read.release(1).name, read.release("2").name) == (
        3,
        "test",
        "unused",
    )
    with pytest.raises(UsageError, match="there is no stage 'tset'; did you mean 'test'"):
        read.release("tset")
    with pytest.raises(UsageError, match="its only stage has no name"):
        parse("FROM x").release("q")


@pytest.mark.parametrize(
    ("word", "comes_to"),
    [
        ("$A-${A}", "a-a"),
        ("${N:-d}${N-e}${E:-f}${E-g}", "def"),
        ("${A:+y}${N:+y}${E+z}", "yz"),
        ("${A:-${N:-x}}", "a"),
        ("${N:-${A}b}", "ab"),
        (r"\$A '$A' \"", '$A $A "'),
        ('"$A b" "\\$A"', "a b $A"),
        ("${P#*/}|${P##*/}|${P%/*}|${P%%/*}", "y/z|z|x/y|x"),
        (r"${P/y/q} ${P//\//-} ${P/\//}", "x/q/z x-y-z xy/z"),
        ("$", "$"),
        ("${", "${"),
        ("${A", "${A"),
    ],
)
def test_variables_as_buildkit_replaces_them(word: str, comes_to: str) -> None:
    """Quotes, escapes and modifiers."""
    assert expand(word, {"A": "a", "E": "", "P": "x/y/z"}) == comes_to


def test_scope_of_arguments_and_environment() -> None:
    """Of ENV and ARG the last wins, a build argument over a default, a global one only where it is declared again."""
    text = (
        "ARG G=g\nFROM x AS base\nARG H=h\nENV K=1 L=$K\n"
        "FROM base\nENV M=env\nARG M=arg\nLABEL z=$M\nLABEL a=$G\nARG G\nARG H2=d\nARG TARGETOS\nENV H2=env\nLABEL b=$G-$H-$H2-$TARGETOS-$K-$L\n"
    )
    read = parse(text)
    words = [
        place.scope.expand(place.instruction.pairs[0][1] or "")
        for place in read.places(read.release(), {"H2": "given", "TARGETPLATFORM": "linux/arm64"})
        if place.instruction.keyword == "LABEL"
    ]
    assert words == ["arg", "", "g-h-env-linux-1-"]


@pytest.mark.parametrize(
    ("last", "release"),
    [("dev", "release"), ("Debug", "release"), ("dev-tools", "release"), ("tests", "tests"), ("web", "web")],
)
def test_a_development_stage_behind_the_release_is_not_what_is_shipped(last: str, release: str) -> None:
    """Unless a target says otherwise, and only where the names leave no doubt."""
    dockerfile = parse(f"FROM a AS release\nFROM release AS {last}\n")
    assert dockerfile.release().name == release
    assert dockerfile.release(last).name == last


@pytest.mark.parametrize("last", ["dev", "web-dev", "local"])
def test_a_stage_that_says_what_it_starts_is_shipped_rather_than_one_for_development(last: str) -> None:
    """Under any name of its own, unless it is there for tests."""
    text = 'FROM a AS {}\nCMD ["python"]\nFROM b AS test\nCMD ["pytest"]\nFROM test AS {}\nCMD ["bash"]\n'
    assert parse(text.format("web", last)).release().name == "web"
    assert parse(text.format("lint", last)).release().name == last


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("FROM a AS app\nFROM app AS api\nCMD x\nFROM app AS worker\nCMD x\nFROM api AS dev\n", "worker"),
        ("FROM a AS app\nCMD x\nFROM app AS dev\n", "app"),
        ("FROM nginx AS prod\nFROM a AS docs\nCMD x\nFROM prod AS dev\n", "prod"),
        ("FROM a AS base\nCMD x\nFROM base AS prod\nFROM prod AS app\nFROM app AS dev\n", "app"),
    ],
)
def test_a_part_of_what_is_shipped_is_not_shipped(text: str, release: str) -> None:
    """What others are built on, and starts nothing, is no release for being called app; what nobody builds on is one."""
    assert parse(text).release().name == release


def test_a_last_stage_for_development_is_the_release_where_no_other_is_named_so() -> None:
    """There is nothing else that could be meant."""
    assert parse("FROM a AS deps\nFROM deps AS dev\n").release().name == "dev"
