"""Which commands a RUN runs, seen through wrappers."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import commands, parse
from hullproof.dockerfile.shell import read


def programs(text: str) -> list[str]:
    """List the programs that a shell text runs, in order."""
    return [command.program for command in read(text).commands]


@pytest.mark.parametrize(
    "text",
    [
        "pytest",
        "echo ok && pytest || { echo bad >&2; exit 1; }",
        "set -euo pipefail\npytest | tee x\necho",
        "cat x | pytest",
        "! pytest",
        "if ! pytest; then exit 1; fi",
        "if true; then :; elif x; then y; else pytest; fi",
        "(set -e; pytest; echo)",
        "{ pytest; }",
        "for d in a b; do pytest $d; done",
        "until pytest; do sleep 1; done",
        "f() { pytest; }; f",
        "x=$(pytest)",
        "export X=$(pytest)",
        "echo $(pytest)",
        "diff <(pytest) x",
        "bash -euo pipefail -c 'pytest | tee x'",
        "sh -c 'echo; sh -c pytest'",
        "bash <<E\nset -e\npytest\necho\nE",
        "bash <<E && echo done\npytest\nE",
        "bash <<< 'pytest'",
        "cat <<E > /x && pytest\nq\nE",
        "cat <<A | pytest | tail\nx\nA",
        "case $X in a) pytest;; esac",
        "[[ -d tests ]] && pytest",
        "pytest & wait $!",
        "su app -c 'pytest || true'",
        "eval 'pytest || true'",
        "pytest > /dev/null 2>&1",
    ],
)
def test_commands_are_found_whatever_they_stand_in(text: str) -> None:
    """Once each: lists, pipes, conditions, loops, substitutions, here-documents, shells of their own."""
    assert programs(text).count("pytest") == 1


def test_commands_come_in_order() -> None:
    """As they stand in the text."""
    assert programs("a && b | c; if d; then e; fi; sh -c 'f; g'") == ["a", "b", "c", "d", "e", "f", "g"]


@pytest.mark.parametrize(
    ("text", "argv", "wrappers"),
    [
        (
            "A=b sudo -u app -E env C=d timeout -k 5 60 nice -n 3 pytest -q",
            "pytest -q",
            "sudo env timeout nice",
        ),
        ("python3.11 -m pytest a", "pytest a", "python -m"),
        ("/venv/bin/python -Im pip install x", "pip install x", "python -m"),
        ("python -W error -m coverage run --source=a -m pytest a", "pytest a", "python -m coverage run"),
        ("uv run --with x --no-sync -m pytest", "pytest", "uv run"),
        ("uv run --frozen pytest -x", "pytest -x", "uv run"),
        ("poetry -C dir run pytest", "pytest", "poetry run"),
        ("hatch -e test run +py=3.11 test:pytest", "pytest", "hatch run"),
        ("conda run -n e --no-capture-output pytest", "pytest", "conda run"),
        ("pipenv run python -m pytest", "pytest", "pipenv run python -m"),
        ("hatch env run -e test pytest", "pytest", "hatch env run"),
        ("dotenv -f .env.ci run -- pytest", "pytest", "dotenv run"),
        ("doppler run --config ci -- pytest", "pytest", "doppler run"),
        ("exec time -p pytest", "pytest", "exec time"),
        ("bash -lc 'pytest'", "pytest", "bash -c"),
        ("xargs -n 1 pip install < r.txt", "pip install", "xargs"),
        ("gosu app pytest", "pytest", "gosu"),
        ("'py'te\"st\" a\\ b", "pytest a b", ""),
    ],
)
def test_wrappers_are_seen_through(text: str, argv: str, wrappers: str) -> None:
    """What runs is the command, not what stands in front."""
    (command,) = read(text).commands
    assert (" ".join(command.argv), " ".join(command.wrappers)) == (argv, wrappers)


@pytest.mark.parametrize(
    "text", ["if [ x; pytest || true", "a 'b", "(((", "((" * 3000, "", "\udce4 \0", "{ " * 999]
)
def test_odd_shell_never_raises(text: str) -> None:
    """What cannot be read is split roughly, and said to be so."""
    got = read(text)
    assert got.problems or not got.commands


def test_a_chain_of_any_length_is_read() -> None:
    """It is a tree as deep as the chain is long."""
    program = read(" && ".join(f"a{i}" for i in range(5000)) + " || { b; }")
    assert program.problems == ()
    assert [command.argv[0] for command in program.commands] == [*(f"a{i}" for i in range(5000)), "b"]


@pytest.mark.parametrize(
    "text",
    [
        'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b',
        "RUN <<EOF\n#!/bin/bash -e\na\nb\nEOF",
        "RUN <<EOF bash -e\na\nb\nEOF",
        'RUN ["a", "||", "b"]',
        'RUN ["sh", "-c", "a | b"]',
        "RUN find tests -name 'test_*.py' -exec a {} \\;",
        "RUN find tests -exec a {} +",
    ],
)
def test_shell_and_form_count(text: str) -> None:
    """SHELL, shebangs, the exec form and find decide what is run."""
    run = parse(f"FROM x\n{text}\n").release().instructions[-1]
    assert commands(run).commands[0].argv[0] == "a"


def test_another_interpreter_is_no_shell() -> None:
    """A Python program in a here-document has no shell commands."""
    run = parse("FROM x\nRUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n").release().instructions[0]
    got = commands(run)
    assert (got.commands, got.problems) == ((), ("this is a program for 'python', not for a shell",))
