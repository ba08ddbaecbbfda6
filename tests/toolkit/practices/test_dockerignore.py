"""dockerignore: which canaries reached the builder, and whether too much was withheld."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import BuildFacts, Canary, CanaryFacts, WithheldFacts

from .by_hand import BROKEN, CANARIES, GOOD, NOT_APPLICABLE, PROVEN, UNPROVEN, lines, prove, without


def reaching(*paths: str, **changes: object) -> CanaryFacts:
    """Let these canaries through."""
    kinds = {canary.path: canary for canary in CANARIES.canaries}
    through = tuple(replace(canary, reached=path in paths) for path, canary in kinds.items())
    return replace(replace(CANARIES, canaries=through), **changes)  # type: ignore[arg-type]


ALL = tuple(canary.path for canary in CANARIES.canaries)


def test_a_canary_that_gets_through_is_broken_with_path_kind_and_pattern() -> None:
    """What reached, what it is, what would leave it out, and the line that takes the context."""
    proof = prove("dockerignore", canaries=reaching(".env"))
    assert proof.verdict is BROKEN
    assert ".env" in proof.summary
    assert "environment file" in str(proof.evidence)
    assert proof.remedy == "Add `**/.env*` to .dockerignore."
    assert "Dockerfile:9" in lines(proof)


def test_an_ignore_file_that_holds_something_back_is_not_said_to_hold_nothing() -> None:
    """Also where what it holds back is not judged: one virtual environment of two."""
    held = Canary(".venv/pyvenv.cfg", "virtual environment", nested=False, reached=False, judged=False)
    assert "leaves nothing of this out" in prove("dockerignore", canaries=reaching(*ALL)).summary
    through = reaching(*ALL)
    proof = prove("dockerignore", canaries=replace(through, canaries=(*through.canaries, held)))
    assert "leaves nothing" not in proof.summary


def test_the_step_that_takes_most_is_named() -> None:
    """Everything before a folder, a folder before a file; from another stage nothing is taken."""
    text = GOOD.replace("COPY . .", "COPY tests tests")
    assert "Dockerfile:9" in lines(prove("dockerignore", text, canaries=reaching(".env")))
    text = GOOD.replace("COPY . .", "RUN --mount=type=bind,target=/src true")
    assert "Dockerfile:9" in lines(prove("dockerignore", text, canaries=reaching(".env")))


@pytest.mark.parametrize("add", ["", "ADD https://example.org/a.tar.gz /a/"])
def test_a_build_that_takes_nothing_from_its_context_needs_no_ignore_file(add: str) -> None:
    """BuildKit sends it nothing: an image that installs a package by name, say."""
    text = f'FROM python:3.11-slim\nRUN pip install datasette\n{add}\nCMD ["datasette"]\n'
    assert prove("dockerignore", text, canaries=reaching(*ALL)).verdict is NOT_APPLICABLE


def test_no_ignore_file_is_said() -> None:
    """Missing, and misplaced where one lies elsewhere."""
    assert (
        "there is no ignore file" in prove("dockerignore", canaries=reaching(*ALL, ignore_file=None)).summary
    )
    elsewhere = reaching(*ALL, ignore_file=None, misplaced=("app/.dockerignore",))
    assert (
        "app/.dockerignore is not where the builder looks"
        in prove("dockerignore", canaries=elsewhere).summary
    )


def test_a_preferred_ignore_file_is_said() -> None:
    """BuildKit reads Dockerfile.dockerignore, and .dockerignore not at all."""
    shadowed = reaching(".env", ignore_file="Dockerfile.dockerignore", misplaced=(".dockerignore",))
    assert "does not read .dockerignore" in prove("dockerignore", canaries=shadowed).summary


def test_a_pattern_for_the_top_only_is_said() -> None:
    """Nested canaries alone show a pattern without **/."""
    assert "in subfolders" in prove("dockerignore", canaries=reaching("app/.env")).summary
    own = Canary("app/credentials.json", "own", nested=True, reached=True)
    proof = prove("dockerignore", canaries=replace(CANARIES, canaries=(*CANARIES.canaries, own)))
    assert "in subfolders" not in proof.summary
    assert "the project's own app/credentials.json reaches the builder" in str(proof.evidence)


def test_what_is_held_in_another_folder_is_not_said_to_be_held_at_the_top_only() -> None:
    """A pattern that knows one level more, or another folder, does match below."""
    held = Canary("tests/.env", "environment file", nested=True, reached=False)
    facts = reaching("app/.env")
    proof = prove("dockerignore", canaries=replace(facts, canaries=(*facts.canaries, held)))
    assert "subfolders" not in proof.summary


def test_the_line_that_lets_back_in_is_named() -> None:
    """Not the patterns, which hold everywhere else, are at fault, and neither is another COPY."""
    text = GOOD.replace("COPY . .", "COPY settings settings\nCOPY . .")
    at = text.splitlines().index("COPY settings settings") + 1
    through = Canary("settings/.env", "environment file", nested=True, reached=True, taken_at=at)
    facts = replace(CANARIES, canaries=(*CANARIES.canaries, through))
    ignored = {".dockerignore": "# not shipped\n**/.env*\n!settings/**\n"}
    proof = prove("dockerignore", text, canaries=facts, project_texts=ignored)
    assert ".dockerignore:3 `!settings/**` lets it back in" in proof.summary
    assert f"Dockerfile:{at}" in lines(proof)
    ignored[".dockerignore"] += "settings/.git\n!**/*.example\n"
    assert ":3 `!" in prove("dockerignore", canaries=facts, project_texts=ignored).summary
    ignored[".dockerignore"] += "settings/.env\n"
    assert "back in" not in prove("dockerignore", canaries=facts, project_texts=ignored).summary


def test_an_ignore_file_in_utf_16_is_told_of() -> None:
    """As PowerShell writes one; lines that were added at its end would be no patterns either."""
    text = "**/.git\r\n**/.env*\r\n".encode("utf-16").decode("utf-8", "replace")
    proof = prove("dockerignore", canaries=reaching(*ALL), project_texts={".dockerignore": text})
    assert "UTF-16" in proof.summary
    assert str(proof.remedy).startswith("Save .dockerignore in UTF-8")


def test_a_name_keeps_its_case_at_the_beginning_of_a_sentence() -> None:
    """A path that is spelled with a capital letter is another path."""
    planted = (Canary("id_rsa", "key", nested=False, reached=True),)
    assert prove("dockerignore", canaries=replace(CANARIES, canaries=planted)).summary.startswith(
        "id_rsa would"
    )


def test_a_file_of_the_project_itself_comes_first() -> None:
    """A real secret that a ! lets back in matters more than any canary."""
    own = Canary("secrets/deploy.key", "own", nested=True, reached=True)
    proof = prove("dockerignore", canaries=replace(CANARIES, canaries=(*CANARIES.canaries, own)))
    assert proof.summary.startswith("Secrets/deploy.key") or proof.summary.startswith("secrets/deploy.key")


def test_what_is_not_judged_is_only_said() -> None:
    """Some files are nobody's fault to let through."""
    said = Canary("app/__pycache__/x.pyc", "bytecode", nested=True, reached=True, judged=False)
    proof = prove("dockerignore", canaries=replace(CANARIES, canaries=(*CANARIES.canaries, said)))
    assert proof.verdict is PROVEN
    assert "not judged" in str(proof.evidence)


def test_too_much_ignored_is_broken() -> None:
    """What COPY names must get through, and so must a test."""
    withheld = prove("dockerignore", canaries=replace(CANARIES, sources_missing=((15, "app/"),)))
    assert withheld.verdict is BROKEN
    assert "Dockerfile:15" in lines(withheld)
    assert prove("dockerignore", canaries=replace(CANARIES, tests_left=False)).verdict is BROKEN


def test_a_project_without_tests_has_none_to_lose() -> None:
    """No test to leave in is no fault of the ignore file."""
    assert prove("dockerignore", canaries=replace(CANARIES, tests_left=None)).verdict is PROVEN


def test_a_build_that_fails_on_the_ignore_file_is_broken_without_the_experiment() -> None:
    """The builder itself says that what COPY names is ignored."""
    error = 'failed to compute cache key: "/app": not found (excluded by .dockerignore)'
    build = BuildFacts(ok=False, steps=(), duration_s=1, error=error)
    assert prove("dockerignore", **without("canaries"), build=build).verdict is BROKEN
    other = BuildFacts(ok=False, steps=(), duration_s=1, error="exit code 1")
    assert prove("dockerignore", **without("canaries"), build=other).verdict is UNPROVEN


def test_no_canary_proves_nothing() -> None:
    """An experiment without canaries is none."""
    assert prove("dockerignore", canaries=replace(CANARIES, canaries=())).verdict is UNPROVEN


def test_a_context_that_is_copied_by_name_is_judged_the_same() -> None:
    """The ignore file is judged by what it lets through, whatever today's COPY takes of it."""
    text = GOOD.replace("COPY . .", "COPY app/ app/")
    assert prove("dockerignore", text, canaries=reaching(".env")).verdict is BROKEN


def test_what_only_the_next_copy_would_take_is_told_apart() -> None:
    """Today's instructions name what they take: the ignore file is at fault, and nothing is said to reach the builder."""
    through = tuple(replace(each, reached=True, taken=False) for each in CANARIES.canaries)
    for file in (None, ".dockerignore"):
        proof = prove("dockerignore", canaries=replace(CANARIES, canaries=through, ignore_file=file))
        assert proof.verdict is BROKEN
        assert "the next COPY . . would take" in proof.summary.replace("The next", "the next")
        assert "would reach the builder:" not in proof.summary


def test_what_is_taken_by_name_is_let_back_in_by_the_fix() -> None:
    """No line is asked for that breaks the build."""
    named = replace(reaching(".env"), named=(".env.production",))
    assert (
        prove("dockerignore", canaries=named).remedy == "Add `**/.env*`, `!.env.production` to .dockerignore."
    )


def test_a_file_that_the_failing_build_lacks_is_named_with_the_line_that_withholds_it() -> None:
    """Seen in a build with the file let through."""
    facts = WithheldFacts((("words.txt", "*.txt"),), ".dockerignore", line=10, builds=True)
    proof = prove("dockerignore", withheld=facts)
    assert proof.verdict is BROKEN
    assert "words.txt by `*.txt`" in proof.summary
    assert "Dockerfile:10" in lines(proof)
    assert "!words.txt" in (proof.remedy or "")
