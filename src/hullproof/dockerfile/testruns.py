"""Recognises the commands of a RUN step that run tests, and on what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.dockerfile import options, shell

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.dockerfile.model import Instruction
    from hullproof.dockerfile.options import Options
    from hullproof.dockerfile.steps import ShellCommand

_PYTEST = options.names("""-k -m -c --config-file -o --override-ini -p -n -W --pythonwarnings -r --junitxml --junit-xml --junit-prefix
    --rootdir --maxfail --tb --durations --durations-min --ignore --ignore-glob --deselect --cov --cov-report
    --cov-config --cov-fail-under --cov-context --dist --numprocesses --maxprocesses --tx --timeout
    --timeout-method --log-level --log-cli-level --log-file --log-file-level --log-format --confcutdir --basetemp
    --import-mode --color --capture --verbosity --show-capture --html --reruns --reruns-delay --ds --dc --env
    --alluredir --report-log --splits --group --asyncio-mode --hypothesis-seed""")
_UNITTEST = frozenset({"-k", "-s", "--start-directory", "-p", "--pattern", "-t", "--top-level-directory"})
_ENVIRONMENTS = options.names("""-e -c --conf --workdir --root --result-json -s --session --sessions -f --noxfile -t --tags -m -k --keywords -p
    --python -P --force-python -r --default-venv-backend --envdir --extra-pythons --skip-env -m -x
    --override --installpkg --parallel --runner --report""")
TASK_RUNNERS = frozenset({"make", "gmake", "just", "task", "invoke", "inv", "poe", "doit"})
"""Programs that start a task of the project's, by a name of its own."""
_MAKE = frozenset({"-C", "--directory", "-f", "--file", "--makefile", "-j", "--jobs", "-I", "-o", "-W"})
_DJANGO = options.names("""--settings --pythonpath -v --verbosity --testrunner -k -p --pattern --tag --exclude-tag --parallel -t
    --top-level-directory --shuffle --durations""")
_PYTHON = frozenset({"-W", "-X"})
_OTHER = frozenset({"-k", "-m", "-s", "-c", "--config", "--plugin", "-p", "--pattern", "--exclude-tag"})
_NO_RUN = {
    "pytest": options.names("""--collect-only --co --collectonly --version -V --help -h --fixtures --fixtures-per-test
    --markers --setup-plan --cache-show --cache-clear-only"""),
    "": ["--version", "--help", "-h"],
    "tox": ["--version", "--help", "-h", "-l", "--listenvs", "-a", "--listenvs-all", "--notest", "-n"],
    "nox": ["--version", "--help", "-h", "-l", "--list", "--list-sessions", "--install-only"],
    "make": ["--version", "--help", "-h", "-n", "--dry-run", "--just-print", "-q", "--question"],
}
_TASK = re.compile(r"(?:\w+[-_:.])*(?:unit|py)?[-_]?tests?(?:[-_:.]\w+)*\Z|check\Z|unit\Z|coverage\Z|cov\Z")
_SCRIPT = re.compile(r"(?:run[-_]?)?(?:all[-_]?|unit[-_]?)?tests?(?:[-_]unit)?(?:\.sh|\.py|\.bash)?\Z")
_MODULE = re.compile(r"tests?(?:\.\w+)*\.(?:run|main|runner|all|suite)(?:_\w+)?\Z|(?:run|all)_tests?\Z")
_TEST_FILE = re.compile(r"test_\w+\.py\Z|\w+_tests?\.py\Z")
_RUN_ALL = re.compile(r"(?:run[-_]?all|all[-_]?tests?|run[-_]?suite)\.(?:py|sh|bash)\Z")
_CALLED = re.compile(r"\b(pytest|unittest)\.main\b")
_PYTHON_SCRIPT = re.compile(r"(?m)^(?:from \S+ )?import \w")
_STARTED = re.compile(
    r"\b(?:pytest|unittest)\.main\b|\bTextTestRunner\b|[\"'](?:pytest|unittest)[\"']|\bget_runner\(|\brun_tests\("
)
_NO_TESTS = re.compile(
    r"(?:lint|format|fmt|docs?|typing|types?|typecheck|mypy|ruff|build|release|flake8|black)\b"
)


@dataclass(frozen=True)
class TestRun:
    """One command that runs tests.

    `paths` are files, directories and node ids (`a.py::test_x`), or what the runner takes in their place
    (Django labels, unittest modules); `targets` are tox environments, Nox sessions or make's targets.
    `certain` is False where only a name suggests tests (`./run_tests.sh`), or where the shell text could not be read.
    """

    __test__ = False  # pytest would take the name for one of its own

    runner: str
    command: ShellCommand
    line: int
    paths: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    keyword: str | None = None
    marker: str | None = None
    certain: bool = True


def test_commands(instruction: Instruction) -> tuple[TestRun, ...]:
    """List the commands of a RUN that run tests, in order."""
    if instruction.keyword != "RUN":
        return ()
    found = (_recognised(command, instruction.line) for command in shell.commands(instruction).commands)
    return tuple(run for run in found if run is not None)


test_commands.__test__ = False  # type: ignore[attr-defined] # the same


def script_runs_tests(text: str) -> bool:
    """Whether a script, of a shell or of Python, runs tests; what it says elsewhere of tests does not count."""
    first = text.partition("\n")[0]
    if "python" in first if first.startswith("#!") else _PYTHON_SCRIPT.search(text):
        return _STARTED.search(text) is not None
    return any(_recognised(command, 1) for command in shell.read(text).commands)


def _recognised(command: ShellCommand, line: int) -> TestRun | None:
    name = command.program
    if name == "python" and _script_of(command.argv[1:]) == "manage.py":
        name = "manage.py"
    return _READERS.get(name, _by_name)(command, line)


def _pytest(command: ShellCommand, line: int) -> TestRun | None:
    return _run("pytest", command, line, options.split(command.argv[1:], _PYTEST))


def _plain(command: ShellCommand, line: int) -> TestRun | None:
    return _run(command.program, command, line, options.split(command.argv[1:], _OTHER))


def _run(
    runner: str, command: ShellCommand, line: int, read: Options, **more: tuple[str, ...]
) -> TestRun | None:
    """Make a test run of it, unless its options say that it only lists, explains or tells its version."""
    if read.has(*_NO_RUN.get(runner, _NO_RUN[""])):
        return None
    keyword, marker = read.all("-k"), read.all("-m")
    return TestRun(
        runner=runner,
        command=command,
        line=line,
        paths=more.get("paths", tuple(read.words)),
        targets=more.get("targets", ()),
        keyword=keyword[-1] if keyword else None,
        marker=marker[-1] if marker and runner == "pytest" else None,
        certain=command.certain,
    )


def _unittest(command: ShellCommand, line: int) -> TestRun | None:
    read = options.split(command.argv[1:], _UNITTEST)
    words = read.words[1:] if read.words[:1] == ["discover"] else read.words
    start = read.all("-s", "--start-directory")
    return _run("unittest", command, line, read, paths=(*start, *words))


def _environments(command: ShellCommand, line: int) -> TestRun | None:
    """Read tox or Nox; one that is asked for linters and documents only runs no tests."""
    runner, args = command.program, command.argv[1:]
    own = args[: args.index("--")] if "--" in args else args
    read = options.split(own, _ENVIRONMENTS - ({"-p", "-r"} if runner == "tox" else {"-r"}))
    if read.words[:1] in (["config"], ["list"], ["devenv"], ["depends"], ["quickstart"]):
        return None
    asked = read.all("-e", "-s", "--session", "--sessions", "-t", "--tags", "-m")
    more = read.words if runner == "nox" and asked else []
    targets = tuple(name for group in (*asked, *more) for name in group.split(",") if name)
    if targets and all(_NO_TESTS.match(name) for name in targets):
        return None
    return _run(runner, command, line, read, targets=targets, paths=args[len(own) + 1 :])


def _django(command: ShellCommand, line: int) -> TestRun | None:
    args = command.argv[1:]
    if command.program == "python":
        at = next(i for i, word in enumerate(args) if word.endswith("manage.py"))
        args = args[at + 1 :]
    read = options.split(args, _DJANGO)
    if read.words[:1] != ["test"]:
        return None
    return _run("django", command, line, read, paths=tuple(read.words[1:]))


def _subcommand(command: ShellCommand, line: int) -> TestRun | None:
    read = options.split(command.argv[1:], _OTHER | {"-e", "--env", "-py", "-i"})
    if read.words[:1] != (["run"] if command.program == "stestr" else ["test"]):
        return None
    runner = f"{command.program} {read.words[0]}"
    return _run(runner, command, line, read, paths=tuple(read.words[1:]))


def _task(command: ShellCommand, line: int) -> TestRun | None:
    read = options.split(command.argv[1:], _MAKE)
    targets = tuple(word for word in read.words if _TASK.match(word))
    if not targets:
        return None
    return _run(command.program, command, line, read, targets=targets, paths=())


def _by_name(command: ShellCommand, line: int) -> TestRun | None:
    """Take a script or a project's task for a test run by its name: a guess, and marked as one."""
    name, args = command.argv[0].rsplit("/", 1)[-1], command.argv[1:]
    wrapper = command.wrappers[-1] if command.wrappers else ""
    runner = ""
    paths: tuple[str, ...] = ()
    if wrapper in {"hatch run", "pdm run", "pipenv run", "rye run", "pixi run"} and _TASK.match(name):
        runner = f"{wrapper} {name}"
    elif (wrapper == "python -m" and (_SCRIPT.match(name) or _MODULE.match(name))) or (
        "/" in command.argv[0] and _SCRIPT.match(name)
    ):
        runner = name
    elif command.program in {"flask", "pdm"} and args[:1] and _TASK.match(args[-1]):
        runner = (
            f"{command.program} {args[-1]}"  # a command of the application's own, a script of the project's
        )
    elif command.program in {"python", "sh", "bash", "dash"}:
        script = _script_of(args)
        if _SCRIPT.match(script) or _TEST_FILE.match(script) or _RUN_ALL.match(script):
            runner, paths = script, tuple(word for word in args if _TEST_FILE.match(word.rsplit("/", 1)[-1]))
        elif script == "setup.py" and "test" in args:
            runner = "setup.py test"
        elif "-c" in args and (called := _CALLED.search(args[-1])):
            runner = called[1]
    return _guessed(_run(runner, command, line, options.split((), _OTHER), paths=paths)) if runner else None


def _guessed(run: TestRun | None) -> TestRun | None:
    return replace(run, certain=False) if run else None


def _script_of(args: tuple[str, ...]) -> str:
    """Name the script among an interpreter's arguments."""
    words = options.split(args, _PYTHON).words
    return words[0].rsplit("/", 1)[-1] if words else ""


_READERS: dict[str, Callable[[ShellCommand, int], TestRun | None]] = {
    "pytest": _pytest,
    "py.test": _pytest,
    **dict.fromkeys(("unittest", "xmlrunner", "unittest_parallel", "unittest-parallel"), _unittest),
    "tox": _environments,
    "nox": _environments,
    "manage.py": _django,
    "django-admin": _django,
    "django": _django,  # python -m django
    **dict.fromkeys(("nose2", "nosetests", "doctest", "green", "trial", "ward", "behave"), _plain),
    **dict.fromkeys(("stestr", "hatch", "rye"), _subcommand),
    **dict.fromkeys((*TASK_RUNNERS, "poethepoet"), _task),
}
