"""Sees through what stands in front of a command: `sudo`, `env`, `timeout 60`, `uv run`, `sh -c '...'`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hullproof.dockerfile.valued import UV_RUN
from hullproof.tools import SHELLS

_VERSIONED = re.compile(r"(python|pip|pypy)\d*(?:\.\d+)*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_MOST_WRAPPERS = 32


@dataclass(frozen=True)
class _Rule:
    """How much of a wrapper's own arguments to pass over: options that take a value, and words after them."""

    valued: frozenset[str] = frozenset()
    words: int = 0


def _rule(options: str = "", words: int = 0) -> _Rule:
    return _Rule(frozenset(options.split()), words)


_PLAIN = {
    "sudo": _rule("-u -g -p -C -r -t -T -U -D -R -h --user --group --chdir"),
    "doas": _rule("-u -C"),
    "env": _rule("-u -C --unset --chdir"),
    "time": _rule("-f -o --format --output"),
    "timeout": _rule("-k -s --kill-after --signal", words=1),
    "nice": _rule("-n --adjustment"),
    "ionice": _rule("-c -n --class --classdata"),
    "nohup": _rule(),
    "exec": _rule("-a"),
    "command": _rule(),
    "builtin": _rule(),
    "stdbuf": _rule("-i -o -e --input --output --error"),
    "setsid": _rule(),
    "setpriv": _rule("--reuid --regid --groups --inh-caps --bounding-set --securebits"),
    "unbuffer": _rule(),
    "fakeroot": _rule(),
    "eatmydata": _rule(),
    "chronic": _rule(),
    "xvfb-run": _rule("-n -s -e -f -p -w --server-num --server-args --error-file --wait"),
    "gosu": _rule(words=1),
    "su-exec": _rule(words=1),
    "runuser": _rule("-u -g -G -s -w --user --group --supp-group --shell"),
    "chroot": _rule(words=1),
    "tini": _rule("-p -e"),
    "dumb-init": _rule("-r --rewrite"),
    "xargs": _rule("-I -n -P -L -d -s -E -a --max-args --max-procs --arg-file --delimiter --replace"),
}
_RUNNERS = {
    ("uv", "run"): _Rule(UV_RUN),
    ("uv", "tool", "run"): _Rule(UV_RUN),
    ("uvx",): _Rule(UV_RUN),
    ("poetry", "run"): _rule("-C --directory -P --project"),
    ("pipenv", "run"): _rule("--python"),
    ("pdm", "run"): _rule("-p --project --venv -c --config"),
    ("hatch", "env", "run"): _rule("-e --env -f --filter -i --include -x --exclude"),
    ("dotenv", "run"): _rule("-f --file -q --quote -e --export"),
    ("doppler", "run"): _rule("-p --project -c --config -t --token --scope --name-transformer"),
    ("op", "run"): _rule("--env-file --account --config --session"),
    ("infisical", "run"): _rule("--env --path --projectId --token"),
    ("hatch", "run"): _rule("-e --env -p --project --data-dir --cache-dir --config"),
    ("rye", "run"): _rule("--pyproject"),
    ("pixi", "run"): _rule("-e --environment --manifest-path"),
    ("pipx", "run"): _rule("--spec --python --pip-args"),
    ("conda", "run"): _rule("-n --name -p --prefix --cwd"),
    ("mamba", "run"): _rule("-n --name -p --prefix --cwd"),
    ("micromamba", "run"): _rule("-n --name -p --prefix --cwd -r --root-prefix"),
    ("coverage", "run"): _rule(
        "--source --rcfile --omit --include --data-file --context --concurrency --timid --source-pkgs"
    ),
}


@dataclass(frozen=True)
class Unwrapped:
    """A command without its wrappers, outermost first; or, where it is a shell, the script it runs."""

    argv: tuple[str, ...]
    wrappers: tuple[str, ...] = ()
    script: str | None = None


def program(word: str) -> str:
    """Name a program without its folder and version: `/venv/bin/pip3.11` is `pip`."""
    name = word.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".exe")
    versioned = _VERSIONED.match(name)
    return versioned[1] if versioned else name


def unwrap(argv: tuple[str, ...], stdin: str | None = None) -> Unwrapped:
    """Take wrappers off until the command itself is left. `stdin` is a here-document that it reads."""
    wrappers: list[str] = []
    while argv and len(wrappers) < _MOST_WRAPPERS:
        argv = _without_assignments(argv)
        if argv and program(argv[0]) in SHELLS:
            return _shell(argv, tuple(wrappers), stdin)
        if argv and argv[0] in {"su", "runuser"} and (script := _after(argv, "-c", "--command")) is not None:
            return Unwrapped(argv, (*wrappers, argv[0]), script=script)
        if argv and argv[0] == "eval":
            return Unwrapped(argv, (*wrappers, "eval"), script=" ".join(argv[1:]))
        peeled = _peel(argv)
        if peeled is None:
            break
        label, argv = peeled
        wrappers.append(label)
    return Unwrapped(argv, tuple(wrappers))


def started_by_find(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command behind a `find ... -exec`, empty where there is none."""
    at = next((i for i, word in enumerate(argv) if word in {"-exec", "-execdir"}), None)
    if not argv or program(argv[0]) != "find" or at is None:
        return ()
    end = next((i for i, word in enumerate(argv[at:], at) if word in {";", "+"}), len(argv))
    return argv[at + 1 : end]


def _operand(argv: tuple[str, ...]) -> int | None:
    """Find where a shell's first operand stands: the script's text if `-c` is among its options (`has_c`)."""
    at = 1
    while at < len(argv) and argv[at][:1] in {"-", "+"} and len(argv[at]) > 1:
        word = argv[at]
        takes_value = word in {"--rcfile", "--init-file"} if word.startswith("--") else "o" in word[1:]
        at += 2 if takes_value else 1
    return at if at < len(argv) else None


def has_c(argv: tuple[str, ...]) -> bool:
    """Whether a shell's options have a `-c`, alone or in a cluster such as `-lc`."""
    operand = _operand(argv)
    before = argv[1:operand] if operand is not None else argv[1:]
    return any(re.match(r"-[a-zA-Z]*c", word) for word in before if not word.startswith("--"))


def _shell(argv: tuple[str, ...], wrappers: tuple[str, ...], stdin: str | None) -> Unwrapped:
    if program(argv[0]) == "busybox":
        if len(argv) > 1 and argv[1] in SHELLS:
            argv = argv[1:]
        else:
            return Unwrapped(argv, wrappers)
    operand = _operand(argv)
    script = None
    if has_c(argv):
        script = argv[operand] if operand is not None else ""
    elif operand is None:
        script = stdin
    label = f"{program(argv[0])} -c" if has_c(argv) else program(argv[0])
    seen_through = (*wrappers, label) if script is not None else wrappers
    return Unwrapped(argv, seen_through, script)


def _peel(argv: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    name = program(argv[0]) if argv else ""
    if name in _PLAIN:
        rest = pass_over(argv[1:], _PLAIN[name].valued)[_PLAIN[name].words :]
        return (name, rest) if rest else None
    if name in {"python", "pypy"}:
        return _python_module(argv)
    return _runner(name, argv)


def _runner(name: str, argv: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    for words, rule in _RUNNERS.items():
        if words[0] != name:
            continue
        rest = argv
        for word in words:
            if not rest or (word != words[0] and rest[0] != word):
                break
            rest = _module(rest[1:], rule) if word == words[-1] else pass_over(rest[1:], rule.valued)
        else:
            if rest:
                first = rest[0].rsplit(":", 1)[-1] if name == "hatch" else rest[0]
                return " ".join(words), (first or rest[0], *rest[1:])
    return None


def _module(args: tuple[str, ...], rule: _Rule) -> tuple[str, ...]:
    """Pass over a runner's options; a `-m module` among them names what it runs."""
    at = 0
    while at < len(args) and args[at].startswith("-"):
        if args[at] in {"-m", "--module", "--"}:
            return args[at + 1 :]
        at += 2 if args[at] in rule.valued else 1
    while at < len(args) and re.match(r"[+-](py|python)=|[+-]\w+=", args[at]):  # hatch's matrix filters
        at += 1
    return args[at:]


def _python_module(argv: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        word = argv[at]
        if re.match(r"-[A-Za-z]*m\Z", word):
            return ("python -m", argv[at + 1 :]) if argv[at + 1 :] else None
        if re.match(r"-m\w", word):
            return "python -m", (word[2:], *argv[at + 1 :])
        if re.match(r"-[A-Za-z]*c\Z", word):
            return None
        at += 2 if word in {"-W", "-X"} else 1
    return None


def pass_over(args: tuple[str, ...], valued: frozenset[str]) -> tuple[str, ...]:
    """Pass over leading options, with the values of those that take one, and over a `--`."""
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] != "-":
        if args[at] == "--":
            return args[at + 1 :]
        at += 2 if args[at] in valued else 1
    return args[at:]


def _without_assignments(argv: tuple[str, ...]) -> tuple[str, ...]:
    first = next((at for at, word in enumerate(argv) if not _ASSIGNMENT.match(word)), len(argv))
    return argv[first:]


def _after(argv: tuple[str, ...], *options: str) -> str | None:
    """Find the value of an option."""
    for position, word in enumerate(argv[1:-1], start=1):
        if word in options:
            return argv[position + 1]
    return None
