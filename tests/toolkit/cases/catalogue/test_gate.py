"""A failing test does not stop the release's build."""

from __future__ import annotations

from .model import Case, Edit, append, before, delete, dockerfile, without, write

TESTS = "RUN python -m pytest"
COPY_TESTS = "COPY tests/ tests/"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"


def tested(how: str) -> tuple[Edit, ...]:
    """Return the edit that runs the tests another way."""
    return (dockerfile(TESTS, how),)


CASES = (
    Case("test-gate/not-run", "the tests are copied and never run", (without(TESTS),)),
    Case("test-gate/commented-out", "the test step is a comment", tested(f"# {TESTS}")),
    Case("test-gate/or-true", "a failure is no failure: || true", tested(f"{TESTS} || true")),
    Case("test-gate/then-true", "another command has the last word: ; true", tested(f"{TESTS}; true")),
    Case("test-gate/exit-zero", "the step ends well whatever happens: ; exit 0", tested(f"{TESTS}; exit 0")),
    Case("test-gate/or-echo", "a failure is told and forgotten", tested(f'{TESTS} || echo "tests failed"')),
    Case("test-gate/pipe", "a pipe ends as its last command does", tested(f"{TESTS} | tee /tmp/tests.log")),
    Case("test-gate/background", "nobody waits for the tests", tested(f"{TESTS} & sleep 2")),
    Case(
        "test-gate/if",
        "a condition takes the failure",
        tested('RUN if ! python -m pytest; then echo "tests failed"; fi'),
    ),
    Case(
        "test-gate/find",
        "find starts the runner, once a file, and never fails",
        tested("RUN find tests -name 'test_*.py' -exec python -m pytest {} \\;"),
    ),
    Case(
        "test-gate/doctests-forgiven",
        "examples in the code are all the tests, and are let fail",
        (
            delete("tests"),
            append(
                "greeter/words.py",
                '\n\ndef same(text):\n    """\n    >>> same(1)\n    1\n    """\n    return text\n',
            ),
            dockerfile(f"{COPY_TESTS}\n{TESTS}", "RUN python -m doctest greeter/words.py || true"),
        ),
    ),
    Case(
        "test-gate/runner-forgives",
        "the settings of tox let its command fail",
        (
            append("requirements-dev.txt", "tox\n"),
            write(
                "tox.ini",
                """\
                [tox]
                skipsdist = true

                [testenv]
                ignore_outcome = true
                system_site_packages = true
                set_env = PYTHONDONTWRITEBYTECODE=1
                deps = -r requirements.txt
                       -r requirements-dev.txt
                commands = python -m pytest
                """,
            ),
            dockerfile(COPY_TESTS, f"COPY tox.ini ./\n{COPY_TESTS}"),
            *tested("RUN tox -e py"),
        ),
    ),
    Case(
        "test-gate/skipped",
        "a conftest skips every test unless a variable is set",
        (
            write(
                "tests/conftest.py",
                """\
                import os

                import pytest


                def pytest_collection_modifyitems(items):
                    if not os.environ.get("CI"):
                        for item in items:
                            item.add_marker(pytest.mark.skip)
                """,
            ),
        ),
    ),
    Case(
        "test-gate/negated",
        "the result is turned round and ignored",
        tested(f"{TESTS.replace('RUN', 'RUN !')} || :"),
    ),
    Case(
        "test-gate/report-after",
        "showing the report is what counts",
        tested(f"{TESTS} > /tmp/tests.log 2>&1; cat /tmp/tests.log"),
    ),
    Case(
        "test-gate/set-plus-e",
        "a heredoc whose last command counts",
        tested("RUN <<END\nset +e\npython -m pytest\necho tested\nEND"),
    ),
    Case(
        "test-gate/heredoc-without-e",
        "a heredoc in which nothing stops at a failure",
        tested("RUN <<END\npython -m pytest\npython --version\nEND"),
    ),
    Case("test-gate/trap", "a trap ends the step well", tested("RUN trap 'exit 0' EXIT; python -m pytest")),
    Case(
        "test-gate/shell-that-forgives",
        "the shell of all steps swallows failures",
        tested('SHELL ["/bin/sh", "-c", "eval \\"$0\\" || true"]\n' + TESTS),
    ),
    Case(
        "test-gate/script",
        "a script goes on after the tests",
        (
            *tested("COPY check.sh ./\nRUN sh check.sh"),
            write("check.sh", "#!/bin/sh\npython -m pytest\necho checked\n"),
        ),
    ),
    Case(
        "test-gate/make",
        "a make rule that ignores the failure",
        (
            *tested("COPY Makefile ./\nRUN make test"),
            before(
                "COPY requirements-dev.txt ./",
                "RUN apt-get update && apt-get install -y --no-install-recommends make",
            ),
            write("Makefile", "test:\n\t-python -m pytest\n"),
        ),
    ),
    Case(
        "test-gate/python-main",
        "a program starts the runner and drops its result",
        tested("RUN python -c \"import pytest; pytest.main(['tests'])\""),
    ),
    Case(
        "test-gate/subprocess",
        "a script starts the runner and drops its result",
        (
            *tested("COPY check.py ./\nRUN python check.py"),
            write(
                "check.py",
                """\
                import subprocess

                subprocess.run(["python", "-m", "pytest"], check=False)
                """,
            ),
        ),
    ),
    Case(
        "test-gate/only-when-asked",
        "the tests run only if a build argument says so",
        tested('ARG RUN_TESTS=\nRUN [ -z "$RUN_TESTS" ] || python -m pytest'),
    ),
    Case(
        "test-gate/nothing-selected",
        "no test is selected, and that is accepted",
        tested(f"{TESTS} -k nothing || [ $? -eq 5 ]"),
    ),
    Case("test-gate/collected-only", "the tests are listed, not run", tested(f"{TESTS} --collect-only")),
    Case(
        "test-gate/collected-only-by-configuration",
        "the configuration lists the tests instead of running them",
        (
            write("pytest.ini", "[pytest]\naddopts = --collect-only\n"),
            dockerfile(COPY_TESTS, f"COPY pytest.ini ./\n{COPY_TESTS}"),
        ),
    ),
    Case("test-gate/one-file", "one file is named", tested(f"{TESTS} tests/test_words.py")),
    Case(
        "test-gate/files-one-by-one",
        "each file is named, so that a new one is not run",
        tested(f"{TESTS} tests/test_words.py tests/test_service.py"),
    ),
    Case(
        "test-gate/one-test",
        "one test is named",
        tested(f"{TESTS} tests/test_words.py::test_a_name_is_greeted"),
    ),
    Case(
        "test-gate/other-directory",
        "the configuration names another directory than the tests'",
        (
            write("pytest.ini", "[pytest]\ntestpaths = smoke\n"),
            write("smoke/test_nothing.py", "def test_nothing():\n    pass\n"),
            dockerfile(COPY_TESTS, f"COPY pytest.ini ./\nCOPY smoke/ smoke/\n{COPY_TESTS}"),
        ),
    ),
    Case(
        "test-gate/deselected",
        "a conftest drops what was collected",
        (
            write(
                "tests/conftest.py",
                """\
                def pytest_collection_modifyitems(items):
                    items[:] = [item for item in items if item.name == "test_it_answers"]
                """,
            ),
        ),
    ),
    Case(
        "test-gate/all-expected-to-fail",
        "a conftest expects every test to fail",
        (
            write(
                "tests/conftest.py",
                """\
                import pytest


                def pytest_collection_modifyitems(items):
                    for item in items:
                        item.add_marker(pytest.mark.xfail)
                """,
            ),
        ),
    ),
    Case(
        "test-gate/status-set",
        "a conftest sets the runner's result",
        (
            write(
                "tests/conftest.py",
                """\
                def pytest_sessionfinish(session):
                    session.exitstatus = 0
                """,
            ),
        ),
    ),
    Case(
        "test-gate/unittest-pattern",
        "a pattern that no test file fits, with a runner that is content with none",
        tested("RUN python -m unittest discover -s tests -p 'check_*.py'"),
    ),
    Case(
        "test-gate/tests-not-in-context",
        "the ignore file hides the tests, and none is enough",
        (
            append(".dockerignore", "tests\n"),
            dockerfile(
                f"COPY greeter/ greeter/\n{COPY_TESTS}\n{TESTS}", f"COPY . .\n{TESTS} || [ $? -eq 5 ]"
            ),
        ),
        also_expected=frozenset({"dockerignore"}),
    ),
    Case(
        "test-gate/tests-not-copied",
        "the tests are not in the stage that runs them",
        (dockerfile(f"{COPY_TESTS}\n{TESTS}", f"{TESTS} || test $? = 5"),),
    ),
    Case(
        "test-gate/stage-skipped",
        "the release needs nothing of the test stage, so that it is never built",
        (dockerfile(CODE, "COPY --chown=app:app greeter/ greeter/"),),
    ),
    Case(
        "test-gate/stage-skipped-by-deps",
        "the release takes the code from a stage before the tests",
        (
            dockerfile("FROM deps AS test", "FROM deps AS code\nCOPY greeter/ greeter/\n\nFROM code AS test"),
            dockerfile("requirements-dev.txt\nCOPY greeter/ greeter/", "requirements-dev.txt"),
            dockerfile(CODE, CODE.replace("--from=test", "--from=code")),
        ),
    ),
    Case(
        "test-gate/as-command",
        "the tests are the test stage's command, which no build runs",
        tested('CMD ["python", "-m", "pytest"]'),
    ),
    Case(
        "test-gate/on-build", "the tests wait for somebody to build on the stage", tested(f"ONBUILD {TESTS}")
    ),
    Case(
        "test-gate/as-health-check",
        "the tests are a health check, which no build runs",
        tested("HEALTHCHECK CMD python -m pytest"),
    ),
    Case(
        "test-gate/no-tests",
        "the project has no tests",
        (
            delete("tests"),
            without(COPY_TESTS),
            dockerfile(TESTS, "RUN python -m compileall -q greeter && rm -r greeter/__pycache__"),
        ),
        also_expected=frozenset({"multistage"}),
        may_be_unproven=frozenset({"multistage"}),
    ),
    Case(
        "test-gate/no-test-stage",
        "two stages, and neither tests",
        (
            dockerfile(
                "FROM deps AS test\n"
                "COPY requirements-dev.txt ./\n"
                "RUN pip install --no-cache-dir -r requirements-dev.txt\n"
                "COPY greeter/ greeter/\n"
                "COPY tests/ tests/\n"
                "RUN python -m pytest\n\n",
                "",
            ),
            dockerfile(CODE, "COPY --chown=app:app greeter/ greeter/"),
            delete("requirements-dev.txt"),
        ),
    ),
)
