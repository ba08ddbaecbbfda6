"""The pytest plugin without an engine: what is collected, what a verdict comes to, and that it is inert unless used."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from hullproof import pytest_plugin
from hullproof.errors import UsageError
from hullproof.facts import ContainerFacts, FileEntry, ImageFacts, Unobservable
from hullproof.practices import GUIDE
from hullproof.pytest_plugin import session
from hullproof.pytest_plugin.container import Container, Files, Image
from hullproof.pytest_plugin.findings import why_not_ready

from . import stubworkspace

pytest_plugins = ["pytester"]

DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\n"
NO_ENGINE = "unix:///nowhere/docker.sock"
EXPERIMENTS = {"requirements-first", "test-gate", "dockerignore"}

# For a pytest that is a process of its own.
CONFTEST = """
from hullproof.pytest_plugin import session
from toolkit.stubworkspace import set_up

session._set_up = set_up
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a Dockerfile and one test, where no engine is."""
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    monkeypatch.delenv("HULLPROOF_IMAGE", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("CI", raising=False)
    pytester.makefile("", Dockerfile=DOCKERFILE)
    pytester.makefile(".ini", pytest="[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    pytester.makepyfile(test_own="def test_own(): pass\n")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest as a process of its own."""
    return project.runpytest_subprocess("-p", "no:docker", *arguments)


def run_here(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest within this process, which takes a tenth of the time."""
    return project.runpytest_inprocess("-p", "no:docker", *arguments)


def collected(project: pytest.Pytester, *arguments: str) -> list[str]:
    """Name the items that are collected."""
    result = run_here(project, "--collect-only", "-q", *arguments)
    assert result.ret in (0, 5), result.stdout.str() + result.stderr.str()
    return [line for line in result.outlines if "::" in line]


class Stubbed:
    """Runs pytest with verdicts from a table in the place of real ones."""

    def __init__(self, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take where to run it."""
        self.path = project.path
        self._project = project
        monkeypatch.setenv(stubworkspace.FOLDER, str(project.path))
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        monkeypatch.setattr(session, "_set_up", stubworkspace.set_up)

    def __call__(self, *arguments: str, **table: Any) -> pytest.RunResult:  # noqa: ANN401 - JSON
        """Run it: `judged("--hullproof", test_gate=["broken", "It does not hold."])`."""
        entries = {name.replace("_", "-"): entry for name, entry in table.items()}
        (self.path / "table.json").write_text(json.dumps(entries))
        if not any(each.startswith("-n") for each in arguments):
            return run_here(self._project, *arguments)
        self._project.makeconftest(CONFTEST)
        return run(self._project, *arguments)

    def asked(self) -> list[str]:
        """Say what was asked of the workspace since the last time."""
        notes = self.path / "asked.txt"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return lines


@pytest.fixture
def judged(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Stubbed:
    """Run pytest with verdicts from a table."""
    return Stubbed(project, monkeypatch)


# --- inert -------------------------------------------------------------------------------------------


def test_unused_it_imports_nothing_and_leaves_signals_alone(project: pytest.Pytester) -> None:
    """Neither the SDK nor any other part of Hullproof is loaded; the handlers are Python's own."""
    project.makepyfile(
        test_own="""
        import signal, sys

        def test_own():
            loaded = {name for name in sys.modules if name.partition(".")[0] in
                      ("hullproof", "docker", "rich", "jinja2", "click", "requests", "tenacity", "dockerfile")}
            assert loaded == {"hullproof", "hullproof.pytest_plugin"}
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        """
    )
    run(project).assert_outcomes(passed=1)


def test_unused_it_prints_nothing(project: pytest.Pytester) -> None:
    """The output is that of a pytest without it, but for the list of plugins."""

    def said(*more: str) -> list[str]:
        lines = run(project, "-v", *more).outlines
        return [re.sub(r"in \d.*", "", line) for line in lines if not line.startswith("plugins:")]

    assert said() == said("-p", "no:hullproof")


def test_it_can_be_switched_off(project: pytest.Pytester) -> None:
    """By the name that pytest shows; its options are then unknown."""
    assert run(project, "-p", "no:hullproof", "--hullproof").ret == pytest.ExitCode.USAGE_ERROR


def test_what_tests_name_in_annotations_can_be_imported() -> None:
    """Each public class, when it is asked for; nothing else."""
    for name in pytest_plugin.__all__:
        assert getattr(pytest_plugin, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Contaner'"):
        pytest_plugin.Contaner  # noqa: B018 - it is asked for


# --- collecting --------------------------------------------------------------------------------------


def test_without_the_option_no_practice_is_collected(project: pytest.Pytester) -> None:
    """The Dockerfile in the folder is passed over."""
    assert collected(project) == ["test_own.py::test_own"]


def test_the_option_adds_an_item_for_each_practice(project: pytest.Pytester) -> None:
    """In the guide's order, after the tests."""
    assert collected(project, "--hullproof") == [
        "test_own.py::test_own",
        *(f"Dockerfile::{name}" for name in GUIDE),
    ]


def test_the_tree_of_items_reads_well(project: pytest.Pytester) -> None:
    """A Dockerfile is a file of practices."""
    result = run_here(project, "--collect-only", "--hullproof")
    result.stdout.fnmatch_lines(["<Dockerfile Dockerfile>", "  <Practice slim-base>", "*12 tests collected*"])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-k", "test-gate"], ["test-gate"]),
        (["-k", "not (hullproof or own)"], []),
        (["-m", "hullproof"], list(GUIDE)),
        (["--hullproof-no-experiments", "-m", "hullproof"], [n for n in GUIDE if n not in EXPERIMENTS]),
        (["--hullproof-only", "expose, workdir", "-m", "hullproof"], ["workdir", "expose"]),
        (["Dockerfile::expose"], ["expose"]),
        (["Dockerfile::expose", "Dockerfile::workdir"], ["expose", "workdir"]),
        (["Dockerfile", "."], [*GUIDE]),
    ],
)
def test_practices_are_selected_as_tests_are(
    project: pytest.Pytester, arguments: list[str], names: list[str]
) -> None:
    """By keyword, by mark, by option, by id, and never twice."""
    found = collected(project, "--hullproof", *arguments)
    assert sorted(each for each in found if "Dockerfile" in each) == sorted(f"Dockerfile::{n}" for n in names)


def test_a_named_dockerfile_needs_no_option(project: pytest.Pytester) -> None:
    """So that the id of a failed item can be pasted behind `pytest`."""
    assert collected(project, "Dockerfile::test-gate") == ["Dockerfile::test-gate"]
    assert collected(project, "--hullproof-only=workdir", "test_own.py")[-1] == "Dockerfile::workdir"


def test_a_folder_of_tests_that_is_called_so_asks_for_nothing(project: pytest.Pytester) -> None:
    """What is named is a folder, `tests/dockerfile`, and no Dockerfile: nothing is proven unasked."""
    project.mkdir("dockerfile").joinpath("test_parse.py").write_text("def test_parse(): pass\n")
    assert collected(project, "dockerfile") == ["dockerfile/test_parse.py::test_parse"]


def test_a_test_file_about_dockerfiles_is_none(project: pytest.Pytester) -> None:
    """Whoever asks for their own test of that name gets that test, and no proof."""
    project.makepyfile(test_dockerfile="def test_it(): pass")
    assert collected(project, "test_dockerfile.py") == ["test_dockerfile.py::test_it"]


def test_only_what_is_asked_for_is_collected_beside_named_tests(project: pytest.Pytester) -> None:
    """Practices come on top of the paths that are named, and of `testpaths`."""
    project.makefile(".ini", pytest="[pytest]\ntestpaths = tests\n")
    project.mkdir("tests").joinpath("test_more.py").write_text("def test_more(): pass\n")
    assert collected(project, "--hullproof-only=workdir") == [
        "tests/test_more.py::test_more",
        "Dockerfile::workdir",
    ]


def test_the_project_may_be_elsewhere(project: pytest.Pytester, tmp_path: Path) -> None:
    """Below the rootdir or outside of it, under the name that its configuration gives its Dockerfile."""
    for folder in (project.path / "services" / "web", tmp_path / "outside"):
        folder.mkdir(parents=True)
        (folder / "web.Dockerfile").write_text(DOCKERFILE)
        (folder / "hullproof.toml").write_text('dockerfile = "web.Dockerfile"\n')
        found = collected(project, "--hullproof-only=workdir", f"--hullproof-project={folder}")
        assert found[0] == "test_own.py::test_own"
        assert re.fullmatch(r"[^ ]*web\.Dockerfile::workdir", found[1]), found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hullproof-only=test-gat"], "there is no practice called 'test-gat'; did you mean 'test-gate'?"),
        (
            ["--hullproof-project=services"],
            "services: no such folder; give the folder that holds the Dockerfile",
        ),
        (["--hullproof-build-arg=PYTHON"], "--hullproof-build-arg: 'PYTHON' must be NAME=VALUE"),
        (["--hullproof-output=report.odt"], "report.odt: no format has this ending; use "),
        (["--hullproof-output=no/report.md"], "no/report.md: there is no folder "),
    ],
)
def test_wrong_usage_is_said_in_a_line_before_anything_is_done(
    project: pytest.Pytester, arguments: list[str], message: str
) -> None:
    """With pytest's exit code for it."""
    result = run_here(project, "--hullproof", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line]
    assert line.startswith("ERROR: ")
    assert message in line


# --- no engine ---------------------------------------------------------------------------------------

USES = """
def test_image(hullproof_image): assert False
def test_shared(hullproof_container): assert False
def test_fresh(hullproof_fresh_container): assert False
def test_boot(hullproof_boot): assert False
"""


def test_without_an_engine_all_is_skipped_with_the_reason(project: pytest.Pytester) -> None:
    """Fixtures and practices; other tests run as ever."""
    project.makepyfile(test_image=USES)
    result = run_here(project, "--hullproof", "-rs")
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=15)
    reason = "no Docker engine: /nowhere/docker.sock does not exist; `hullproof doctor` says *"
    result.stdout.fnmatch_lines([f"SKIPPED [[]11[]] Dockerfile:1: {reason}"])
    assert "hullproof -" not in result.stdout.str()


def test_where_an_engine_is_required_its_absence_is_a_failure(project: pytest.Pytester) -> None:
    """One line for each, without a traceback."""
    project.makepyfile(test_image=USES)
    result = run_here(project, "--hullproof", "--hullproof-require-engine")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=15)
    said = result.stdout.str()
    assert said.count("\nno Docker engine: /nowhere/docker.sock does not exist; ") == 15
    assert "Traceback" not in said
    assert "workspace.py" not in said
    assert "session.py" not in said


def test_a_project_that_cannot_be_read_is_a_line_too(project: pytest.Pytester) -> None:
    """For tests that use fixtures, as it is for practices."""
    project.makepyfile(test_image=USES)
    (project.path / "Dockerfile").unlink()
    result = run_here(project)
    result.assert_outcomes(passed=1, errors=4)
    assert (
        len(
            re.findall(
                r"(?m)^/\S+/Dockerfile: no such file; `hullproof init` writes one", result.stdout.str()
            )
        )
        == 4
    )


def test_where_nothing_was_judged_no_report_is_written(project: pytest.Pytester) -> None:
    """And that is said."""
    result = run_here(project, "--hullproof", "--hullproof-output=r.json")
    result.stdout.fnmatch_lines(["no report was written, nothing was judged"])
    assert not (project.path / "r.json").exists()


def test_with_workers_it_is_the_same(project: pytest.Pytester) -> None:
    """Skipped with its reason, once."""
    result = run(project, "--hullproof", "-rs", "-n2")
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=11)
    result.stdout.fnmatch_lines(["SKIPPED [[]11[]] Dockerfile:1: no Docker engine: *"])


# --- verdicts ----------------------------------------------------------------------------------------

ALL_KINDS = {
    "multistage": ["broken", "The release holds a test runner."],
    "non_root_user": ["unproven", "It could not be seen."],
    "ownership": ["not-applicable", "There is nothing to own."],
    "expose": ["broken", "Nothing listens.", "the vendor wants it", ""],
    "workdir": ["broken", "It works in /.", "it was to be moved", "expired"],
}


def test_each_verdict_has_its_outcome(judged: Stubbed) -> None:
    """Proven passes; broken and unproven fail; what does not apply is skipped; accepted is an expected failure."""
    result = judged("--hullproof", "-v", "-rsxf", "Dockerfile", **ALL_KINDS)
    result.assert_outcomes(passed=6, failed=3, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "Dockerfile::slim-base PASSED*",
            "Dockerfile::multistage FAILED*",
            "Dockerfile::non-root-user FAILED*",
            "Dockerfile::workdir FAILED*",
            "Dockerfile::ownership SKIPPED (There is nothing to own.)*",
            "Dockerfile::expose XFAIL (accepted until 2026-12-31: the vendor wants it)*",
            "SKIPPED [[]1[]] Dockerfile:1: There is nothing to own.",
            "XFAIL Dockerfile::expose - accepted until 2026-12-31: the vendor wants it",
            "FAILED Dockerfile::multistage - Broken: The release holds a test runner.",
            "FAILED Dockerfile::non-root-user - Unproven: It could not be seen.",
        ]
    )


def test_a_failure_shows_what_was_found_and_what_mends_it(judged: Stubbed) -> None:
    """Summary, evidence, remedy, and the day that is over; no traceback."""
    said = "\n".join(judged("--hullproof", "Dockerfile", **ALL_KINDS).outlines)
    assert textwrap.dedent("""
        The release holds a test runner.
        XX evidence XX
        Dockerfile:2: WORKDIR /app
        Fix: Do better.
        """) in re.sub(r"-{20,}", "XX", said)
    assert "accepted until 2026-12-31, now expired: it was to be moved" in said
    assert re.search(r"_ Tests run in a stage of their own, .*\(multistage\) _", said)
    assert "items.py" not in said


def test_the_summary_says_what_was_tested(judged: Stubbed) -> None:
    """The image, that its base is a look-alike, and what there is to say of acceptances."""
    result = judged("--hullproof")
    result.stdout.fnmatch_lines(
        [
            "-* hullproof -*",
            "image abababababab, 100 MB, on python:3.11-slim",
            "stand-in base: alike",
            "mind the acceptance",
        ]
    )


def test_an_engine_that_goes_away_is_a_line(judged: Stubbed) -> None:
    """And there is no report of what was not judged."""
    result = judged("--hullproof", "--hullproof-output=r.json", expose=["gone", "the engine went away"])
    result.assert_outcomes(passed=11, failed=1)
    result.stdout.fnmatch_lines(
        ["_* (expose) _*", "the engine went away", "no report was written, not judged: expose"]
    )
    assert not (judged.path / "r.json").exists()


def test_a_build_that_fails_is_told_once(judged: Stubbed) -> None:
    """With its instruction, its line and its last output; a line for all who cannot be judged because of it."""
    broken = ["unproven", "The project's own build fails: exit code: 2."]
    result = judged("--hullproof", build=["it fails"], expose=broken, workdir=broken)
    said = result.stdout.str()
    assert said.count("the build fails at Dockerfile:2: make: no rule") == 1
    assert said.count("\nmake: no rule") == 1
    assert len(re.findall(r"(?m)^The project's own build fails: exit code: 2\.", said)) == 2


# --- lazily ------------------------------------------------------------------------------------------


def test_x_stops_at_the_first_failure(judged: Stubbed) -> None:
    """What comes after it is neither gathered nor judged."""
    result = judged("--hullproof", "-x", "Dockerfile", **ALL_KINDS)
    result.assert_outcomes(passed=1, failed=1)
    assert judged.asked() == ["begin 11 one by one", "slim-base", "multistage"]


def test_what_is_deselected_is_not_asked_for(judged: Stubbed) -> None:
    """Facts are gathered side by side, for the selected practices only."""
    judged("--hullproof", "-k", "expose or own").assert_outcomes(passed=3, deselected=9)
    assert judged.asked() == ["begin 2 at once", "ownership", "expose"]


def test_failed_practices_can_be_run_again(judged: Stubbed) -> None:
    """By `--last-failed`, as any test."""
    judged("--hullproof", **ALL_KINDS)
    judged.asked()
    judged("--hullproof", "--last-failed")
    assert judged.asked() == ["begin 3 at once", "multistage", "non-root-user", "workdir"]


def test_collecting_sets_nothing_up(judged: Stubbed) -> None:
    """Neither does a session whose practices are all deselected."""
    judged("--hullproof", "--collect-only")
    judged("--hullproof", "-m", "not hullproof").assert_outcomes(passed=1, deselected=11)
    assert judged.asked() == []


# --- reports -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_the_report_is_that_of_the_command(judged: Stubbed, workers: list[str]) -> None:
    """Complete and in the guide's order, whichever worker judged what."""
    result = judged("--hullproof", "--hullproof-output=r.json", *workers, **ALL_KINDS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = json.loads((judged.path / "r.json").read_text())
    assert [proof["id"] for proof in report["proofs"]] == list(GUIDE)
    assert report["verdict"] == "broken"
    assert report["left_out"] == []
    assert "report: r.json" in result.stderr.str()
    assert result.stdout.str().count("mind the acceptance") == 1


def test_with_loadfile_one_worker_has_all_practices(judged: Stubbed) -> None:
    """So that one image is built, and one container booted, for all of them."""
    judged("--hullproof", "-n2", "--dist=loadfile")
    assert [line for line in judged.asked() if line.startswith("begin")] == ["begin 11 one by one"]


def test_a_part_is_no_report(judged: Stubbed) -> None:
    """Where -x stopped before the end, it is said what is missing."""
    result = judged("--hullproof", "-x", "--hullproof-output=r.json", workdir=["broken", "No."])
    result.stdout.fnmatch_lines(["no report was written, not judged: default-command, dockerignore, *"])
    assert not (judged.path / "r.json").exists()


def test_a_selection_is_a_report_that_says_so(judged: Stubbed) -> None:
    """What was not asked for is left out, as with `hullproof prove --only`."""
    judged("Dockerfile::expose", "--hullproof-output=r.json")
    report = json.loads((judged.path / "r.json").read_text())
    assert [proof["id"] for proof in report["proofs"]] == ["expose"]


def test_a_report_that_cannot_be_written_is_no_success(judged: Stubbed) -> None:
    """The line names the file; the exit code is that of wrong usage."""
    (judged.path / "test_own.py").write_text("import os\ndef test_own(): os.mkdir('r.json')\n")
    result = judged("--hullproof", "--hullproof-output=r.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["r.json: cannot be written (Is a directory)"])


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_junit_readers_get_what_they_want(judged: Stubbed, workers: list[str]) -> None:
    """Names, times, one outcome each with its message, and title and verdict as properties."""
    hostile = {"slim_base": ["broken", "ends \x1b[31mred\x1b[0m & <b> \x00 \ufffe here"]}
    judged("--hullproof", "--junitxml=r.xml", *workers, **ALL_KINDS, **hostile)
    suite = ET.parse(judged.path / "r.xml").getroot()[0]  # noqa: S314 - pytest's own
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "12", "failures": "4", "errors": "0", "skipped": "2"}
    outcomes = {
        name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()
    }
    failed = {"slim-base", "multistage", "non-root-user", "workdir"}
    assert {name for name, found in outcomes.items() if found == ["failure"]} == failed
    assert {name for name, found in outcomes.items() if found == ["skipped"]} == {"ownership", "expose"}
    for name in GUIDE:
        assert cases[name].get("classname") == "Dockerfile"
        assert float(cases[name].get("time", "")) >= 0
    properties = {each.get("name"): each.get("value") for each in cases["expose"].iter("property")}
    title = "The ports that the image declares are the ports that it serves"
    assert properties == {"title": title, "verdict": "accepted"}
    failure = cases["multistage"].find("failure")
    assert failure is not None
    assert failure.get("message") == "Broken: The release holds a test runner."
    assert "Fix: Do better." in str(failure.text)


# --- containers --------------------------------------------------------------------------------------


def container(*exposed: str, facts: ContainerFacts | None = None, published: int | None = 32768) -> Container:
    """A container of an image that exposes these ports."""
    image = Image(ImageFacts("sha256:12", exposed=exposed), Files(dict), SimpleNamespace())  # type: ignore[arg-type]
    booted = SimpleNamespace(
        id="ab" * 32,
        read=lambda _: b"",
        look=lambda: facts,
        published=lambda port: published if f"{port}/tcp" in exposed else None,
        state={"Status": "running" if published else "exited", "ExitCode": 3},
    )
    return Container(booted, image, "127.0.0.1", lambda _: None)  # type: ignore[arg-type]


def test_the_only_exposed_port_needs_no_name() -> None:
    """UDP ports do not count; a path is put behind."""
    one = container("5000/tcp", "53/udp")
    assert one.base_url == "http://127.0.0.1:32768"
    assert one.url("/healthz") == one.url("healthz", port=5000) == "http://127.0.0.1:32768/healthz"
    assert one.address() == ("127.0.0.1", 32768)


@pytest.mark.parametrize(
    ("exposed", "port", "message"),
    [
        ((), None, "exposes no TCP port, so none is published; EXPOSE it in the Dockerfile"),
        (("53/udp",), None, "exposes no TCP port"),
        (
            ("5000/tcp", "9000/tcp"),
            None,
            r"exposes 5000/tcp and 9000/tcp; say which is meant, as in url\(port=5000\)",
        ),
        (("5000/tcp",), 80, "80/tcp is not exposed by the image, and so not published; exposed: 5000/tcp"),
        ((), 80, "exposed: nothing"),
    ],
)
def test_an_address_that_there_is_not_is_said_with_the_way_out(
    exposed: tuple[str, ...], port: int | None, message: str
) -> None:
    """None, several, or another one."""
    with pytest.raises(UsageError, match=message):
        container(*exposed).url(port=port)


def test_a_container_that_has_ended_has_no_address() -> None:
    """That is what is said, not that the port is not exposed."""
    with pytest.raises(Unobservable, match="the container does not run: exited, exit code 3"):
        container("5000/tcp", published=None).address()


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            ContainerFacts(exit_code=3, lived_s=0.24),
            "the container ended with exit code 3 after 0.2 s: nothing is",
        ),
        (ContainerFacts(unobservable="no Python"), "nothing can be seen inside the container: no Python"),
    ],
)
def test_facts_that_could_not_be_seen_are_no_empty_lists(facts: ContainerFacts, message: str) -> None:
    """A test that goes through the processes must not pass because there are none to go through."""
    with pytest.raises(Unobservable, match=message):
        container(facts=facts).facts  # noqa: B018 - it is asked for


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (ContainerFacts(ready=True), None),
        (ContainerFacts(start_error="no such file"), "the container cannot be started: no such file"),
        (ContainerFacts(exit_code=137), "the container ended with exit code 137"),
        (
            ContainerFacts(ready=True, exit_code=0, lived_s=2.0),
            "the container ended with exit code 0 after 2.0 s",
        ),
        (
            ContainerFacts(unobservable="no Python"),
            "whether the container is ready cannot be seen: no Python",
        ),
        (
            ContainerFacts(ready_by="waited 30 s for a listener on 5000/tcp; last seen: nothing listens"),
            "the container is not ready: waited 30 s for a listener on 5000/tcp; last seen: nothing listens",
        ),
    ],
)
def test_why_a_container_is_not_ready(facts: ContainerFacts, why: str | None) -> None:
    """Never a bare timeout."""
    assert why_not_ready(facts) == why


def test_files_are_found_by_path_and_by_folder() -> None:
    """A folder holds itself and all that is below it, and nothing whose name only begins alike."""
    paths = ("/", "/app", "/app/run.py", "/app/a/b", "/application")
    files = Files(lambda: {path: FileEntry(path, "file", 1, 1, 0o644) for path in paths})
    assert files["/app"].uid == 1
    assert (len(files), list(files)) == (5, list(paths))
    assert "/app/missing" not in files
    assert [each.path for each in files.below("/app")] == ["/app", "/app/run.py", "/app/a/b"]
    assert files.below("/app/") == files.below("/app")[1:]
    assert len(files.below("/")) == 5
