"""A run, its owner, and what is swept: never what lives, never what is not ours, and all of the rest."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hullproof.engine.calls import Calls
from hullproof.engine.leftovers import remove, sweep
from hullproof.errors import EngineError
from hullproof.interruption import unwinding_on_signals
from hullproof.owner import (
    IMAGES,
    OWNER_LABEL,
    RUN_LABEL,
    _start_time,
    image_name,
    is_dead,
    make_folder,
    owned_folder,
    owner,
    remove_tree,
    sweep_folders,
)
from hullproof.run.run import Run

from ..rig import unprivileged


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a temporary folder of its own, so that no other run's is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def gone() -> str:
    """The owner value of a process that has ended."""
    code = "from hullproof.owner import owner; print(owner())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


# --- who owns what -----------------------------------------------------------------------------------


def test_this_process_lives() -> None:
    """What we own is not dead while we run."""
    assert not is_dead(owner())


def test_a_process_that_has_ended_is_dead(gone: str) -> None:
    """Its label tells."""
    assert is_dead(gone)


def test_a_zombie_is_dead() -> None:
    """A killed process whose parent has not asked for its exit code makes nothing any more."""
    with subprocess.Popen(["sleep", "60"]) as process:
        value = owner_of(process.pid)
        assert not is_dead(value)
        process.kill()
        deadline = time.monotonic() + 5
        while not is_dead(value) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert is_dead(value)


def owner_of(pid: int) -> str:
    """Return the owner value that another process would write."""
    machine = owner().partition("/")[0]
    return f"{machine}/{pid}/{_start_time(pid)}"


def test_a_number_that_another_process_has_now_is_dead() -> None:
    """The time of its start tells a process from a later one of the same number."""
    machine, pid, started = owner().split("/")
    assert is_dead(f"{machine}/{pid}/{int(started) - 1}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be sure to see another user's process")
def test_another_users_process_lives() -> None:
    """Process 1 is not ours, and alive."""
    assert not is_dead(owner_of(1))


def test_another_machines_process_counts_as_alive(gone: str) -> None:
    """On a shared engine, nobody can tell from here."""
    machine, process = gone.split("/", 1)
    assert not is_dead(f"other-{machine}/{process}")


@pytest.mark.parametrize(
    "process",
    [
        "",
        "/",
        "1",
        "4194305",
        "4194305/",
        "4194305/x",
        "/5",
        "0/5",
        "-1/5",
        "²/5",
        "1e3/5",
        "9" * 5000 + "/5",
        "5/5/5",
        " 5/5",
    ],
)
def test_what_no_run_can_have_written_never_counts_as_dead(process: str) -> None:
    """A label that is damaged, cut or somebody else's removes nothing."""
    machine = owner().partition("/")[0]
    assert not is_dead(f"{machine}/{process}")
    assert not is_dead(process)


def test_without_proc_a_process_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no /proc to tell when a process started, its being there counts."""
    monkeypatch.setattr("hullproof.owner._start_time", lambda _pid: None)
    assert owner().endswith("/-")
    assert not is_dead(owner())
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert is_dead(owner().replace(str(os.getpid()), str(process.pid)))


# --- scratch folders ---------------------------------------------------------------------------------


def test_a_dead_runs_folder_is_swept_and_a_living_ones_is_not(temporary: Path) -> None:
    """Told by the name alone: there is no moment in which a folder has no owner."""
    code = (
        f"import tempfile; tempfile.tempdir = {str(temporary)!r}; "
        "from hullproof.owner import make_folder; print(make_folder('abc').name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mine = make_folder("abc")
    assert sweep_folders() == [done.stdout.strip()]
    assert [each.name for each in temporary.iterdir()] == [mine.name]


@pytest.mark.parametrize("name", ["hullproof-abc", "hullproof-0.lock", "hullproof-abc-1234.5.6.x", "other"])
def test_what_has_no_owner_is_left_alone(temporary: Path, name: str) -> None:
    """A name that we did not make is somebody else's."""
    (temporary / name).mkdir()
    assert sweep_folders() == []
    assert (temporary / name).is_dir()


def test_a_link_with_a_dead_runs_name_is_not_followed(temporary: Path, tmp_path: Path) -> None:
    """Anybody may put a link into the temporary folder."""
    target = tmp_path / "precious"
    target.mkdir()
    machine = make_folder("x").name.rpartition("-")[2].partition(".")[0]
    (temporary / f"hullproof-x-{machine}.1.1.abc").symlink_to(target)
    assert sweep_folders() == []
    assert target.is_dir()


def test_an_owned_folder_goes_with_its_block() -> None:
    """However the block is left."""
    with contextlib.suppress(ZeroDivisionError), owned_folder("build") as folder:
        (folder / "file").write_text("x")
        raise ZeroDivisionError
    assert not folder.exists()


def test_a_tree_that_may_not_be_changed_is_removed_all_the_same(open_folder: Path) -> None:
    """Unreadable and unwritable folders of a copied tree go too, and what links point to stays as it is."""
    with unprivileged():
        top, outside = open_folder / "tree", open_folder / "outside"
        for folder in (top / "a/b/c", top / "locked/inner", outside):
            folder.mkdir(parents=True)
        for folder in (top / "a/b/c", top / "locked/inner", outside):
            (folder / "file").write_text("x")
        (top / "a/link").symlink_to(outside)
        for path, mode in (("a/b/c", 0o500), ("a/b", 0), ("a", 0o500), ("locked", 0o300), (".", 0o500)):
            (top / path).chmod(mode)
        outside.chmod(0o500)
        remove_tree(top)
        found = (top.exists(), (outside / "file").is_file(), outside.stat().st_mode & 0o777)
    assert found == (False, True, 0o500)


# --- what is on the engine ---------------------------------------------------------------------------


class FakeApi:
    """An engine's API with things on it, by kind; `refuse` names ids that it will not remove."""

    def __init__(self, things: dict[str, list[dict[str, Any]]], refuse: tuple[str, ...] = ()) -> None:
        """Take what there is."""
        self.things = things
        self.refuse = refuse

    def _list(self, kind: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        name, _, value = query["label"][0].partition("=")
        return [
            item
            for item in self.things.get(kind, [])
            if name in (item["Labels"] or {}) and (not value or item["Labels"][name] == value)
        ]

    def _remove(self, kind: str, name: str) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - slow to import

        if name in self.refuse:
            raise APIError("in use")
        self.things[kind] = [
            item for item in self.things[kind] if name not in (item.get("Id"), item.get("Name"))
        ]

    def containers(self, *, all: bool, filters: dict[str, list[str]]) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's word
        """List stopped ones, too."""
        assert all
        return self._list("container", filters)

    def networks(self, *, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        """List networks."""
        return self._list("network", filters)

    def volumes(self, *, filters: dict[str, list[str]]) -> dict[str, Any]:
        """List volumes; the engine says null for none."""
        return {"Volumes": self._list("volume", filters) or None}

    def images(self, *, name: str) -> list[dict[str, Any]]:
        """List the images that have a name in one repository."""
        found = self.things.get("image", [])
        return [item for item in found if any(tag.startswith(f"{name}:") for tag in item["RepoTags"])]

    def remove_container(self, name: str, *, v: bool, force: bool) -> None:
        """Remove a running one with its volumes."""
        assert v
        assert force
        self._remove("container", name)

    def remove_network(self, name: str) -> None:
        """Remove a network."""
        self._remove("network", name)

    def remove_volume(self, name: str, *, force: bool) -> None:
        """Remove a volume."""
        assert force
        self._remove("volume", name)

    def remove_image(self, name: str, *, force: bool) -> None:
        """Remove a name, and the image with the last one."""
        assert force
        item = next(each for each in self.things["image"] if name in each["RepoTags"])
        item["RepoTags"].remove(name)
        if not item["RepoTags"]:
            self._remove("image", item["Id"])


def engine(api: Any) -> Any:  # noqa: ANN401 - stands for an Engine
    """Return what looks like an engine to a run."""
    return SimpleNamespace(
        client=SimpleNamespace(api=api),
        calls=Calls("unix:///engine"),
        cleaning=lambda: contextlib.nullcontext(api),
    )


def things(run: str, value: str | None, suffix: str) -> dict[str, list[dict[str, Any]]]:
    """Return one thing of each kind, with the labels of a run."""
    labels = {RUN_LABEL: run} | ({OWNER_LABEL: value} if value is not None else {})
    return {
        "container": [{"Id": f"c-{suffix}", "Labels": labels}],
        "network": [{"Id": f"n-{suffix}", "Name": "net", "Labels": labels}],
        "volume": [{"Name": f"v-{suffix}", "Labels": labels}],
        "image": [{"Id": f"sha256:i-{suffix}", "RepoTags": [signed(run, value)]}],
    }


def signed(run: str, value: str | None) -> str:
    """Return the name of an image of a run, owned by the process that a label names."""
    name = image_name(run)
    if value is None:
        return f"{IMAGES}:{run}"
    process, started = value.split("/")[1:]
    return re.sub(r"\.\d+\.(\d+|-)\.", f".{process}.{started}.", name)


def merged(*each: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Lay several runs' things together."""
    return {kind: [item for one in each for item in one[kind]] for kind in each[0]}


def left(api: FakeApi) -> list[str]:
    """Name what is still there."""
    return sorted(str(item.get("Id") or item.get("Name")) for items in api.things.values() for item in items)


def test_only_what_dead_runs_left_is_swept(gone: str) -> None:
    """A living run's, a damaged label's and an unlabelled one's things stay."""
    unlabelled = {"container": [{"Id": "c-none", "Labels": None}], "network": [], "volume": [], "image": []}
    api = FakeApi(
        merged(things("a", gone, "dead"), things("b", owner(), "live"), things("c", None, "odd"), unlabelled)
    )
    assert sorted(sweep(engine(api)).removed) == [
        "container c-dead",
        "image i-dead",
        "network n-dead",
        "volume v-dead",
    ]
    assert [name for name in left(api) if "dead" in name] == []
    assert len(left(api)) == 9


def test_one_thing_that_cannot_be_removed_keeps_nothing_else(gone: str) -> None:
    """What somebody uses stays, and is named with the reason; the rest goes."""
    api = FakeApi(things("a", gone, "x"), refuse=("c-x",))
    result = remove(cast("Any", api), "a")
    assert sorted(result.removed) == ["image i-x", "network n-x", "volume v-x"]
    assert result.kept == ["container c-x (in use)"]
    assert left(api) == ["c-x"]


def test_an_engine_that_is_gone_is_asked_once() -> None:
    """Its time-out is not waited for again for each kind of thing, and nothing is said to be removed."""
    asked: list[str] = []
    with pytest.raises(EngineError, match="went away while removing what a run has made"):
        remove(gone_api(asked), None)
    assert len(asked) == 1


def gone_api(asked: list[str]) -> Any:  # noqa: ANN401 - stands for the SDK's client
    """Return an API that is not there; `asked` notes for what."""

    class Gone:
        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any call
            def call(*_: object, **__: object) -> Any:  # noqa: ANN401 - never returns
                asked.append(name)
                raise ConnectionError

            return call

    return Gone()


# --- a run -------------------------------------------------------------------------------------------


def test_a_run_leaves_nothing_and_touches_no_other(temporary: Path) -> None:
    """Two runs at once: each takes its own things and folder along, and only those."""
    api = FakeApi(things("x", owner(), "other"))
    with Run() as first:
        first.uses(engine(api))
        with Run() as second:
            second.uses(engine(api))
            assert first.id != second.id
            for run in (first, second):
                api.things["container"].append({"Id": run.id, "Labels": dict(run.labels)})
                (run.scratch("copy") / "file").write_text("x")
        assert second.id not in left(api)
        assert first.id in left(api)
        assert first.folder.is_dir()
    assert left(api) == ["c-other", "n-other", "sha256:i-other", "v-other"]
    assert list(temporary.iterdir()) == []


def test_what_a_thread_makes_while_the_run_ends_is_removed() -> None:
    """The end waits for the run's threads, and looks again after them."""
    api = FakeApi({"container": [], "network": [], "volume": [], "image": []})
    noticed = threading.Event()

    def work(run: Run) -> None:
        for number in range(5):
            time.sleep(0.1)
            api.things["container"].append({"Id": f"late-{number}", "Labels": dict(run.labels)})
        noticed.set()

    with contextlib.suppress(KeyboardInterrupt), Run() as run:
        run.uses(engine(api))
        run.start(lambda: work(run), "late")
        raise KeyboardInterrupt
    assert noticed.is_set()
    assert left(api) == []


def test_a_thread_that_waits_for_a_container_is_freed_by_its_removal() -> None:
    """The container goes first, so that who watches it need not be waited out."""
    api = FakeApi({"container": [], "network": [], "volume": [], "image": []})

    def watch(run: Run) -> None:
        api.things["container"].append({"Id": "watched", "Labels": dict(run.labels)})
        while "watched" in left(api):
            time.sleep(0.02)

    started = time.monotonic()
    with Run() as run:
        run.uses(engine(api))
        run.start(lambda: watch(run), "watch")
        time.sleep(0.1)
    assert left(api) == []
    assert time.monotonic() - started < 5


def test_a_thread_that_never_notices_is_left_behind_at_the_deadline() -> None:
    """Everything that waits has a deadline; what it may still create is not called removed."""
    released = threading.Event()
    started = time.monotonic()
    with Run() as run:
        run.start(lambda: released.wait(30), "stuck")
        run.close(deadline_s=0.3)
        assert run.kept == ["what it was still creating"]
        released.set()
    assert time.monotonic() - started < 5
    assert not run.folder.exists()


class SilentApi(FakeApi):
    """An engine that takes `delay_s` to answer the first question."""

    def __init__(self, delay_s: float) -> None:
        """Have nothing on it."""
        super().__init__({})
        self._delay_s = delay_s

    def containers(self, *, all: bool, filters: dict[str, list[str]]) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's word
        """List them, late."""
        time.sleep(self._delay_s)
        self._delay_s = 0.0
        return super().containers(all=all, filters=filters)


def test_a_silent_engine_costs_no_more_than_the_deadline_and_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two of them cost no more than one; what the run did not see removed, it does not call removed."""
    started = time.monotonic()
    with Run() as run:
        for _ in range(2):
            run._engines.append(engine(SilentApi(30)))  # noqa: SLF001 - `uses` would sweep first
        run.close(deadline_s=0.5)
        assert time.monotonic() - started < 3
        assert (
            run.kept
            == ["what this run created on the engine at unix:///engine, which did not answer within 1 s"] * 2
        )
        run._engines.clear()  # noqa: SLF001 - the same
    assert run.kept == []
    assert caplog.text == ""


def test_an_engine_that_answers_in_time_after_all_has_everything_removed() -> None:
    """It is waited for as long as there is time."""
    api = SilentApi(1.5)
    with Run() as run:
        run._engines.append(engine(api))  # noqa: SLF001 - `uses` would sweep first
        api.things = {"container": [{"Id": run.id, "Labels": dict(run.labels)}]}
    assert (run.kept, left(api)) == ([], [])


def test_what_a_run_leaves_at_a_good_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Its verdict stands; what stays is named, with the command that removes it."""
    with Run() as run:
        run._engines.append(engine(gone_api([])))  # noqa: SLF001 - `uses` would ask it
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "could not remove what this run created on the engine at unix:///engine ("
    )
    assert record.getMessage().endswith("; `hullproof clean` removes it")


@pytest.mark.usefixtures("own_signals")
def test_an_interruption_tells_what_its_runs_could_not_remove() -> None:
    """And nothing else: a run whose things were all removed is no reason to speak of others."""
    with unwinding_on_signals() as interruption:
        refusing = FakeApi({"container": []}, refuse=("c-1",))
        with contextlib.suppress(KeyboardInterrupt), Run() as run, Run() as other:
            for each in (run, other):
                each.uses(engine(refusing if each is run else FakeApi({})))
            refusing.things["container"].append({"Id": "c-1", "Labels": dict(run.labels)})
            signal.raise_signal(signal.SIGTERM)
    assert interruption.kept == {other.id: [], run.id: ["container c-1 (in use)"]}
    said = "interrupted by SIGTERM; could not remove container c-1 (in use); `hullproof clean` removes it"
    assert str(interruption) == said


def test_a_run_without_room_for_its_folder_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in the way is told, not that there is no folder to remove."""

    def full(_kind: str) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("hullproof.run.run.make_folder", full)
    with pytest.raises(OSError, match="No space left"), Run():
        pytest.fail("it began all the same")
