"""Recognises the commands of a RUN step that run tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import options, shell, valued
from hullproof.dockerfile.once import once
from hullproof.tools import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.dockerfile.model import Instruction
    from hullproof.dockerfile.steps import ShellCommand

TASK_RUNNERS = frozenset({"make", "gmake", "just", "task", "invoke", "inv", "poe", "doit"})
"""Programs that start a task of the project's, by a name of its own."""
_NO_RUN = {
    "": names("--version --help -h"),
    "pytest": names("""--collect-only --co --collectonly --version -V --help -h --fixtures --fixtures-per-test
    --markers --setup-plan --cache-show --cache-clear-only"""),
    "tox": names("--version --help -h -l --listenvs -a --listenvs-all --notest -n"),
    "nox": names("--version --help -h -l --list --list-sessions --install-only"),
    "make": names("--version --help -h -n --dry-run --just-print -q --question"),
}
"""Options by which a runner lists, explains or tells its version, and runs nothing."""
_TASK = re.compile(r"(?:unit|py)?tests?\Z")
_TASKS = frozenset({"check", "unit", "coverage", "cov"})
_PARTS = re.compile(r"[-_:.]")
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


@once
def test_commands(instruction: Instruction) -> tuple[ShellCommand, ...]:
    """List the commands of a RUN that run tests, in order; some are known by the name of a script or a task alone."""
    if instruction.keyword != "RUN":
        return ()
    return tuple(command for command in shell.commands(instruction).commands if _runs_tests(command))


test_commands.__test__ = False  # type: ignore[attr-defined] # pytest would take the name for one of its own


def script_runs_tests(text: str) -> bool:
    """Whether a script, of a shell or of Python, runs tests; what it says elsewhere of tests does not count."""
    first = text.partition("\n")[0]
    if "python" in first if first.startswith("#!") else _PYTHON_SCRIPT.search(text):
        return _STARTED.search(text) is not None
    return any(map(_runs_tests, shell.read(text).commands))


def _runs_tests(command: ShellCommand) -> bool:
    name = command.program
    if name == "python" and _script_of(command.argv[1:]) == "manage.py":
        name = "manage.py"
    if not _NO_RUN.get(name, _NO_RUN[""]).isdisjoint(command.argv[1:]):
        return False  # it only lists, explains or tells its version
    return _READERS.get(name, _by_name)(command)


def _always(_command: ShellCommand) -> bool:
    return True


def _environments(command: ShellCommand) -> bool:
    """Read tox or Nox; one that is asked for linters and documents only runs no tests."""
    runner, args = command.program, command.argv[1:]
    own = args[: args.index("--")] if "--" in args else args
    read = options.split(own, valued.TOX_AND_NOX - ({"-p", "-r"} if runner == "tox" else {"-r"}))
    if read.words[:1] in (["config"], ["list"], ["devenv"], ["depends"], ["quickstart"]):
        return False
    asked = read.all("-e", "-s", "--session", "--sessions", "-t", "--tags", "-m")
    more = read.words if runner == "nox" and asked else []
    targets = [name for group in (*asked, *more) for name in group.split(",") if name]
    return not targets or not all(_NO_TESTS.match(name) for name in targets)


def _django(command: ShellCommand) -> bool:
    args = command.argv[1:]
    if command.program == "python":
        at = next(i for i, word in enumerate(args) if word.endswith("manage.py"))
        args = args[at + 1 :]
    return options.split(args, valued.DJANGO).words[:1] == ["test"]


def _subcommand(command: ShellCommand) -> bool:
    words = options.split(command.argv[1:], valued.OTHER_RUNNERS | {"-e", "--env", "-py", "-i"}).words
    return words[:1] == (["run"] if command.program == "stestr" else ["test"])


def _task(command: ShellCommand) -> bool:
    return any(map(_is_task, options.split(command.argv[1:], valued.MAKE).words))


def _is_task(name: str) -> bool:
    """Whether a task's name says that it runs tests: `check`, `unit-tests`, `ci:test:fast`."""
    return name in _TASKS or any(_TASK.match(part) for part in _PARTS.split(name))


def _by_name(command: ShellCommand) -> bool:
    """Take a script or a project's task for a test run by its name."""
    name, args = command.argv[0].rsplit("/", 1)[-1], command.argv[1:]
    wrapper = command.wrappers[-1] if command.wrappers else ""
    # A command of the application's own, in a group or not; a script of the project's, in the place of a subcommand.
    own = {"flask": args[-1:], "pdm": args[:1]}.get(command.program)
    if own is not None:
        return any(map(_is_task, own))
    if command.program in {"python", "sh", "bash", "dash"}:
        script = _script_of(args)
        if any(kind.match(script) for kind in (_SCRIPT, _TEST_FILE, _RUN_ALL)):
            return True
        return bool(script == "setup.py" and "test" in args) or (
            "-c" in args and _CALLED.search(args[-1]) is not None
        )
    kinds = {
        **dict.fromkeys(("hatch run", "pdm run", "pipenv run", "rye run", "pixi run"), (_is_task,)),
        "python -m": (_SCRIPT.match, _MODULE.match),
    }
    by_path = (_SCRIPT.match,) if "/" in command.argv[0] else ()
    return any(fits(name) for fits in (*kinds.get(wrapper, ()), *by_path))


def _script_of(args: tuple[str, ...]) -> str:
    """Name the script among an interpreter's arguments."""
    words = options.split(args, valued.PYTHON).words
    return words[0].rsplit("/", 1)[-1] if words else ""


_READERS: dict[str, Callable[[ShellCommand], bool]] = {
    **dict.fromkeys(("pytest", "py.test"), _always),
    **dict.fromkeys(("unittest", "xmlrunner", "unittest_parallel", "unittest-parallel"), _always),
    "tox": _environments,
    "nox": _environments,
    "manage.py": _django,
    "django-admin": _django,
    "django": _django,  # python -m django
    **dict.fromkeys(("nose2", "nosetests", "doctest", "green", "trial", "ward", "behave"), _always),
    **dict.fromkeys(("stestr", "hatch", "rye"), _subcommand),
    **dict.fromkeys((*TASK_RUNNERS, "poethepoet"), _task),
}
