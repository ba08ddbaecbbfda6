"""The commands: where reports go, whose exit code wins, and how work that is interrupted ends."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import html5lib
import pytest
from jsonschema import Draft202012Validator

from hullproof.cli import clean, doctor
from hullproof.cli.prove import prove_all as prove_projects
from hullproof.engine.calls import Calls
from hullproof.engine.leftovers import Removal
from hullproof.errors import EngineError, UsageError
from hullproof.events import Listener, Note
from hullproof.host.doctor import Finding
from hullproof.interruption import Interrupted
from hullproof.model import Components, Report, Verdict
from hullproof.project.project import Project
from hullproof.report import as_several
from hullproof.report.outputs import Output, delivery, show
from hullproof.report.places import distinct
from hullproof.runner import many as proving
from hullproof.runner.opening import Given

from ..conftest import Command
from ..hostile import assert_harmless

ProveAll = Callable[..., int]
EMPTY_SPACE = "\u200b"  # ours, by which Markdown is kept from making links and mentions


class QuietApi:
    """An engine with nothing on it."""

    def containers(self, **_: object) -> list[Any]:
        """None."""
        return []

    networks = images = containers

    def volumes(self, **_: object) -> dict[str, None]:
        """None."""
        return {"Volumes": None}


class FakeEngine:
    """Stands for the engine; counts how often it was given back."""

    def __init__(self) -> None:
        """Be connected."""
        self.client = SimpleNamespace(api=QuietApi())
        self.calls = Calls("unix:///engine")
        self.closed = 0

    def cleaning(self) -> AbstractContextManager[QuietApi]:
        """Be reached in another way."""
        return nullcontext(QuietApi())

    def close(self) -> None:
        """Be given back."""
        self.closed += 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Let the commands connect to an engine with nothing on it."""
    fake = FakeEngine()
    monkeypatch.setattr("hullproof.engine.connection.Engine.connect", lambda **_: fake)
    return fake


@pytest.fixture
def prove_all(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> ProveAll:
    """Prove projects with `outcome` in the place of real proving: called with the project, returns a report."""
    assert not engine.closed

    def run(folders: list[Path], outcome: Callable[..., Report], **settings: Any) -> int:  # noqa: ANN401 - the door's own
        monkeypatch.setattr(proving, "prove", lambda project, *_, **given: outcome(project, **given))
        defaults: dict[str, Any] = {
            "only": None,
            "experiments": True,
            "formats": (),
            "outputs": (),
            "jobs": 1,
            "given": Given(),
        }
        return prove_projects(folders, **(defaults | settings))

    return run


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    """Make projects by path."""

    def project(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM python:3.11-slim\n")
        return folder

    return project


def named(report: Report) -> Callable[..., Report]:
    """Return what proves any project with the same report, under the project's own name."""
    return lambda project, **_: replace(report, project=replace(report.project, name=project.name))


def with_context(project: Path) -> Path:
    """Let a project have its folder `app` as its build context."""
    (project / "hullproof.toml").write_text('context = "app"\n')
    (project / "app").mkdir(exist_ok=True)
    return project


# --- where reports go --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        (("r.json", []), "{"),
        (("r.md", []), "## Release checklist"),
        (("r.txt", []), "\n"),
        (("R.JSON", []), "{"),
        (("r.html", []), "<!doctype html>"),
        (("r.xml", []), "<?xml"),
        (("r.sarif", []), "{"),
        (("r.md", ["json"]), "## "),
        (("r.pdf", ["markdown"]), "## "),
        (("report", ["json"]), "{"),
        (("markdown:r.pdf", []), "## "),
        (("json:r.md", ["html"]), "{"),
        (("a:b.md", []), "## "),
    ],
)
def test_a_report_goes_to_a_file_in_the_format_that_is_said_or_of_its_ending(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    asked: tuple[str, list[str]],
    start: str,
) -> None:
    """In front of the name, else by its ending, else by `--format`."""
    output, formats = asked
    folder = make("shop")
    format_, _, name = (
        output.rpartition(":") if output.startswith(("markdown:", "json:")) else ("", "", output)
    )
    place = f"{format_}:{folder / name}" if format_ else str(folder / name)
    assert prove_all([folder], named(bare), outputs=[place], formats=formats) == 0
    assert (folder / name).read_text(encoding="utf-8").startswith(start)


def test_one_run_writes_several_files_and_the_screen(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--format` is then stdout's; without it, stdout is silent."""
    shop, files = make("shop"), [str(tmp_path / "r.html"), f"markdown:{tmp_path / 'summary'}"]
    assert prove_all([shop], named(bare), outputs=files) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "PROVEN 1 of 2 (1 not applicable: workdir), in 10 s"
    assert prove_all([shop], named(bare), outputs=files, formats=["github"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("hullproof: shop: PROVEN")
    assert err.splitlines()[-1].startswith("PROVEN 1 of 2")
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!doctype")
    assert (tmp_path / "summary").read_text("utf-8").startswith("## ")


def test_a_folder_may_have_a_format_of_its_own(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, tmp_path: Path
) -> None:
    """Beside another, which takes what `--format` says."""
    outputs = [f"sarif:{tmp_path / 'a'}", str(tmp_path / "b")]
    assert prove_all([make("x"), make("y")], named(bare), outputs=outputs, formats=["junit"]) == 0
    written = sorted(str(each.relative_to(tmp_path)) for each in tmp_path.glob("[ab]/*"))
    assert written == ["a/x.sarif", "a/y.sarif", "b/x.xml", "b/y.xml"]


def test_the_report_goes_to_stdout_and_progress_to_stderr(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the report can be piped."""
    prove_all([make("shop")], named(bare), formats=["json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["project"]["name"] == "shop"
    assert err == " 0:00  building Dockerfile\nPROVEN 1 of 2 (1 not applicable: workdir), in 10 s\n"


def test_several_reports_go_to_a_folder_under_distinct_names(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, tmp_path: Path
) -> None:
    """Projects of the same name do not overwrite each other's reports; the folder is made."""
    folders = [make("a/web"), make("b/web"), make("c/api")]
    assert (
        prove_all(
            folders,
            named(bare),
            outputs=[str(tmp_path / "new/reports")],
            formats=["markdown", "html"],
            jobs=2,
        )
        == 0
    )
    assert sorted(each.name for each in (tmp_path / "new/reports").iterdir()) == [
        "api.html",
        "api.md",
        "web-2.html",
        "web-2.md",
        "web.html",
        "web.md",
    ]


def test_one_project_and_a_folder_that_is_there_gives_a_file_in_it(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, tmp_path: Path
) -> None:
    """As cp does."""
    (tmp_path / "reports").mkdir()
    prove_all([make("shop")], named(bare), outputs=[str(tmp_path / "reports")])
    assert [each.name for each in (tmp_path / "reports").iterdir()] == ["shop.json"]


def test_a_project_named_twice_is_proven_once(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    """`prove . $PWD` is one project."""
    folder = make("shop")
    prove_all([folder, folder / ".." / "shop"], named(bare))
    assert capsys.readouterr().err == " 0:00  building Dockerfile\n"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2"], ["a", "a-3", "a-2"]),
        (["Web", "web"], ["Web", "web-2"]),
    ],
)
def test_names_are_made_distinct(names: list[str], expected: list[str]) -> None:
    """Also from numbered names, and on filesystems that ignore case."""
    assert distinct(names) == expected


def test_a_place_that_vanished_meanwhile_is_told(
    make: Callable[[str], Path], bare: Report, tmp_path: Path
) -> None:
    """The report cannot be written: one line, not a traceback."""
    (tmp_path / "reports").mkdir()
    project = Project.open(make("shop"))
    deliver = delivery([project], (), [Output(tmp_path / "reports" / "r.json", "json")])
    (tmp_path / "reports").rmdir()
    with pytest.raises(UsageError, match=r"r\.json: cannot be written \(No such file or directory\)"):
        deliver(project, bare)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(
    bare: Report,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    colored: bool,  # noqa: FBT001 - a test's parameter
) -> None:
    """Never into a file or a pipe; NO_COLOR counts when it is not empty, as its standard has it."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal, pipe = Terminal(), io.StringIO()
    show(bare, "text", terminal)
    show(bare, "text", pipe)
    assert ("\x1b[" in terminal.getvalue()) is colored
    assert "\x1b[" not in pipe.getvalue()


@pytest.mark.parametrize(("columns", "widest"), [("20", 40), ("60", 60), ("1000", 140)])
def test_the_screen_is_as_wide_as_the_terminal_within_reason(
    sample: Report, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    """At least 40 columns, and at most 140, where lines get too long to read."""
    monkeypatch.setenv("COLUMNS", columns)
    stream = io.StringIO()
    show(sample, "text", stream)
    assert max(map(len, stream.getvalue().splitlines())) in range(widest - 3, widest + 1)


def test_a_stream_that_has_not_all_characters_gets_the_rest(sample: Report) -> None:
    """A terminal of ISO 8859-1 shows what it can."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="iso-8859-1")
    show(sample, "text", stream)
    assert b"slim-base" in raw.getvalue()


def test_a_reader_who_has_gone_does_not_change_the_verdict(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hullproof prove | head -1` ends with the proof's own exit code."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert prove_all([make("shop")], named(bare)) == 0


# --- exit codes --------------------------------------------------------------------------------------


def test_one_bad_project_makes_the_command_fail(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, sample: Report
) -> None:
    """The worst wins, in whatever order."""
    outcomes = {"good": bare, "bad": sample}
    folders = [make("good"), make("bad")]
    for jobs in (1, 2):
        for order in (folders, folders[::-1]):
            assert prove_all(order, lambda project, **_: outcomes[project.name], jobs=jobs) == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_project_whose_base_cannot_be_had_hides_no_other(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    capsys: pytest.CaptureFixture[str],
    jobs: int,
) -> None:
    """It gets its line and its exit code, which is the worst; the others are proven."""

    def outcome(project: Project, **_: object) -> Report:
        if project.name == "a":
            raise EngineError("no such base")
        return named(bare)(project)

    assert prove_all([make("a"), make("b"), make("c")], outcome, formats=["json"], jobs=jobs) == 3
    out, err = capsys.readouterr()
    found = json.loads(out)
    Draft202012Validator(as_several.schema()).validate(found)
    assert [each["project"]["name"] for each in found["reports"]] == ["b", "c"]
    assert found["errors"] == [{"project": "a", "reason": "no such base", "exit_code": 3}]
    assert "a: hullproof: no such base\n" in err


def test_the_only_projects_trouble_is_the_commands(
    prove_all: ProveAll, make: Callable[[str], Path], engine: FakeEngine
) -> None:
    """With one project, the error goes up as it is, and the engine is given back."""

    def outcome(*_: object, **__: object) -> Report:
        raise EngineError("no such base")

    with pytest.raises(EngineError, match="no such base"):
        prove_all([make("a")], outcome)
    assert engine.closed == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_of_ours_is_not_swallowed(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, jobs: int, tmp_path: Path
) -> None:
    """A bug in one project's proving ends the command with its own traceback, once the others are proven."""

    def outcome(project: Project, **_: object) -> Report:
        if project.name == "a":
            raise IndexError("a fault of ours")
        return named(bare)(project)

    with pytest.raises(IndexError):
        prove_all([make("a"), make("b")], outcome, jobs=jobs, outputs=[str(tmp_path / "reports")])
    assert [each.name for each in (tmp_path / "reports").iterdir()] == ["b.json"]


def test_a_folder_that_is_no_project_hides_no_other(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `services/*` finds them: a file, and a folder without a Dockerfile. All the same, it is wrong usage."""
    project = make("a")
    readme, empty = project.parent / "README.md", project.parent / "common"
    readme.write_text("")
    empty.mkdir()
    assert prove_all([project, readme, empty], named(bare)) == 2
    out, err = capsys.readouterr()
    assert f"README.md: hullproof: {readme}: no such folder" in err
    assert "PROVEN" in next(line for line in out.splitlines() if line.startswith("✓ a "))
    assert [line.split()[1] for line in out.splitlines() if line.startswith("? ")] == ["README.md", "common"]
    assert out.splitlines()[-1].startswith("UNPROVEN 2 of 3 projects: README.md, common (1 proven), in ")


def test_a_report_that_cannot_be_delivered_hides_no_other_project(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """As a bill of materials cannot be made of a project whose Dockerfile no build would take."""
    folders = [make("a"), make("b")]
    (folders[0] / "Dockerfile").write_text("FRO python:3.11-slim\n")
    outcome = named(replace(bare, components=Components()))
    assert prove_all(folders, outcome, outputs=[f"sbom:{tmp_path / 'boms'}"], formats=["text"]) == 2
    out, err = capsys.readouterr()
    assert "a: hullproof: there is no bill of materials without an image" in err
    assert [line.split()[:2] for line in out.splitlines()[-4:-2]] == [["✓", "b"], ["?", "a"]]
    assert [each.name for each in (tmp_path / "boms").iterdir()] == ["b.cdx.json"]


def test_fifty_projects_are_one_table_with_what_is_wrong_at_its_end(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    sample: Report,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A row for each; the last screen of 24 lines has those that are not good, and the verdict of all."""
    folders = [make(f"service-{number:02}") for number in range(50)]

    def outcome(project: Project, **_: object) -> Report:
        return named(sample if project.name == "service-07" else bare)(project)

    assert prove_all(folders, outcome, jobs=4) == 1
    out, _ = capsys.readouterr()
    above, _, last = out.rpartition("\n\n")
    table = above.splitlines()[-50:]
    assert [line.split()[1] for line in table] == sorted(
        (each.name for each in folders), key=lambda name: name == "service-07"
    )
    assert table[-1].startswith("✗")
    assert last.startswith("BROKEN 1 of 50 projects: service-07 (49 proven; ")
    assert out.count("service-00") == 1


def test_a_file_has_all_projects(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, sample: Report, tmp_path: Path
) -> None:
    """In each format that can, whether they are proven or not."""
    outcomes = {"a": bare, "b": sample}
    names = ["r.json", "r.md", "r.html", "r.xml", "r.sarif", "r.txt"]
    assert (
        prove_all(
            [make("a"), make("b")],
            lambda project, **_: named(outcomes[project.name])(project),
            outputs=[str(tmp_path / name) for name in names],
        )
        == 1
    )
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    reports = json.loads(texts["r.json"])
    Draft202012Validator(as_several.schema()).validate(reports)
    assert (reports["verdict"], len(reports["reports"])) == ("broken", 2)
    suites = ET.fromstring(texts["r.xml"])  # noqa: S314 - it is ours
    assert {each.get("name", "").partition(":")[0] for each in suites} == {"a", "b"}
    (run,) = json.loads(texts["r.sarif"])["runs"]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
    assert "| ✓ | a |" in texts["r.md"]
    assert "### b" in texts["r.md"]
    assert '<a href="#project-2"><bdi>b</bdi></a>' in texts["r.html"]
    html5lib.HTMLParser(strict=True).parse(texts["r.html"])
    for text in texts.values():
        assert_harmless(text.replace(EMPTY_SPACE, ""), "\n\t")


def test_projects_of_one_name_are_told_apart_in_one_document(
    prove_all: ProveAll, make: Callable[[str], Path], sample: Report, tmp_path: Path
) -> None:
    """Whoever collects results takes cases that are called alike for one."""
    folders, names = [make("a/shop"), make("b/shop")], ["r.xml", "r.md"]
    assert prove_all(folders, named(sample), outputs=[str(tmp_path / name) for name in names]) == 1
    cases = [
        (case.get("classname"), case.get("name"))
        for case in ET.fromstring((tmp_path / "r.xml").read_text("utf-8")).iter("testcase")  # noqa: S314 - it is ours
    ]
    assert len(cases) == len(set(cases)) == 2 * len(sample.proofs)
    headings = [
        each for each in (tmp_path / "r.md").read_text("utf-8").splitlines() if each.startswith("### ")
    ]
    assert headings == ["### shop", "### shop-2"]


def test_markdown_is_as_brief_of_several_projects_as_of_one(
    prove_all: ProveAll, make: Callable[[str], Path], sample: Report, tmp_path: Path
) -> None:
    """What does not hold, and its fix: the evidence is for other documents."""
    folders, file = [make("a"), make("b")], tmp_path / "r.md"

    def evidence() -> list[str]:
        return [line for line in file.read_text("utf-8").splitlines() if line.startswith("  - `")]

    assert prove_all(folders, named(sample), outputs=[str(file)]) == 1
    assert evidence()
    assert prove_all(folders, named(sample), outputs=[str(file)], brief=True) == 1
    assert not evidence()


def test_a_project_is_called_in_the_table_as_its_file_is(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Also where another of its name cannot be read."""
    folders = [make("a/shop"), make("b/shop")]
    (folders[0] / "Dockerfile").unlink()
    assert prove_all(folders, named(bare), outputs=[str(tmp_path / "reports")], formats=["json"]) == 2
    assert "1 of 2 projects: shop (1 proven)" in capsys.readouterr().err
    assert [each.name for each in (tmp_path / "reports").iterdir()] == ["shop-2.json"]


@pytest.mark.parametrize("format_", ["json", "junit", "sarif", "markdown", "html"])
def test_each_document_says_of_which_project_there_is_no_report_and_why(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    capsys: pytest.CaptureFixture[str],
    format_: str,
) -> None:
    """What nothing is said of would be taken for good."""

    def outcome(project: Project, **_: object) -> Report:
        if project.name == "a":
            raise EngineError("no such base")
        return named(bare)(project)

    assert prove_all([make("a"), make("b")], outcome, formats=[format_]) == 3
    assert "no such base" in capsys.readouterr().out


@pytest.mark.parametrize("format_", ["junit", "sarif", "markdown", "html"])
def test_each_document_says_why_a_build_failed_and_what_fixes_it(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    failed_build: Report,
    capsys: pytest.CaptureFixture[str],
    format_: str,
) -> None:
    """With what it printed last, as the report of one project does."""
    error = failed_build.build_error
    assert error is not None
    error = replace(error, output=("E  assert 1 == 2",), remedy="Put it right.")
    outcome = named(replace(failed_build, build_error=error))
    assert prove_all([make("a"), make("b")], outcome, formats=[format_]) == 1
    out = capsys.readouterr().out.replace(EMPTY_SPACE, "")
    assert "assert 1 == 2" in out
    assert "Put it right." in out


def test_projects_with_the_same_context_have_a_file_each(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report, tmp_path: Path
) -> None:
    """As one has that is built of a folder which is a project, too."""
    inner, reports = make("shop/app"), tmp_path / "reports"
    (inner.parent / "Dockerfile").write_text("FROM python:3.11-slim\n")
    assert prove_all([with_context(inner.parent), inner], named(bare), outputs=[str(reports)]) == 0
    found = {each.name: json.loads(each.read_text("utf-8"))["project"]["name"] for each in reports.iterdir()}
    assert found == {"shop.json": "shop", "app.json": "app"}


def test_jobs_are_done_side_by_side_and_no_more_of_them(
    prove_all: ProveAll, make: Callable[[str], Path], bare: Report
) -> None:
    """As many at once as asked for."""
    at_once: list[int] = []
    going: set[str] = set()
    lock = threading.Lock()

    def outcome(project: Project, **_: object) -> Report:
        with lock:
            going.add(project.name)
            at_once.append(len(going))
        time.sleep(0.1)
        with lock:
            going.discard(project.name)
        return named(bare)(project)

    assert prove_all([make(f"p{number}") for number in range(6)], outcome, jobs=3, formats=["json"]) == 0
    assert max(at_once) == 3


# --- the end -----------------------------------------------------------------------------------------


@pytest.fixture
def handled() -> Any:  # noqa: ANN401 - a fixture's generator
    """Let SIGTERM raise in the main thread, as the command does."""

    def handle(signum: int, _frame: object) -> None:
        raise Interrupted(signum)

    before = signal.signal(signal.SIGTERM, handle)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("handled")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_command_shows_no_report_and_says_nothing_more(
    prove_all: ProveAll,
    make: Callable[[str], Path],
    bare: Report,
    capsys: pytest.CaptureFixture[str],
    jobs: int,
) -> None:
    """What threads still come to after the signal is of no interest."""
    ended: list[str] = []

    def outcome(project: Project, *, tell: Listener, **_: object) -> Report:
        if project.name == "a":
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
        tell(Note("too late"))
        ended.append(project.name)
        return named(bare)(project)

    with pytest.raises(Interrupted):
        prove_all([make("a"), make("b"), make("c")], outcome, jobs=jobs)
    out, err = capsys.readouterr()
    assert out == ""
    assert "too late" not in err
    assert "c" not in ended
    assert not [each for each in threading.enumerate() if each.name.startswith("prove-") and each.is_alive()]


# --- doctor and clean --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "code", "said"),
    [
        ([Finding("engine", ok=True, text="Docker 26")], 0, "ok       engine: Docker 26\n"),
        (
            [Finding("engine", ok=False, text="none", remedy="hullproof doctor --install")],
            3,
            "problem  engine: none\n         hullproof doctor --install\n",
        ),
        (
            [Finding("compose", ok=False, text="none", remedy="apt-get install x", needed=False)],
            0,
            "note     compose: none\n         apt-get install x\n",
        ),
    ],
)
def test_the_doctor_says_what_mends_what_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    findings: list[Finding],
    code: int,
    said: str,
) -> None:
    """Only what runs fail without makes the machine unfit."""
    monkeypatch.setattr(doctor, "look_round", lambda: findings)
    assert doctor.examine() == code
    assert capsys.readouterr().err == said


def test_clean_says_what_it_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: FakeEngine
) -> None:
    """Each thing, and how many; or that there was nothing."""
    monkeypatch.setattr(clean, "sweep_folders", lambda: ["hullproof-x"])
    monkeypatch.setattr(clean, "sweep", lambda _engine: Removal(["container c1"]))
    assert clean.clean_up() == 0
    assert capsys.readouterr().err == (
        "removed scratch folder hullproof-x\nremoved container c1\nremoved 2 in all\n"
    )
    monkeypatch.setattr(clean, "sweep_folders", list)
    monkeypatch.setattr(clean, "sweep", lambda _engine: Removal())
    assert clean.clean_up() == 0
    assert capsys.readouterr().err == "nothing was left behind\n"
    assert engine.closed == 2


def test_clean_names_what_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: FakeEngine
) -> None:
    """What the engine will not remove is not passed over in silence."""
    monkeypatch.setattr(clean, "sweep_folders", list)
    monkeypatch.setattr(clean, "sweep", lambda _engine: Removal(kept=["image i1 (in use)"]))
    monkeypatch.setattr(clean, "_PAUSE_S", 0.0)
    assert clean.clean_up() == 1
    assert capsys.readouterr().err == "could not remove image i1 (in use)\nremoved nothing\n"
    assert engine.closed == 1


# --- accept ------------------------------------------------------------------------------------------


def broken(report: Report) -> Report:
    """A report in which the first practice is broken."""
    first = replace(report.proofs[0], verdict=Verdict.BROKEN, summary="It is not so.", remedy="Mend it.")
    return replace(report, proofs=(first, *report.proofs[1:]))


def test_what_is_broken_is_written_down_as_accepted(
    command: Command,
    make: Callable[[str], Path],
    bare: Report,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its reason, until the day; then nothing is left to accept. What is good is not spoken of."""
    shop, day = make("shop"), "2099-01-31"
    asked = ["accept", str(shop), "--all-broken", "--until", day, "--reason", 'the "old" way']
    monkeypatch.setattr(proving, "prove", lambda *_, **__: broken(bare))
    code, out, err = command(*asked)
    assert (code, err.splitlines()[-1]) == (0, f"accepted slim-base until {day}, in hullproof.toml")
    assert "It is not so." in out
    (entry,) = Project.open(shop).config.accept
    assert (entry.practice, entry.reason, str(entry.until)) == ("slim-base", 'the "old" way', day)
    monkeypatch.setattr(proving, "prove", lambda *_, **__: bare)
    code, _, err = command(*asked)
    assert (code, err.splitlines()[-1]) == (
        0,
        "nothing is broken that is not accepted, and nothing was written",
    )
    assert engine.closed == 2


@pytest.mark.usefixtures("engine")
def test_what_is_accepted_is_written_into_the_settings_of_the_project(
    command: Command,
    make: Callable[[str], Path],
    bare: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And not into the folder that it has as its context, where nobody looks for them."""
    shop = with_context(make("shop"))
    monkeypatch.setattr(proving, "prove", lambda *_, **__: broken(bare))
    assert command("accept", str(shop), "--all-broken", "--until", "2099-01-31")[0] == 0
    assert [each.practice for each in Project.open(shop).config.accept] == ["slim-base"]
    assert not list((shop / "app").iterdir())


def test_what_a_profile_asks_for_is_what_is_accepted(
    command: Command,
    make: Callable[[str], Path],
    bare: Report,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one that is named, in the place of the configured one."""
    proven: list[str] = []

    def prove(project: Project, *_: object, **__: object) -> Report:
        proven.append(project.config.profile)
        return broken(bare)

    monkeypatch.setattr(proving, "prove", prove)
    asked = ["accept", str(make("shop")), "--all-broken", "--until", "2099-01-31"]
    assert command(*asked, "--profile", "production")[0] == 0
    assert proven == ["production"]
    assert engine.closed == 1


def test_an_acceptance_that_is_over_is_not_renewed_in_silence(
    command: Command,
    make: Callable[[str], Path],
    bare: Report,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever wrote it down thought of a day: a person decides anew."""
    shop = make("shop")
    text = "accept = [{ practice = 'slim-base', reason = 'x', until = 2026-01-31 }]\n"
    (shop / "hullproof.toml").write_text(text)
    monkeypatch.setattr(proving, "prove", lambda *_, **__: broken(bare))
    code, _, err = command("accept", str(shop), "--all-broken", "--until", "2099-01-31")
    assert code == 2
    assert "slim-base: was accepted until a day that is over" in err
    assert (shop / "hullproof.toml").read_text() == text
    assert engine.closed


@pytest.mark.parametrize(
    ("written", "options", "said"),
    [
        ("", ["--profile=producton"], "hullproof: --profile: there is no profile called 'producton'"),
        (
            'profile = "producton"\n',
            [],
            "hullproof.toml: profile: there is no profile called 'producton'",
        ),
    ],
)
def test_a_profile_that_there_is_not_is_told_by_where_it_was_said(
    command: Command, tmp_path: Path, written: str, options: list[str], said: str
) -> None:
    """By the option's name, once, or by the file's and the setting's."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "hullproof.toml").write_text(written)
    code, out, err = command("prove", str(tmp_path), *options)
    assert (code, out) == (2, "")
    assert said in err
