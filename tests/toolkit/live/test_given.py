"""An image that was given is proven in the place of one that is built: alone, or as a project's that is built to be compared."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from hullproof import Verdict, prove
from hullproof.engine import registry as asking
from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.request import BuildRequest
from hullproof.errors import EngineError, HullproofError

from ..conftest import Command
from ..registry import Registry, digest_of, serving

pytestmark = pytest.mark.engine

OBSERVED = "non-root-user,workdir,expose,default-command"


@pytest.fixture(scope="module")
def unknown_until_now() -> str:
    """What no cache knows before the first of these tests, and all know after it."""
    return secrets.token_hex(8)


@pytest.fixture
def shop(shop: Path, unknown_until_now: str) -> Path:
    """The small project, without what makes its build last: nobody disturbs it here."""
    (shop / "requirements.txt").write_text(f"# {unknown_until_now}\n")
    dockerfile = (shop / "Dockerfile").read_text()
    (shop / "Dockerfile").write_text(dockerfile.replace("sleep 1 && ", ""))
    return shop


@pytest.fixture
def tagged(engine: Engine, shop: Path, command: Command) -> Iterator[str]:
    """The name of the shop's image."""
    tag = f"hullproof-test-{secrets.token_hex(4)}:1"
    code, _, err = command("build", str(shop), "--tag", tag)
    assert code == 0, err
    yield tag
    engine.client.images.remove(tag, force=True)


def report_of(command: Command, *arguments: str) -> dict[str, Any]:
    """Prove, and return the report."""
    _, out, err = command("prove", *arguments, "--format", "json")
    assert out, err
    report: dict[str, Any] = json.loads(out)
    return report


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """Return the verdicts by practice."""
    return {each["id"]: each["verdict"] for each in report["proofs"]}


def test_alone_it_is_proven_by_what_can_be_seen(tagged: str, command: Command) -> None:
    """All that the image and its container show; what its build does is unproven, and that is the reason."""
    report = report_of(command, "--image", tagged)
    seen = verdicts(report)
    assert {name for name, verdict in seen.items() if verdict == "proven"} >= set(OBSERVED.split(","))
    for name in ("multistage", "requirements-first", "test-gate", "dockerignore"):
        summary = next(each["summary"] for each in report["proofs"] if each["id"] == name)
        assert (seen[name], summary) == (
            "unproven",
            "The image was given without its project: what its build does was not seen.",
        )
    assert seen["slim-base"] == "unproven"
    assert [name for name, verdict in seen.items() if verdict == "broken"] == ["ownership"]  # /app is root's
    assert (report["image"]["reference"], report["image"]["comparison"]) == (tagged, None)
    assert (report["project"]["name"], report["project"]["revision"]) == (tagged, None)


def test_what_is_broken_is_named_by_the_history(
    engine: Engine, shop: Path, tagged: str, command: Command
) -> None:
    """The entry that decides it, counted from the oldest."""
    (shop / "Dockerfile").write_text(f"FROM {tagged}\nUSER root\n")
    built = build(engine, BuildRequest(shop, shop / "Dockerfile"))
    assert built.image_id is not None, built.error
    try:
        report = report_of(command, "--image", built.image_id, "--only", "non-root-user")
    finally:
        engine.client.images.remove(built.image_id, force=True)
    (proof,) = report["proofs"]
    assert proof["verdict"] == "broken"
    assert any(re.fullmatch(r"history:\d+", each["where"]) for each in proof["evidence"])
    assert any(each["text"] == "USER root" for each in report["quotes"])


def test_a_projects_own_image_is_proven_as_the_project_is(shop: Path, tagged: str, command: Command) -> None:
    """The layers are the same, so that what the build shows is said of this image, too."""
    report = report_of(command, str(shop), "--image", tagged, "--only", f"multistage,test-gate,{OBSERVED}")
    assert set(verdicts(report).values()) == {"proven"}
    assert report["image"]["comparison"] == "this project's Dockerfile builds it, layer by layer"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (("run.py", "\n# other\n"), r"Dockerfile:\d+ \(COPY .*\) makes another layer"),
        pytest.param(
            ("Dockerfile", '\nCMD ["sleep", "1"]\n'),
            r"its layers are the same, and its CMD is not \(Dockerfile:\d+\)",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            ("Dockerfile", "\nCOPY Dockerfile /\n"),
            r"Dockerfile:\d+ \(COPY Dockerfile /\) makes a layer that it has not",
            marks=pytest.mark.nightly,
        ),
    ],
    ids=["file", "command", "more"],
)
def test_where_a_project_builds_another_image_is_said(
    shop: Path, tagged: str, command: Command, edit: tuple[str, str], says: str
) -> None:
    """In which instruction; what the build shows is then nothing about this image, which is judged by itself."""
    with (shop / edit[0]).open("a") as file:
        file.write(edit[1])
    report = report_of(command, str(shop), "--image", tagged, "--only", "multistage,workdir")
    assert verdicts(report) == {"multistage": "unproven", "workdir": "proven"}
    assert re.search(says, report["image"]["comparison"])
    assert report["proofs"][0]["summary"].lower().startswith("this project's dockerfile does not build it:")


@pytest.mark.nightly
def test_pytest_judges_an_image_that_was_given(shop: Path, tagged: str) -> None:
    """As the command does: compared with what the project builds, and reported so."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--hullproof-only",
        "multistage,workdir",
    ]
    given = [f"--hullproof-image={tagged}", "--hullproof-output", str(shop.parent / "report.json")]
    done = subprocess.run([*command, *given], cwd=shop, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    report = json.loads((shop.parent / "report.json").read_text())
    assert verdicts(report) == {"multistage": "proven", "workdir": "proven"}
    assert report["image"]["comparison"] == "this project's Dockerfile builds it, layer by layer"


# --- registries --------------------------------------------------------------------------------------


@pytest.fixture
def kept() -> Registry:
    """A registry with an image."""
    registry = Registry()
    registry.image("there/it:1")
    return registry


def with_status(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], bool]:
    """Answer all with this."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        request.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        return True

    return answer


def slowly(request: BaseHTTPRequestHandler) -> bool:
    """Answer when nobody waits any more."""
    time.sleep(4)
    return with_status(503)(request)


def wrongly(request: BaseHTTPRequestHandler) -> bool:
    """Give something else for each manifest."""
    if "/manifests/" not in request.path:
        return False
    request.send_response(200)
    request.send_header("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
    request.send_header("Content-Length", "2")
    request.send_header("Docker-Content-Digest", digest_of(b"{}"))
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(b"no")
    return True


def refused(name: str) -> str:
    """Return the line that proving such an image ends with."""
    with pytest.raises(EngineError) as raised:
        prove(image=name, only=["workdir"])
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("misbehave", "says"),
    [
        (with_status(401, WWW_Authenticate='Basic realm="x"'), "docker login {}"),
        (with_status(403), "docker login {}"),
        (with_status(500), "is not in the engine and cannot be pulled"),
        (slowly, "{} did not answer within 2 s"),
        (wrongly, "pulled"),
    ],
    ids=["login", "refused", "broken", "slow", "wrong"],
)
@pytest.mark.usefixtures("engine")
def test_a_registry_that_does_not_give_it(
    kept: Registry,
    monkeypatch: pytest.MonkeyPatch,
    misbehave: Callable[[BaseHTTPRequestHandler], bool],
    says: str,
) -> None:
    """One line that names the image and says what stands in the way."""
    monkeypatch.setattr(asking, "_ANSWER_S", 2)
    kept.misbehave = misbehave
    with serving(kept) as address:
        said = refused(f"{address}/there/it:1")
        assert f"{address}/there/it:1" in said
        assert says.format(address) in said


def test_what_no_registry_can_give(engine: Engine, kept: Registry) -> None:
    """No registry there, no such image in it, none for this machine, and an id that names nothing here."""
    kept.image("there/other:1", architecture="s390x")
    kept.index("there/many:1", s390x=kept.names["there/other:1"])
    assert "cannot be pulled" in refused("127.0.0.1:1/there/it:1")
    assert "the engine has no image" in refused(f"sha256:{'0' * 64}")
    with serving(kept) as address:
        assert "has no image" in refused(f"{address}/there/not:1")
        try:
            assert "s390x" in refused(f"{address}/there/other:1")
        finally:  # only what was pulled says what it is for
            engine.client.images.remove(f"{address}/there/other:1", force=True)
        assert "no matching manifest" in refused(f"{address}/there/many:1")


def test_a_pulled_image_is_known_by_its_digest(engine: Engine, kept: Registry) -> None:
    """Asked for by tag or by digest, the report has the manifest's digest for this platform; without a project's words."""
    own = kept.names["there/it:1"]
    kept.index("there/many:1", amd64=own)
    with serving(kept) as address:
        for name in (f"{address}/there/it@{own}", f"{address}/there/many:1"):
            try:
                report = prove(image=name, only=["non-root-user"], experiments=False)
            finally:
                engine.client.images.remove(name, force=True)
            assert report.image is not None
            assert report.image.digest == own
            assert report.verdict is Verdict.BROKEN  # it has no user but root


def test_what_only_a_project_can_use_is_refused(command: Command) -> None:
    """Each with one line, before anything is asked."""
    for arguments in (("--dockerfile", "x"), ("--build-arg", "A=b"), ("a", "b")):
        code, _, err = command("prove", "--image", "x:1", *arguments)
        assert code == 2
        assert len(err.splitlines()) <= 4
    with pytest.raises(HullproofError, match="not an image reference"):
        prove(image="not a name")
