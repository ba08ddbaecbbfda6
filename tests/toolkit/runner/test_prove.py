"""Proving: which practices are asked, what the report is about, and that bad days are reports, too."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hullproof.errors import EngineError, UsageError
from hullproof.events import Event, FactFinished, Judged, Note
from hullproof.facts import (
    PROVIDERS,
    BaseFacts,
    BuildFacts,
    Config,
    ContainerFacts,
    Failure,
    ImageFacts,
    Step,
    Unobservable,
)
from hullproof.facts.provider import Provider
from hullproof.model import EngineInfo, Report, SidecarInfo, Verdict
from hullproof.practices import EXPERIMENTS
from hullproof.practices.profiles import members
from hullproof.project.project import Project
from hullproof.report import as_json
from hullproof.report.reading import dockerfile_path
from hullproof.runner import prove as proving
from hullproof.runner.about import project_info
from hullproof.runner.choice import choose
from hullproof.runner.graph import Graph
from hullproof.runner.prove import prove

IMAGE = ImageFacts(id="sha256:" + "a" * 64, platform="linux/amd64")
BUILT = BuildFacts(ok=True, steps=(), duration_s=1.0, image_id=IMAGE.id)
LOG = tuple(f"line {number} " + "x" * 1000 for number in range(100))
FAILED_STEP = Step(
    "[test 1/1] RUN pytest", "test", 7, "RUN pytest " + "x" * 1000, log=LOG, error="exit code: 1"
)
FAILED = BuildFacts(
    ok=False,
    steps=(FAILED_STEP,),
    duration_s=1.0,
    error="exit code: 1",
    failed_step=FAILED_STEP,
    failure=Failure("Dockerfile:7", "1 test failed", "Fix it.", LOG[60:], base_note="a look-alike"),
)

FROM_PROJECT = ("config", "release", "tests", "project_texts")
"""What the project itself tells."""


class FakeEngine:
    """Says what it is; nothing else is asked of it here."""

    def info(self) -> EngineInfo:
        """Be some engine."""
        return EngineInfo("Docker Engine", "26", "0.13")


class FakeRun:
    """Starts threads that nobody has to wait for."""

    def start(self, work: Callable[[], object], name: str) -> None:
        """Start one."""
        threading.Thread(target=work, name=name, daemon=True).start()


class Facts(dict[str, Any]):
    """Facts from a table: exceptions in it are raised. `asked` notes what was gathered."""

    def __init__(self, **facts: object) -> None:
        """Take them."""
        super().__init__(**facts)
        self.asked: set[str] = set()

    def providers(self) -> dict[str, Provider]:
        """Provide what the project itself tells, and of the rest what is in the table."""
        real = {name: each for name, each in PROVIDERS.items() if name in FROM_PROJECT}
        return {
            name: real.get(name) or replace(each, needs=(), function=partial(self._provide, name))
            for name, each in PROVIDERS.items()
        }

    def _provide(self, name: str) -> object:
        self.asked.add(name)
        fact = self.get(name, Unobservable(f"nothing is known of {name}"))
        if isinstance(fact, Exception):
            raise fact
        return fact


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> Facts:
    """The table of facts that proving sees, to be changed by a test."""
    table = Facts(build=BUILT, image=IMAGE, base=BaseFacts("python:3.11-slim", 1))

    def graph(given: Mapping[str, object], **settings: Any) -> Graph:  # noqa: ANN401 - the graph's own
        return Graph(given, providers=table.providers(), **settings)

    monkeypatch.setattr(proving, "Graph", graph)
    return table


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of one stage."""
    (tmp_path / "Dockerfile").write_bytes(b"FROM python:3.11-slim\r\nCOPY . .\r\n")
    return Project.open(tmp_path)


def proven(project: Project, **settings: Any) -> Report:  # noqa: ANN401 - prove's own
    """Prove, on an engine that is asked for nothing, and check the report against the schema."""
    engine: Any = FakeEngine()
    run: Any = FakeRun()
    report = prove(project, engine, run, **settings)
    errors = Draft202012Validator(as_json.schema()).iter_errors(json.loads(as_json.render(report)))
    assert [error.message for error in errors] == []
    return report


# --- which are asked ---------------------------------------------------------------------------------


def test_all_are_chosen_by_default() -> None:
    """In the guide's order, none left out."""
    assert choose(Config(), None, experiments=True) == (list(members("guide")), [])


def test_without_experiments_those_that_need_one_are_left_out_and_named() -> None:
    """Nothing is left out in silence."""
    chosen, left_out = choose(Config(), None, experiments=False)
    assert {practice.id for practice in left_out} == {"requirements-first", "test-gate", "dockerignore"}
    assert [*chosen, *left_out] != []
    assert not any(practice.needs_experiment for practice in chosen)


def test_the_chosen_come_in_the_guides_order_and_once() -> None:
    """However they were asked for."""
    chosen, left_out = choose(Config(), ["expose", "slim-base", "expose"], experiments=True)
    assert [practice.id for practice in chosen] == ["slim-base", "expose"]
    assert len(left_out) == len(members("guide")) - 2


def test_a_profile_is_chosen_and_what_it_has_besides_is_not_asked_for() -> None:
    """One of another profile may be asked for by name: the profile is then what was left out."""
    chosen, left_out = choose(Config(profile="kubernetes"), None, experiments=True)
    assert (chosen, left_out) == (list(members("kubernetes")), [])
    chosen, left_out = choose(Config(), ["numeric-user"], experiments=True)
    assert ([each.id for each in chosen], left_out) == (["numeric-user"], list(members("guide")))


@pytest.mark.parametrize("only", [[], ["nothing"], ["test-gate"]])
def test_asking_for_nothing_is_wrong_usage(only: list[str]) -> None:
    """A report in which nothing was asked would look like success."""
    with pytest.raises(UsageError):
        choose(Config(), only, experiments=False)


# --- the report --------------------------------------------------------------------------------------


def test_only_what_the_chosen_need_is_gathered(project: Project, facts: Facts) -> None:
    """A container is not booted for what the Dockerfile tells; no experiment runs unasked."""
    report = proven(project, only=["slim-base"])
    assert [proof.id for proof in report.proofs] == ["slim-base"]
    assert "container" not in facts.asked
    proven(project, experiments=False)
    assert "container" in facts.asked
    assert not EXPERIMENTS & facts.asked


def test_the_report_says_what_it_is_about(project: Project, facts: Facts) -> None:
    """The image, its base, the Dockerfile to the byte; and no path of this machine."""
    facts["base"] = BaseFacts("python:3.11-slim", 1, stand_in=True, note="a look-alike")
    report = proven(project)
    assert report.image is not None
    assert (report.image.id, report.image.base, report.image.base_is_stand_in, report.image.base_note) == (
        IMAGE.id,
        "python:3.11-slim",
        True,
        "a look-alike",
    )
    assert (
        report.project.dockerfile_sha256
        == hashlib.sha256(b"FROM python:3.11-slim\r\nCOPY . .\r\n").hexdigest()
    )
    assert report.project.name == project.folder.name
    assert str(project.folder.parent) not in as_json.render(report)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("", "that is named for development"), ('target = "release"', "`target` in hullproof.toml says so")],
)
def test_another_stage_than_the_last_is_said_to_be_released(
    project: Project, facts: Facts, setting: str, reason: str
) -> None:
    """With the reason, and what a build that says nothing of it would make."""
    stages = "FROM python:3.11-slim AS release\nCOPY . .\nCMD x\nFROM release AS dev\nRUN pip install ipdb\n"
    (project.folder / "Dockerfile").write_text(stages)
    (project.folder / "hullproof.toml").write_text(setting)
    note = proven(Project.open(project.folder)).project.target_note
    assert facts is not None
    assert note is not None
    assert reason in note
    assert "not the last one, stage dev" in note
    assert proven(project).project.target_note is None


def test_the_report_says_from_what_the_container_was_looked_at(project: Project, facts: Facts) -> None:
    """With all that it may do; nothing is said where nothing was seen."""
    assert proven(project).sidecar is None
    facts["container"] = ContainerFacts(sidecar="python:3-slim")
    assert proven(project).sidecar == SidecarInfo("python:3-slim", ("SYS_PTRACE",))


def test_each_practice_is_told_of(project: Project, facts: Facts) -> None:
    """As soon as its facts are there."""
    assert facts
    events: list[Event] = []
    proven(project, tell=events.append, only=["slim-base", "workdir"])
    assert {each.proof.id for each in events if isinstance(each, Judged)} == {"slim-base", "workdir"}
    assert "image" in [each.name for each in events if isinstance(each, FactFinished)]


def test_a_build_that_fails_is_a_report(project: Project, facts: Facts) -> None:
    """With the instruction, its line and the last lines it printed, none too long; nothing is proven by it."""
    facts.update(build=FAILED, image=Unobservable(str(FAILED.failure)))
    report = proven(project)
    assert report.image is None
    assert report.build_error is not None
    assert report.build_error.line == 7
    assert report.build_error.instruction is not None
    assert report.build_error.instruction.startswith("RUN pytest x")
    assert report.build_error.reason == "1 test failed"
    assert (report.build_error.remedy, report.build_error.base_note) == ("Fix it.", "a look-alike")
    assert report.build_error.output[-1].startswith("line 99 ")
    assert max(map(len, [*report.build_error.output, report.build_error.instruction])) <= 500
    assert report.verdict is not Verdict.PROVEN
    assert not any(proof.verdict is Verdict.PROVEN for proof in report.proofs)


def test_a_build_that_fails_before_any_step_is_a_report(project: Project, facts: Facts) -> None:
    """Then the builder's words are all there is."""
    failure = Failure("Dockerfile", "no such stage", output=("a", "b"))
    facts.update(build=BuildFacts(ok=False, steps=(), duration_s=0.1, error="no such stage", failure=failure))
    report = proven(project)
    assert report.build_error is not None
    assert (report.build_error.instruction, report.build_error.line) == (None, None)
    assert (report.build_error.reason, report.build_error.output) == ("no such stage", ("a", "b"))


def test_what_cannot_be_observed_is_never_proven(project: Project, facts: Facts) -> None:
    """With no fact but the image's configuration, nothing is proven, and each says why."""
    assert facts
    report = proven(project)
    assert {proof.verdict for proof in report.proofs} <= {Verdict.UNPROVEN, Verdict.BROKEN}
    assert all(proof.summary for proof in report.proofs)


def test_an_engine_that_goes_away_ends_the_command(project: Project, facts: Facts) -> None:
    """That is no finding about the project."""
    facts.update(files=EngineError("the engine went away"), container=EngineError("the engine went away"))
    with pytest.raises(EngineError, match="went away"):
        proven(project)


def test_a_name_of_any_length_fits_the_schema(tmp_path: Path, facts: Facts) -> None:
    """File systems allow 255 bytes; the schema 200 characters."""
    assert facts
    folder = tmp_path / ("n" * 250)
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\n")
    assert len(proven(Project.open(folder)).project.name) == 200


def test_an_accepted_practice_may_be_broken_and_the_report_says_why(project: Project, facts: Facts) -> None:
    """It is excused in the report until its last day, and afterwards counts again; either is told."""
    facts["image"] = replace(IMAGE, exposed=("5000/tcp",))
    told: list[str] = []

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            told.append(event.text)

    for until, good in (("9999-12-31", True), ("2026-01-01", False)):
        (project.folder / "hullproof.toml").write_text(
            f"accept = [{{ practice = 'expose', reason = 'a worker', until = {until} }}]\n"
        )
        report = proven(Project.open(project.folder), only=["workdir", "expose"], tell=tell)
        expose = {proof.id: proof for proof in report.proofs}["expose"]
        assert (expose.verdict, expose.is_good) == (Verdict.UNPROVEN, False), "no container was seen"
        facts["container"] = ContainerFacts(listeners=(), ready=True)
        report = proven(Project.open(project.folder), only=["expose"], tell=tell)
        assert report.proofs[0].accepted is not None
        assert (report.proofs[0].verdict, report.proofs[0].is_good) == (Verdict.BROKEN, good)
        del facts["container"]
    assert told[-1] == "expose was accepted as broken until 2026-01-01, and counts again"


# --- the revision ------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    """Run git, without this machine's settings."""
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_revision_is_the_commit_and_says_when_files_were_edited(project: Project, facts: Facts) -> None:
    """None without git or a commit; `-dirty` after an edit."""
    assert facts
    assert proven(project).project.revision is None
    git(project.folder, "init", "--quiet")
    assert proven(project).project.revision is None
    git(project.folder, "add", ".")
    git(project.folder, "commit", "--quiet", "-m", "x")
    git(project.folder, "tag", "v1")
    commit = git(project.folder, "rev-parse", "HEAD")
    assert proven(project).project.revision == commit
    (project.folder / "Dockerfile").write_text("FROM python:3.12-slim\n")
    assert proven(project).project.revision == f"{commit}-dirty"


def test_a_dockerfile_outside_of_its_context_is_named_by_its_own_path_in_the_repository(
    tmp_path: Path,
) -> None:
    """As annotations and alerts are, which are shown beside its lines."""
    shop = tmp_path / "services" / "shop"
    (shop / "app").mkdir(parents=True)
    (shop / "Dockerfile").write_text("FROM python:3.11-slim\n")
    (shop / "hullproof.toml").write_text('context = "app"\n')
    git(tmp_path, "init", "--quiet")
    assert dockerfile_path(project_info(Project.open(shop))) == "services/shop/Dockerfile"
