"""What is planted, where, and what is made of the outcome: runners run here as they would in a build's step."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pytest

from hullproof.facts import BuildFacts, GateFacts, PlantedFile, Step
from hullproof.lab import gate, teststyle
from hullproof.lab.failing import beside
from hullproof.lab.scratch import Bench
from hullproof.project import suites
from hullproof.project.project import Project
from hullproof.run.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

Prove: TypeAlias = "Callable[..., GateFacts]"
"""Takes the command of the test step, and the project's files."""

PYTEST = f"{sys.executable} -m pytest -p no:cacheprovider"
UNITTEST = f"{sys.executable} -m unittest discover -s tests"
PLAIN = "def test_sums():\n    assert 1 + 1 == 2\n"
CASE = """\
    import unittest


    class SumsTest(unittest.TestCase):
        def test_sums(self):
            self.assertEqual(1 + 1, 2)
    """
LINE = 4
LONG_AGO = 1_600_000_000


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Prove]:
    """Run the experiment, with a command run here in the place of a build. `builds` counts what it took."""
    with Run() as run:

        def prove(
            command: str, files: Mapping[str, str], withheld: str = "-", copied: str = ". ."
        ) -> GateFacts:
            folder = tmp_path / "project"
            for name, text in {
                **files,
                "Dockerfile": f"FROM x\nWORKDIR /w\nCOPY {copied}\nRUN {command}\n",
            }.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(dedent(text))
                os.utime(folder / name, (LONG_AGO, LONG_AGO))
            recipe = cast("Any", _Recipe(Project.open(folder)))
            monkeypatch.setattr(gate, "rebuild", lambda *a, keep: _built(a[2], command, keep))
            monkeypatch.setattr(gate, "reaching", lambda *a: _listed(a[2], withheld))
            bench = Bench(recipe.project, run)
            baseline = _built(folder, command, lambda _line: False)
            assert baseline.ok, baseline.output
            return gate.run(cast("Any", None), recipe, bench, baseline)

        yield prove


class _Recipe:
    def __init__(self, project: Project) -> None:
        self.project = project


def _built(context: Path, command: str, keep: Callable[[str], bool]) -> BuildFacts:
    """Run the command as the one step of a build."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    ended = subprocess.run(
        ["/bin/sh", "-c", command], cwd=context, env=environment, capture_output=True, text=True, check=False
    )
    lines = tuple((ended.stdout + ended.stderr).splitlines())
    step = Step(
        "[4/4] RUN", "", LINE, f"RUN {command}", started=True, log=lines, kept=tuple(filter(keep, lines))
    )
    failed = step if ended.returncode else None
    return BuildFacts(ended.returncode == 0, (step,), 0.1, failed_step=failed, output=lines[-5:])


def _listed(context: Path, withheld: str) -> frozenset[str]:
    paths = (str(path.relative_to(context)) for path in context.rglob("*"))
    return frozenset(path for path in paths if not path.startswith(withheld))


def names(facts: GateFacts, *, stops: bool | None) -> list[str]:
    """List the files of which this was seen, excused ones apart; a new file by its folder."""
    found = [each for each in facts.planted if each.stops is stops and not each.excuse]
    return sorted(_short(each) for each in found)


def _short(planted: PlantedFile) -> str:
    return f"{planted.path.rpartition('/')[0]}/NEW" if planted.is_new else planted.path


# --- what holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "--tb=no", "-qq --tb=short --assert=plain -k sums"])
def test_pytest_tells_of_every_file(outcome: Prove, options: str) -> None:
    """However little it says, each file and the new one beside them are told of."""
    facts = outcome(f"{PYTEST} {options}", {"tests/test_a.py": PLAIN, "tests/test_b.py": CASE})
    assert names(facts, stops=True) == ["tests/NEW", "tests/test_a.py", "tests/test_b.py"]
    assert {each.line for each in facts.planted} == {LINE}
    assert names(facts, stops=False) == []


def test_unittest_tells_of_every_file(outcome: Prove) -> None:
    """A new file beside TestCases is one of them."""
    facts = outcome(UNITTEST, {"tests/test_a.py": CASE, "tests/test_b.py": CASE})
    assert names(facts, stops=True) == ["tests/NEW", "tests/test_a.py", "tests/test_b.py"]


def test_names_of_another_pattern_are_kept_to(outcome: Prove) -> None:
    """A new file is called as its neighbours are, whatever pattern the runner is given."""
    facts = outcome(f"{UNITTEST} -p 'check_*.py'", {"tests/check_a.py": CASE})
    assert names(facts, stops=True) == ["tests/NEW", "tests/check_a.py"]


@pytest.mark.parametrize("option", ["-m fast", "-m 'fast and not slow'"])
def test_marks_that_select_are_borne(outcome: Prove, option: str) -> None:
    """A planted test is marked as those around it."""
    marked = "import pytest\n\n\n@pytest.mark.fast\ndef test_a():\n    assert 1\n"
    settings = "[pytest]\nmarkers =\n    fast\n    slow\n"
    facts = outcome(f"{PYTEST} {option}", {"tests/test_a.py": marked, "pytest.ini": settings})
    assert names(facts, stops=True) == ["tests/NEW", "tests/test_a.py"]


def test_a_runner_that_stops_at_the_first_failure_is_asked_by_warnings(outcome: Prove) -> None:
    """Each build tells of one file more; what is still open then, tests that pass and warn tell of."""
    files = {f"tests/test_{letter}.py": PLAIN for letter in "abcdefgh"}
    facts = outcome(f"{PYTEST} -x", files)
    assert names(facts, stops=False) == []
    assert len(names(facts, stops=True)) >= 4


def test_examples_are_tests_where_they_are_run(outcome: Prove) -> None:
    """A failing example goes in front of the first one, where what is defined last is still to come."""
    module = '''\
        """Sums.

        >>> 1 + 1
        2
        """

        if __name__ == "__main__":
            import doctest, sys

            sys.exit(doctest.testmod().failed)
        '''
    facts = outcome(f"{sys.executable} sums.py", {"sums.py": module})
    assert names(facts, stops=True) == ["sums.py"]


# --- what does not ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["|| true", "; exit 0", "| cat", "& wait"])
def test_a_lost_exit_code_is_seen_with_the_line_that_told(outcome: Prove, ending: str) -> None:
    """The tests fail, their output says so, and the step succeeds all the same."""
    facts = outcome(f"{PYTEST} {ending}", {"tests/test_a.py": PLAIN})
    assert names(facts, stops=False) == ["tests/NEW", "tests/test_a.py"]
    assert all("AssertionError" in (each.said or "") for each in facts.planted)


def test_a_file_that_the_settings_ignore_is_seen(outcome: Prove) -> None:
    """Others stop the build; it does not."""
    settings = "[pytest]\naddopts = --ignore=tests/test_b.py\n"
    facts = outcome(PYTEST, {"tests/test_a.py": PLAIN, "tests/test_b.py": PLAIN, "pytest.ini": settings})
    assert names(facts, stops=True) == ["tests/NEW", "tests/test_a.py"]
    assert names(facts, stops=False) == ["tests/test_b.py"]


def test_a_runner_pointed_at_a_harmless_folder_is_seen(outcome: Prove) -> None:
    """One test that passes always is no gate for the others."""
    facts = outcome(f"{PYTEST} smoke", {"smoke/test_nothing.py": PLAIN, "tests/test_a.py": PLAIN})
    assert names(facts, stops=False) == ["tests/test_a.py"]


def test_plain_asserts_without_effect_are_seen(outcome: Prove) -> None:
    """`python -O` leaves them out."""
    text = CASE.replace("self.assertEqual(1 + 1, 2)", "assert 1 + 1 == 2")
    facts = outcome(f"{sys.executable} -O -m unittest discover -s tests", {"tests/test_a.py": text})
    assert names(facts, stops=False) == ["tests/NEW", "tests/test_a.py"]
    assert facts.endings == {LINE: "OK"}


def test_single_files_leave_out_what_is_new(outcome: Prove) -> None:
    """All files of today are named, and none of tomorrow."""
    files = {"tests/test_a.py": PLAIN, "tests/test_b.py": PLAIN}
    facts = outcome(f"{PYTEST} tests/test_a.py tests/test_b.py", files)
    assert names(facts, stops=False) == ["tests/NEW"]


@pytest.mark.parametrize(
    "command", [f"{PYTEST} tests/api; {PYTEST} tests/unit", f"for d in api unit; do {PYTEST} tests/$d; done"]
)
def test_of_several_runners_in_one_step_each_must_count(outcome: Prove, command: str) -> None:
    """The last one's exit code is the step's: failures of the first are told, and lost."""
    facts = outcome(command, {"tests/api/test_a.py": PLAIN, "tests/unit/test_b.py": PLAIN})
    assert names(facts, stops=False) == ["tests/api/NEW", "tests/api/test_a.py"]


def test_what_is_planted_is_not_known_by_its_time(outcome: Prove) -> None:
    """A step that runs tests only where nothing is new runs them."""
    facts = outcome(
        f"test -n \"$(find tests -name '*.py' -newermt 2021-01-01)\" || {PYTEST}", {"tests/test_a.py": PLAIN}
    )
    assert names(facts, stops=True) == ["tests/NEW", "tests/test_a.py"]


def test_a_linter_that_quotes_the_planted_text_ran_no_test(outcome: Prove) -> None:
    """The number is not in the text: where passing tests in their place fail as well, nothing is shown."""
    facts = outcome(
        f"cat tests/*.py; test $(cat tests/*.py | wc -l) = 2 && {PYTEST} || exit 1",
        {"tests/test_a.py": PLAIN},
    )
    assert facts.passes_without is False
    assert names(facts, stops=True) == []


def test_a_silent_runner_is_believed_where_passing_tests_get_through(outcome: Prove) -> None:
    """Nothing is told of any test, twice at the same line, and with passing ones it succeeds."""
    facts = outcome(f"{PYTEST} > /dev/null 2>&1", {"tests/test_a.py": PLAIN})
    assert facts.passes_without is True
    assert (facts.failed_line, facts.error) == (LINE, None)


# --- what is excused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("tests/integration/test_b.py", PLAIN, "integration"),
        ("tests/e2e/test_b.py", PLAIN, "e2e"),
        ("tests/test_b.py", f"import pytest\n\npytest.importorskip('nowhere')\n\n\n{PLAIN}", "skipped"),
        ("tests/test_b.py", f"import pytest\n\npytestmark = pytest.mark.slow\n\n\n{PLAIN}", "marked slow"),
        ("tests/fixtures/test_b.py", PLAIN, "fixtures"),
        ("other/tests/test_b.py", PLAIN, "another project"),
        ("tests/hidden/test_b.py", PLAIN, "ignore file"),
    ],
)
def test_what_may_be_left_out_is_told_with_its_reason(outcome: Prove, path: str, text: str, why: str) -> None:
    """No accusation, where a file's name, its own text, its marks or its place say why it is not run."""
    files = {
        "tests/test_a.py": PLAIN,
        path: text,
        "other/pyproject.toml": "",
        "pytest.ini": "[pytest]\nmarkers =\n    slow\n",
    }
    ignored = "" if "slow" in text or "importorskip" in text else f"--ignore={path.rpartition('/')[0]}"
    facts = outcome(f"{PYTEST} {ignored} -m 'not slow'", files, withheld="tests/hidden")
    assert names(facts, stops=False) == []
    (excused,) = [each for each in facts.planted if each.path == path]
    assert excused.stops is None
    assert why in (excused.excuse or "")


@pytest.mark.parametrize(
    ("copied", "accused"),
    [("tests/test_a.py tests/", []), ("tests/*.py tests/", ["tests/NEW"])],
)
def test_a_new_file_that_no_copy_takes_is_no_fault_of_the_runner(
    outcome: Prove, copied: str, accused: list[str]
) -> None:
    """Where the Dockerfile copies tests by their names, it says which; where it copies what is there, it must run it."""
    facts = outcome(f"{PYTEST} tests/test_a.py", {"tests/test_a.py": PLAIN}, copied=copied)
    assert names(facts, stops=True) == ["tests/test_a.py"]
    assert names(facts, stops=False) == accused


def test_nothing_is_excused_where_nothing_is_run(outcome: Prove) -> None:
    """All tests skipped: that none stops the build is seen."""
    conftest = """\
        import pytest


        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.skip)
        """
    facts = outcome(PYTEST, {"tests/test_a.py": PLAIN, "tests/conftest.py": conftest})
    assert {each.stops for each in facts.planted} == {False}
    assert facts.endings[LINE].startswith("3 skipped")


# --- what is planted -------------------------------------------------------------------------------

MIXED = '''\
    """Sums."""

    import unittest

    import pytest


    class SumsTest(unittest.TestCase):
        def test_sums(self) -> None:
            """It adds."""
            self.assertEqual(1 + 1, 2)

        @unittest.skip("later")
        def test_later(self): ...


    @pytest.mark.fast
    @pytest.mark.parametrize("number", [1])
    async def test_numbers(number) -> None:
        assert number'''


def test_planted_tests_are_written_as_their_neighbours_are() -> None:
    """A method in a TestCase, a plain assert in a function; marks that select are borne, skipped ones not imitated."""
    text = dedent(MIXED)
    spot = teststyle.plan("tests/test_a.py", text.encode())
    written = spot.content("fails").decode()
    assert "\n".join(line for line in text.splitlines()[:12]) in written
    assert re.search(
        r'    def test_sums_\w+\(self\) -> None:\n        """The \w+ \w+\."""\n        self\.assertEqual\(',
        written,
    )
    assert re.search(r"@pytest\.mark\.fast\ndef test_numbers_\w+\(\) -> None:\n    \w+ = \d", written)
    assert "test_later_" not in written
    for test in spot.tests:
        assert str(test.sum.value) not in written
        assert eval(test.sum.text) == test.sum.value  # noqa: S307 - it is ours


@pytest.mark.parametrize(
    "text", [PLAIN.replace("\n", "\r\n"), "def test_a():\n\tassert 1", "class T:\n  def test_x(self): pass\n"]
)
def test_what_is_planted_keeps_to_line_ends_and_indents(text: str) -> None:
    """Files of every form still compile, and their own lines stay."""
    written = teststyle.plan("test_a.py", text.encode()).content("fails")
    compile(written, "test_a.py", "exec")
    assert (b"\r\n" in written) == ("\r\n" in text)
    assert text.split(maxsplit=1)[0] in written.decode()


def test_a_file_for_a_newer_python_is_planted_at_its_end() -> None:
    """What this Python cannot parse is left as it is."""
    text = b"import unittest\n\ndef test_new[T](x ::= 1):\n    pass\n"
    written = teststyle.plan("test_a.py", text).content("fails")
    assert written.startswith(text)
    assert b"assert" in written


def test_what_is_planted_differs_each_time_and_says_nothing_of_us() -> None:
    """No word that a project could look for: names come from its own tests, numbers from chance."""
    made = set()
    for _ in range(20):
        spot = teststyle.plan("tests/test_a.py", dedent(MIXED).encode())
        new = beside([spot], "tests")
        text = f"{new.path}\n{new.content('fails').decode()}\n{spot.content('fails').decode()}"
        assert not re.search(r"hullproof|planted|canary|gate", text, re.IGNORECASE)
        made.add(text)
    lines = [set(text.splitlines()) - set(dedent(MIXED).splitlines()) for text in made]
    assert len(made) == 20
    assert set.intersection(*lines) <= {
        "",
        '"""',
        "import unittest",
        "import pytest",
        "pytestmark = [pytest.mark.fast]",
    }


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["test_a.py"], r"test_\w+\.py"),
        (["a_test.py", "b_test.py"], r"\w+_test\.py"),
        (["tests.py"], r"test_\w+\.py"),
        (["check_a.py"], r"check_\w+\.py"),
        (["test_a.py", "test_b_c.py"], r"test_\w+\.py"),
    ],
)
def test_a_new_file_is_named_as_its_neighbours_are(names: list[str], pattern: str) -> None:
    """By the word that they have in front, or at the end."""
    spots = [teststyle.plan(name, PLAIN.encode()) for name in names]
    assert re.fullmatch(pattern, beside(spots, "").path)


# --- which files hold tests ------------------------------------------------------------------------


def test_files_are_tests_by_what_they_hold(tmp_path: Path) -> None:
    """A stub without a test is none, nor is a package that is called so; a helper holds tests that no runner looks for."""
    files = {
        "shop/tests.py": "from django.test import TestCase\n\n# Create your tests here.\n",
        "exams/tests/models.py": "class Exam: ...\n",
        "tests/test_a.py": PLAIN,
        "tests/test_empty.py": "",
        "tests/common.py": dedent(CASE),
        "env/pyvenv.cfg": "",
        "env/lib/test_x.py": PLAIN,
        "README.md": ">>> 1\n1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert suites.find(tmp_path) == ("tests/test_a.py",)
    assert {(each.path, each.is_named_so) for each in suites.scan(tmp_path, "")} == {
        ("tests/test_a.py", True),
        ("tests/common.py", False),
    }
    assert "README.md" in {each.path for each in suites.scan(tmp_path, "RUN pytest --doctest-glob=*.md")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\npython_files = check_*.py\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\npython_files = ["check_*.py"]\n'),
    ],
)
def test_configured_names_are_looked_for(tmp_path: Path, name: str, text: str) -> None:
    """Test files of another name are found where pytest is told of it."""
    (tmp_path / name).write_text(text)
    (tmp_path / "check_a.py").write_text(PLAIN)
    assert suites.find(tmp_path) == ("check_a.py",)


def test_where_names_are_fixed_no_file_is_put_beside(outcome: Prove) -> None:
    """With `python_files = tests.py` one of another name would not be found."""
    files = {"shop/tests.py": PLAIN, "pytest.ini": "[pytest]\npython_files = tests.py\n"}
    assert [each.path for each in outcome(PYTEST, files).planted] == ["shop/tests.py"]
