"""Facts that are kept: taken again while nothing that they depend on has changed, and never after."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hullproof import facts
from hullproof.engine.container.sidecar import Helper
from hullproof.engine.image import KnownImage
from hullproof.engine.request import CGROUP
from hullproof.errors import Unobservable
from hullproof.facts import PROVIDERS
from hullproof.host.bases import Base, BaseSet
from hullproof.lab.recipe import Recipe
from hullproof.model import Conditions, EngineInfo, Limits
from hullproof.project.project import Project
from hullproof.runner.kept import LONGEST, WORTH_S, Keeper, keeper_for, rests_on
from hullproof.runner.keys import FOLDER, NEVER, code_of

from ..practices.by_hand import FACTS

TOOK_S = 10 * WORTH_S
OF_ENGINE = [
    name
    for name in FACTS
    if "engine" in rests_on([name]) and name not in ("build", "config", "release") and name in PROVIDERS
]


@dataclass(frozen=True)
class Known:
    """An engine of which no more is known than its name and version."""

    version: str = "28.0"
    kernel: str = "6.1"

    def info(self) -> EngineInfo:
        """Say what it is."""
        return EngineInfo("Docker Engine", self.version)

    def grounds(self) -> str:
        """Say what its containers run on."""
        return self.kernel


@dataclass
class World:
    """What facts are gathered from: each part can be changed."""

    folder: Path
    parts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a good project and all else that is observed in each run."""
        base = Base("python:3.11-slim", "python:3.11-slim", "present", KnownImage("sha256:base"))
        self.parts = {
            "engine": Known(),
            "run": object(),
            "tell": object(),
            "watch_s": 3.0,
            "bases": BaseSet((base,)),
            "image_id": "sha256:release",
            "helper": Helper("sha256:helper", "python"),
            "conditions": Conditions(network=True, container=Limits(1, 1)),
            "network": None,
        }

    def __getitem__(self, name: str) -> object:
        """Return a part, as it is now."""
        if name in self.parts:
            found = self.parts[name]
            if isinstance(found, Unobservable):
                raise found
            return found
        project = Project.open(self.folder)
        return {
            **FACTS,
            "project": project,
            "config": project.config,
            "release": project.release,
            "recipe": Recipe(project, owner="x"),
        }[name]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A project, and the rest."""
    folder = tmp_path / "shop"
    (folder / "app").mkdir(parents=True)
    (folder / "app/main.py").write_text("print()\n")
    (folder / "secret").write_text("first")
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY app app\nCMD python -m app.main\n")
    (folder / "hullproof.toml").write_text('secrets = {token = "secret"}\n')
    return World(folder)


@pytest.fixture
def keep(tmp_path: Path, world: World) -> Callable[..., None]:
    """Keep a fact, as the end of a run does."""

    def keep(name: str = "container", doubted: tuple[str, ...] = (), took_s: float = TOOK_S) -> None:
        keeper = Keeper(tmp_path / "kept")
        keeper.note(PROVIDERS[name], world, FACTS[name], took_s)
        keeper.settle(doubted)

    return keep


def recalled(world: World, name: str = "container", *, is_fresh: bool = False) -> object:
    """Return the fact as a next run takes it; None where it has to be gathered."""
    keeper = Keeper(world.folder.parent / "kept", is_fresh=is_fresh)
    found = keeper.recall(PROVIDERS[name], world)
    return None if found is None else found.value


@pytest.mark.parametrize("name", OF_ENGINE)
def test_every_fact_comes_back_as_it_was(world: World, keep: Callable[..., None], name: str) -> None:
    """Equal, of the same types, whatever is in it."""
    keep(name)
    found = recalled(world, name)
    assert found == FACTS[name]
    assert repr(found) == repr(FACTS[name])


def changes(world: World) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield whatever must make a container be booted again, with a name."""
    folder, parts = world.folder, world.parts
    yield "Dockerfile", lambda: (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCMD python\n")
    yield "configuration", lambda: (folder / "hullproof.toml").write_text('ready = "/"\n')
    yield "image", lambda: parts.update(image_id="sha256:other")
    yield "base", lambda: parts.update(bases=other_base(parts["bases"]))
    yield "engine", lambda: parts.update(engine=Known("29.0"))
    yield "kernel", lambda: parts.update(engine=Known(kernel="6.8"))
    yield "helper", lambda: parts.update(helper=Helper("sha256:other", "python"))
    yield "limits", lambda: parts.update(conditions=Conditions(network=True, container=Limits(2, 2)))
    yield "watch", lambda: parts.update(watch_s=8.0)
    yield "services", lambda: parts.update(network="some-network")
    yield "no helper", lambda: parts.update(helper="there is none")
    yield "no network", lambda: parts.update(network=Unobservable("it failed"))


def changes_of_what_is_built(world: World) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield whatever must make an experiment be run again, with a name."""
    folder, parts = world.folder, world.parts
    yield "code", lambda: (folder / "app/main.py").write_text("print(1)\n")
    yield "mode", lambda: (folder / "app/main.py").chmod(0o755)
    yield "new file", (folder / "app/more.py").touch
    yield "removed file", (folder / "app/main.py").unlink
    yield "Dockerfile", lambda: (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCMD python\n")
    yield "ignore file", lambda: (folder / ".dockerignore").write_text("x\n")
    yield "configuration", lambda: (folder / "hullproof.toml").write_text('target = "0"\n')
    yield "build argument", lambda: (folder / "hullproof.toml").write_text('build_args = {A = "1"}\n')
    yield "build context", lambda: (folder / "hullproof.toml").write_text('contexts = {a = "app"}\n')
    yield "base", lambda: parts.update(bases=other_base(parts["bases"]))
    yield "engine", lambda: parts.update(engine=Known("29.0"))
    yield "kernel", lambda: parts.update(engine=Known(kernel="6.8"))


def other_base(bases: BaseSet) -> BaseSet:
    """Return the same references, now other images."""
    return BaseSet(tuple(replace(each, known=KnownImage("sha256:new")) for each in bases.bases))


CHANGES = [name for name, _ in changes(World(Path()))]
CHANGES_OF_WHAT_IS_BUILT = [name for name, _ in changes_of_what_is_built(World(Path()))]


@pytest.mark.parametrize("what", CHANGES)
def test_what_it_depends_on_drops_it(world: World, keep: Callable[..., None], what: str) -> None:
    """And only then: it was there just before."""
    keep()
    assert recalled(world) is not None
    dict(changes(world))[what]()
    assert recalled(world) is None


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_read_ahead_holds_no_longer_than_its_key(
    world: World, keep: Callable[..., None], what: str
) -> None:
    """It is read while the build runs, before it is known what will be asked for."""
    keep()
    for is_known in (True, False):
        keeper = Keeper(world.folder.parent / "kept")
        keeper.read_ahead()
        if not is_known:
            dict(changes(world))[what]()
        assert (keeper.recall(PROVIDERS["container"], world) is not None) is is_known


@pytest.mark.parametrize("damage", ["removed", "written", "replaced"])
def test_what_was_read_ahead_holds_no_longer_than_its_file(
    world: World, keep: Callable[..., None], damage: str
) -> None:
    """Another run may have found that it is not so, and have let go of it."""
    keep()
    (path,) = (world.folder.parent / "kept").iterdir()
    keeper = Keeper(path.parent)
    keeper.read_ahead()
    if damage == "written":
        path.write_text("{}")
    else:
        path.unlink()
    if damage == "replaced":
        path.write_text("{}")
    assert keeper.recall(PROVIDERS["container"], world) is None


@pytest.mark.parametrize("what", CHANGES_OF_WHAT_IS_BUILT)
@pytest.mark.parametrize("name", ["edits", "gate", "canaries"])
def test_experiments_are_dropped_with_what_is_built(
    world: World, keep: Callable[..., None], name: str, what: str
) -> None:
    """They do not depend on the image, but on all that it is built from."""
    keep(name)
    assert recalled(world, name) is not None
    dict(changes_of_what_is_built(world))[what]()
    assert recalled(world, name) is None


@pytest.mark.parametrize("name", ["container", "files"])
def test_what_is_of_the_image_alone_stays_while_that_is_the_same(
    world: World, keep: Callable[..., None], name: str
) -> None:
    """Whatever became of files that are not in it."""
    keep(name)
    (world.folder / "README.md").write_text("What it is about.\n")
    assert recalled(world, name) == FACTS[name]


@pytest.mark.parametrize(
    "variable", ["SOURCE_DATE_EPOCH", "BUILDX_BUILDER", "DOCKER_DEFAULT_PLATFORM", CGROUP]
)
def test_what_the_environment_says_of_builds_counts(
    world: World, keep: Callable[..., None], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A release that is reproducible with a time that is handed in may not be so without."""
    monkeypatch.setenv(variable, "1")
    keep("reproduction")
    assert recalled(world, "reproduction") is not None
    monkeypatch.delenv(variable)
    assert recalled(world, "reproduction") is None


def test_what_would_do_without_a_fact_is_not_kept_without_it(world: World, keep: Callable[..., None]) -> None:
    """With it, another would be observed."""
    world.parts["files"] = Unobservable("the engine was busy")
    keep("edits")
    del world.parts["files"]
    assert recalled(world, "edits") is None
    keep("edits")
    assert recalled(world, "edits") is not None


def test_the_code_of_a_practice_of_ones_own_counts(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its package: what decides may be in another module of it."""
    package = tmp_path / "harbour_practices"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "options.py").write_text("OPTIONS = '--memory 64m'\n")
    (package / "little.py").write_text(
        "from hullproof.practice import Trial, Trials, fact\n"
        "@fact\n"
        "def little_boot(trials: Trials) -> Trial:\n"
        "    return trials('--memory 64m')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    facts.learn(importlib.import_module("harbour_practices.little"))
    provider = facts.PROVIDERS["little_boot"]
    try:
        keeper = Keeper(tmp_path / "kept")
        keeper.note(provider, world, FACTS["read_only_boot"], TOOK_S)
        keeper.settle(())
        assert Keeper(tmp_path / "kept").recall(provider, world) is not None
        (package / "options.py").write_text("OPTIONS = '--memory 32m'\n")
        code_of.cache_clear()
        assert Keeper(tmp_path / "kept").recall(provider, world) is None
    finally:
        del facts.PROVIDERS["little_boot"], facts.FACTS["little_boot"]


def test_the_ignore_file_beside_a_dockerfile_outside_its_context_counts(
    world: World, keep: Callable[..., None]
) -> None:
    """It is none of the context's files, and says which of them are built."""
    (world.folder / "hullproof.toml").write_text('context = "app"\n')
    keep("gate")
    assert recalled(world, "gate") == FACTS["gate"]
    (world.folder / "Dockerfile.dockerignore").write_text("*.md\n")
    assert recalled(world, "gate") is None


def test_the_content_of_a_secret_counts_for_what_is_built(world: World, keep: Callable[..., None]) -> None:
    """It may have been what made a build succeed."""
    (world.folder / ".dockerignore").write_text("secret\n")
    keep("gate")
    assert recalled(world, "gate") is not None
    (world.folder / "secret").write_text("other")
    assert recalled(world, "gate") is None


def test_what_is_written_anew_and_stays_the_same_drops_nothing(
    world: World, keep: Callable[..., None]
) -> None:
    """Times count for nothing, as in a fresh checkout."""
    keep()
    code = world.folder / "app/main.py"
    code.write_bytes(code.read_bytes())
    os.utime(code, (1, 1))
    assert recalled(world) is not None


def test_what_is_proven_of_it_drops_nothing(world: World, keep: Callable[..., None]) -> None:
    """Facts are the same for every profile, and whatever is accepted."""
    parts = world.parts
    keep("gate")
    project = Project.open(world.folder)
    parts["config"] = replace(project.config, profile="production", practices=("labels",))
    parts["project"] = replace(project, config=parts["config"])
    assert recalled(world, "gate") is not None


def test_files_of_an_image_stay_known_while_the_image_is_the_same(
    world: World, keep: Callable[..., None]
) -> None:
    """And no longer."""
    keep("files")
    before = recalled(world, "files")
    world.parts["image_id"] = "sha256:other"
    assert before is not None
    assert recalled(world, "files") is None


def test_what_a_bad_proof_rests_on_is_observed_anew(world: World, keep: Callable[..., None]) -> None:
    """What speaks against a project is never taken from before."""
    keep(doubted=("container",))
    assert recalled(world) is None


def test_what_was_kept_and_speaks_against_a_project_now_is_let_go(
    world: World, keep: Callable[..., None]
) -> None:
    """Another practice may ask for the same fact."""
    keep()
    keeper = Keeper(world.folder.parent / "kept")
    assert keeper.recall(PROVIDERS["container"], world) is not None
    keeper.settle({"container"})
    assert recalled(world) is None


def test_what_is_observed_anew_and_not_good_drops_what_was_kept(
    world: World, keep: Callable[..., None]
) -> None:
    """Else the next run would take the better of the two."""
    keep()
    keep(doubted=("container",))
    assert recalled(world) is None


def test_what_is_changed_while_it_is_proven_is_not_kept(world: World) -> None:
    """Whether it was observed before or after that is not known."""
    keeper = Keeper(world.folder.parent / "kept")
    keeper.note(PROVIDERS["gate"], world, FACTS["gate"], TOOK_S)
    code = world.folder / "app/main.py"
    before = code.read_text()
    code.write_text("raise SystemExit\n")
    keeper.settle(())
    code.write_text(before)
    assert recalled(world, "gate") is None


def test_all_is_observed_anew_where_that_is_asked_for(world: World, keep: Callable[..., None]) -> None:
    """And is there for the next run."""
    keep()
    assert recalled(world, is_fresh=True) is None
    assert recalled(world) is not None


@pytest.mark.parametrize("age", [LONGEST + timedelta(minutes=1), timedelta(minutes=-1)])
def test_what_is_old_or_of_the_future_is_observed_anew(
    world: World, keep: Callable[..., None], age: timedelta
) -> None:
    """Clocks are set back, too."""
    keep()
    (path,) = (world.folder.parent / "kept").iterdir()
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "observed_at": (datetime.now(timezone.utc) - age).isoformat()}))
    assert recalled(world) is None


def test_old_files_go(world: World, keep: Callable[..., None]) -> None:
    """The folder does not grow without end."""
    keep()
    (path,) = (world.folder.parent / "kept").iterdir()
    old = time.time() - LONGEST.total_seconds() - 60
    os.utime(path, (old, old))
    keep("gate")
    assert not path.exists()


@pytest.mark.parametrize("damage", ["", "{", "null", "[]", '{"fact": {}}', "\x00", '{"observed_at": 1}'])
def test_a_damaged_file_is_no_fact(world: World, keep: Callable[..., None], damage: str) -> None:
    """Nor one that lacks something, or has too much."""
    keep()
    (path,) = (world.folder.parent / "kept").iterdir()
    kept: Mapping[str, Any] = json.loads(path.read_text())
    for text in (
        damage,
        json.dumps({**kept, "fact": {**kept["fact"], "more": 1}}),
        json.dumps({**kept, "fact": 7}),
    ):
        path.write_text(text)
        assert recalled(world) is None


def test_what_costs_nothing_is_not_kept(world: World, keep: Callable[..., None]) -> None:
    """Reading it back would cost as much."""
    keep(took_s=WORTH_S / 2)
    assert recalled(world) is None


def test_a_tree_that_is_not_looked_at_in_full_has_no_facts(world: World, keep: Callable[..., None]) -> None:
    """Here the repository itself reaches the builder."""
    (world.folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY . .\n")
    (world.folder / ".git").mkdir()
    keep("gate")
    assert not list((world.folder.parent / "kept").iterdir())


def test_nobody_else_may_read_it(world: World, keep: Callable[..., None]) -> None:
    """It may hold what an image holds."""
    keep("files")
    kept = world.folder.parent / "kept"
    assert {path.stat().st_mode & 0o077 for path in (kept, *kept.iterdir())} == {0}


def test_a_folder_that_cannot_be_written_does_no_harm(world: World) -> None:
    """Nothing is kept then."""
    (world.folder.parent / "kept").touch()
    keeper = Keeper(world.folder.parent / "kept" / "within")
    keeper.note(PROVIDERS["container"], world, FACTS["container"], TOOK_S)
    keeper.settle(())
    assert keeper.recall(PROVIDERS["container"], world) is None


def test_a_projects_folder_is_named_by_the_environment_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects have two."""
    project = Project.open(world.folder)
    monkeypatch.setenv(FOLDER, NEVER)
    assert keeper_for(project, is_fresh=False) is None
    monkeypatch.setenv(FOLDER, "/somewhere")
    first, second = (
        keeper_for(each, is_fresh=False) for each in (project, replace(project, folder=Path("/other")))
    )
    assert first is not None
    assert second is not None
    assert first.folder.parent == second.folder.parent == Path("/somewhere")
    assert first.folder != second.folder


def test_facts_that_a_repository_brings_are_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever may propose a change could say what is observed of it."""
    project = Project.open(world.folder)
    monkeypatch.setenv(FOLDER, str(world.folder / ".facts"))
    assert keeper_for(project, is_fresh=False) is not None
    (world.folder / ".facts/0123").mkdir(parents=True)
    (world.folder / ".facts/0123/container-0.json").touch()
    git = ["git", "-C", str(world.folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert keeper_for(project, is_fresh=False) is not None
    subprocess.run([*git, "add", ".facts"], check=True)
    assert keeper_for(project, is_fresh=False) is None
