"""Which commands a RUN runs, seen through wrappers, and what becomes of their exit codes."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import commands, parse
from hullproof.dockerfile.shell import read


def fate(text: str) -> str | None:
    """Say why the exit code of the one pytest in a shell text is lost."""
    (found,) = [command for command in read(text).commands if command.program == "pytest"]
    return found.swallowed


@pytest.mark.parametrize(
    "text",
    [
        "pytest",
        "a && pytest",
        "pytest && echo ok",
        "pytest || exit 1",
        "pytest || { echo bad >&2; exit 1; }",
        "pytest || (echo bad && false)",
        "set -e; pytest; echo done",
        "set -ex && pytest ; echo a",
        "set -o pipefail; pytest | tee x",
        "set -euo pipefail\npytest | tee x\necho",
        "cat x | pytest",
        "if ! pytest; then exit 1; fi",
        "if pytest; then :; else exit 1; fi",
        "(pytest)",
        "(set -e; pytest; echo)",
        "{ pytest; }",
        "for d in a b; do pytest $d || exit 1; done",
        "set -e; for d in a b; do pytest $d; done",
        "f() { pytest; }; f",
        "x=$(pytest)",
        "pytest; exit $?",
        "pytest; rc=$?; rm x; exit $rc",
        "pytest; if [ $? -ne 0 ]; then exit 1; fi",
        "bash -euo pipefail -c 'pytest | tee x'",
        "bash <<E\nset -e\npytest\necho\nE",
        "cat <<E > /x && pytest\nq\nE",
        "case $X in a) pytest;; esac",
        "[[ -d tests ]] && pytest",
        "[ -d tests ] && pytest",
        "pytest & wait $!",
        "pytest | tee x; exit ${PIPESTATUS[0]}",
        "pytest || [ $? -eq 5 ]",
        "pytest; test $? -eq 0",
    ],
)
def test_exit_code_reaches_the_step(text: str) -> None:
    """These ways of writing a test run are sound."""
    assert fate(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pytest || true", "`|| true` follows"),
        ("pytest || :", "`|| :` follows"),
        ("pytest && echo ok || echo bad", "`|| echo bad` follows"),
        ("pytest ; exit 0", "`; exit 0` follows"),
        ("pytest\necho\nexit 0\n", "`; exit 0` follows"),
        ("pytest; echo done", "`; echo done` follows"),
        ("set -e; pytest && echo ok; echo", "`; echo` follows"),
        ("set -e; set +e; pytest; x", "`; x` follows"),
        ("pytest | tee x", "piped into `tee x` without pipefail"),
        ("pytest 2>&1 | tee x | cat", "piped into `tee x` without pipefail"),
        ("set -e; pytest | tee x", "piped into"),
        ("cat <<A | pytest | tail\nx\nA", "piped into `tail`"),
        ("if pytest; then echo; fi", "condition of an `if`"),
        ("until pytest; do sleep 1; done", "condition of a loop"),
        ("pytest &", "in the background"),
        ("pytest & wait", "in the background"),
        ("pytest || [ $? -eq 1 ]", "follows"),
        ("! pytest", "negated"),
        ("(pytest); echo", "`; echo` follows"),
        ("for d in a b; do pytest $d; done", "in a loop"),
        ("echo $(pytest)", "substitution"),
        ("export X=$(pytest)", "inside `export"),
        ("sh -c 'pytest; echo'", "`; echo` follows"),
        ("su app -c 'pytest || true'", "`|| true` follows"),
        ("set -e; sh -c 'pytest; echo'", "`; echo` follows"),
        ("eval 'pytest || true'", "`|| true` follows"),
    ],
)
def test_exit_code_is_lost(text: str, reason: str) -> None:
    """These swallow it, each for a reason that is said."""
    assert reason in (fate(text) or "")


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
    assert all(not command.certain for command in got.commands)
    assert got.problems or not got.commands


def test_condition_is_told() -> None:
    """A run that depends on something says on what."""
    assert [c.condition for c in read("[ -d tests ] && pytest").commands] == ["`[ -d tests ]` holds"]
    conditions = [c.condition for c in read("if [ $A ]; then b; else c; fi").commands]
    assert conditions == ["`[ $A ]` holds", "`[ $A ]` does not hold"]
    assert [c.condition for c in read("a || b").commands] == [None, "`a` fails"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b', None),
        ('SHELL ["/bin/bash", "-c"]\nRUN a | b', "it is piped into `b` without pipefail"),
        ('SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a; b', None),
        ("RUN <<EOF\n#!/bin/bash -e\na\nb\nEOF", None),
        ("RUN <<EOF\na\nb\nEOF", "`; b` follows, whose exit code counts instead"),
        ("RUN <<EOF bash -e\na\nb\nEOF", None),
        ('RUN ["a", "||", "b"]', None),
        ('RUN ["sh", "-c", "a | b"]', "it is piped into `b` without pipefail"),
    ],
)
def test_shell_and_form_count(text: str, reason: str | None) -> None:
    """SHELL, shebangs and the exec form decide how a text is run."""
    run = parse(f"FROM x\n{text}\n").release().instructions[-1]
    first = commands(run).commands[0]
    assert (first.argv[0], first.swallowed) == ("a", reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "find tests -name 'test_*.py' -exec pytest {} \\;",
            "find ends well whatever a command behind -exec comes to",
        ),
        ("find tests -exec pytest {} +", None),
        ("find tests -exec pytest {} + | cat", "it is piped into `cat` without pipefail"),
    ],
)
def test_find_starts_commands(text: str, reason: str | None) -> None:
    """`-exec ... ;` loses their exit codes, `-exec ... +` hands them on: POSIX, find."""
    first = read(text).commands[0]
    assert (first.program, first.swallowed) == ("pytest", reason)
    assert [command.program for command in read("find . -name x -delete").commands] == ["find"]


def test_another_interpreter_is_no_shell() -> None:
    """A Python program in a here-document has no shell commands."""
    run = parse("FROM x\nRUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n").release().instructions[0]
    got = commands(run)
    assert (got.commands, got.problems) == ((), ("this is a program for 'python', not for a shell",))
