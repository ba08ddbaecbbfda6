"""Our evidence and other people's tools, on a real registry: cosign verifies ours, we verify cosign's, oras finds and copies it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.report.as_statement import PREDICATES

from ..conftest import Command
from .pieces import write_keys
from .test_commands import write_report
from .verifiers import Verifiers

TYPES = [type_ for type_, _ in PREDICATES.values()]


@pytest.fixture(scope="session")
def tools() -> Verifiers:
    """The tools; in CI they are fetched."""
    found = Verifiers.had()
    if found is None:
        pytest.skip("cosign, oras, crane and docker-registry are fetched from Debian where CI=true")
    return found


@pytest.fixture(scope="session")
def host(tools: Verifiers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry on this machine."""
    with tools.registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def image(tools: Verifiers, host: str, tmp_path: Path) -> tuple[str, Path]:
    """An image in the registry, by its digest, and the report of it."""
    name, config = tools.push(tmp_path, f"{host}/shop:{tmp_path.name.lower()}")
    return name, write_report(tmp_path, config)


@pytest.mark.parametrize("kind", ["p256", "rsa", "ed25519"])
def test_cosign_verifies_ours(
    tools: Verifiers, command: Command, image: tuple[str, Path], tmp_path: Path, kind: str
) -> None:
    """Version 3 by the bundles, version 2.5 under the tag that is made for it; with another key neither does."""
    name, report = image
    private, public = write_keys(tmp_path, kind)
    _, other = write_keys(tmp_path, kind, 1)
    assert command("attest", report, name, "--key", private, "--cosign-2")[0] == 0
    for cosign in ("cosign-2", "cosign-3"):
        for type_ in TYPES:
            ask = ("verify-attestation", "--insecure-ignore-tlog", "--type", type_)
            said = tools.run(cosign, *ask, "--key", public, name)
            assert "verified against the specified public key" in said
        tools.run(cosign, *ask, "--key", other, name, passes=False)


def test_cosign_verifies_ours_in_files(
    tools: Verifiers, command: Command, image: tuple[str, Path], tmp_path: Path
) -> None:
    """A signed statement in a file, against the manifest as a blob."""
    name, report = image
    private, public = write_keys(tmp_path)
    file, manifest = tmp_path / "s.intoto.jsonl", tmp_path / "manifest.json"
    assert command("attest", report, name, "--key", private, "--predicate", "svr", "--output", file)[0] == 0
    manifest.write_text(tools.run("crane", "manifest", name))
    ask = ("verify-blob-attestation", "--key", public, "--insecure-ignore-tlog", "--signature", file)
    tools.run("cosign-2", *ask, "--type", PREDICATES["svr"][0], manifest)
    manifest.write_text("{}")
    tools.run("cosign-2", *ask, "--type", PREDICATES["svr"][0], manifest, passes=False)


@pytest.mark.parametrize("cosign", ["cosign-2", "cosign-3"])
def test_we_verify_cosigns(
    tools: Verifiers, command: Command, image: tuple[str, Path], tmp_path: Path, cosign: str
) -> None:
    """Made of our report by either version, whose key pair is its own; with another key we do not."""
    name, report = image
    tools.run(cosign, "generate-key-pair", cwd=tmp_path)
    offline: tuple[str | Path, ...] = ("--tlog-upload=false",)
    if cosign == "cosign-3":
        offline = ("--signing-config", tools.no_services(tmp_path))
    ask = (
        "attest",
        "--key",
        "cosign.key",
        *offline,
        "--type",
        "urn:hullproof:report:1",
        "--predicate",
        report,
        name,
    )
    tools.run(cosign, *ask, cwd=tmp_path)
    code, said, _ = command("verify", name, "--key", tmp_path / "cosign.pub", "--max-age", "2h")
    assert (code, said.startswith(f"{name}: 1 of 2 practices proven")) == (0, True)
    _, other = write_keys(tmp_path)
    code, _, said = command("verify", name, "--key", other)
    assert (code, "its signature is not of this key" in said) == (1, True)


def test_oras_finds_and_copies_it(
    tools: Verifiers, command: Command, image: tuple[str, Path], host: str, tmp_path: Path
) -> None:
    """What refers to the image goes where the image goes."""
    name, report = image
    private, public = write_keys(tmp_path)
    assert command("attest", report, name, "--key", private)[0] == 0
    found = json.loads(tools.run("oras", "discover", "--plain-http", "--format", "json", name))
    there = found.get("manifests") or found.get("referrers")
    assert [each["artifactType"] for each in there] == [
        "application/vnd.dev.sigstore.bundle.v0.3+json"
    ] * len(TYPES)
    copy = f"{host}/elsewhere/shop:1"
    tools.run("oras", "cp", "-r", "--from-plain-http", "--to-plain-http", name, copy)
    assert command("verify", copy, "--key", public)[0] == 0
