"""`hullproof attest` and `hullproof verify`, with a registry and with files."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hullproof.evidence.keys import PASSPHRASE
from hullproof.evidence.registry import fallback_tag
from hullproof.report.as_statement import PREDICATES

from ..conftest import Command
from ..registry import digest_of
from .pieces import DIGEST, report, write_keys
from .registry import FakeRegistry

TYPES = [type_ for type_, _ in PREDICATES.values()]


def write_report(folder: Path, config: str, name: str = "report.json", **changes: Any) -> Path:  # noqa: ANN401 - JSON
    """Write the report of an image that is known by its configuration's digest, proven just now."""
    made = report(
        image__id=config, image__digest=None, started_at=f"{ago(hours=1):%Y-%m-%dT%H:%M:%SZ}", **changes
    )
    (folder / name).write_text(json.dumps(made))
    return folder / name


def ago(**span: int) -> datetime:
    """Return a time that is past."""
    return datetime.now(timezone.utc) - timedelta(**span)


@pytest.mark.parametrize("keeps", [True, False], ids=["referrers", "the fallback tag"])
@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "rsa"])
def test_what_is_attested_is_verified(
    command: Command, registry: FakeRegistry, tmp_path: Path, kind: str, *, keeps: bool
) -> None:
    """Signed by any kind of key, attached, found and verified, on registries with and without the referrers API."""
    registry.keeps_referrers = keeps
    digest, config = registry.image()
    private, public = write_keys(tmp_path, kind)
    attested = command("attest", write_report(tmp_path, config), registry.reference(), "--key", private)
    assert attested[:2] == (0, f"{registry.host}/team/shop@{digest}\n")
    assert [line.split()[1] for line in attested[2].splitlines()] == TYPES
    assert (fallback_tag(digest) in registry.manifests) is not keeps
    code, said, _ = command("verify", registry.reference(), "--key", public, "--max-age", "2h")
    assert code == 0
    assert said.startswith(f"{registry.host}/team/shop@{digest}: 1 of 2 practices proven")
    for predicate in ("test-result", "svr"):
        assert command("verify", registry.reference(), "--key", public, "--predicate", predicate)[0] == 0


def test_attaching_keeps_what_was_attached_before(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """By others, and by ourselves."""
    digest, config = registry.image()
    there = registry.put({"schemaVersion": 2, "layers": []})
    index = {"schemaVersion": 2, "manifests": [{"digest": there, "size": 1}]}
    registry.put(index, fallback_tag(digest))
    path = write_report(tmp_path, config)
    for _ in range(2):
        assert command("attest", path, registry.reference(), "--key", keys[0], "--cosign-2")[0] == 0
    listed = json.loads(registry.manifests[fallback_tag(digest)])["manifests"]
    assert listed[0]["digest"] == there
    assert len(listed) == 1 + 2 * len(TYPES)
    layers = json.loads(registry.manifests[f"{fallback_tag(digest)}.att"])["layers"]
    assert [each["annotations"]["predicateType"] for each in layers] == TYPES * 2


def test_an_index_takes_a_report_of_each_platform(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Each statement is about its own platform's manifest; verifying asks which, and says so in one line."""
    (amd, amd_config), (arm, arm_config) = registry.index("linux/amd64", "linux/arm64/v8")
    reports = [
        write_report(tmp_path, amd_config, "amd.json"),
        write_report(tmp_path, arm_config, "arm.json", image__platform="linux/arm64/v8"),
    ]
    code, said, _ = command("attest", *reports, registry.reference(), "--key", keys[0])
    assert (code, [line.partition("@")[2] for line in said.splitlines()]) == (0, [amd, arm])
    code, _, said = command("verify", registry.reference(), "--key", keys[1])
    assert (code, "is an index of linux/amd64 and linux/arm64/v8; choose one by --platform" in said) == (
        2,
        True,
    )
    chosen = ("--platform", "linux/arm64/v8")
    assert command("verify", registry.reference(), "--key", keys[1], *chosen)[:2][0] == 0
    code, _, said = command("verify", registry.reference(), "--key", keys[1], "--platform", "linux/s390x")
    assert (code, "is for linux/amd64, linux/arm64/v8, not for linux/s390x" in said) == (2, True)
    assert command("verify", f"{registry.host}/team/shop@{amd}", "--key", keys[1])[0] == 0


def test_on_the_containerd_store_the_id_is_the_manifests_or_the_indexs(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Where the engine's id is no configuration's digest, the report's image is found all the same."""
    digest, _ = registry.image()
    assert command("attest", write_report(tmp_path, digest), registry.reference(), "--key", keys[0])[0] == 0
    registry.index("linux/amd64", tag="2")
    index = next(
        name
        for name, body in registry.manifests.items()
        if name.startswith("sha256:") and body == registry.manifests["2"]
    )
    path = write_report(tmp_path, index)
    assert command("attest", path, registry.reference("2"), "--key", keys[0])[0] == 0
    assert command("verify", registry.reference("2"), "--key", keys[1])[0] == 0


def test_statements_go_to_a_file_signed_or_not(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Nothing is attached then; a signed file is verified without a registry, an unsigned one is refused."""
    digest, config = registry.image()
    path, file = write_report(tmp_path, config), tmp_path / "shop.intoto.jsonl"
    assert command("attest", path, registry.reference(), "--output", file)[0] == 0
    assert [json.loads(line)["predicateType"] for line in file.read_text().splitlines()] == TYPES
    by_digest = f"{registry.host}/team/shop@{digest}"
    refused = command("verify", by_digest, "--key", keys[1], "--evidence", file)
    assert (refused[0], "does not hold: it is not signed" in refused[2]) == (1, True)
    assert command("attest", path, registry.reference(), "--output", file, "--key", keys[0])[0] == 0
    assert not [each for each in registry.asked if each.startswith(("PUT", "POST"))]
    registry.stop()
    code, said, _ = command("verify", by_digest, "--key", keys[1], "--evidence", file)
    assert (code, said.startswith(by_digest)) == (0, True)
    with file.open("ab") as more:
        more.truncate(64_000_001)
    code, _, said = command("verify", by_digest, "--key", keys[1], "--evidence", file)
    assert (code, "is larger than 64,000,000 bytes" in said) == (2, True), "the newest might be cut off"


def test_a_report_that_names_the_digest_needs_no_registry(
    command: Command, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """For air-gapped machines: the reference and the report agree."""
    path, file = tmp_path / "r.json", tmp_path / "s.intoto.jsonl"
    path.write_text(json.dumps(report()))
    where = f"nowhere.invalid/shop@sha256:{DIGEST}"
    assert command("attest", path, where, "--key", keys[0], "--output", file, "--predicate", "svr")[0] == 0
    assert len(file.read_text().splitlines()) == 1
    verified = command("verify", where, "--key", keys[1], "--evidence", file, "--predicate", "svr")
    assert verified[0] == 0


@pytest.mark.parametrize("keeps", [True, False], ids=["referrers", "the fallback tag"])
def test_what_others_attach_hides_nothing(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path, *, keeps: bool
) -> None:
    """Nor does what is not there, is too large, or is other content than its digest says; alone, it is told."""
    registry.keeps_referrers = keeps
    digest, config = registry.image()
    huge, wrong_one = b"x" * 33_000_000, "sha256:" + "7" * 64
    registry.blobs.update({"sha256:" + hashlib.sha256(huge).hexdigest(): huge, wrong_one: b"{}"})
    bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
    bad = [
        registry.put(
            {
                "schemaVersion": 2,
                "subject": {"digest": digest},
                "layers": [{"mediaType": bundle, "digest": each}],
            }
        )
        for each in (digest_of(huge), wrong_one, "sha256:" + "8" * 64)
    ]
    listed = [{"digest": each, "size": 1} for each in (*bad, "sha256:" + "9" * 64)]
    registry.put({"schemaVersion": 2, "manifests": listed}, fallback_tag(digest))
    code, _, said = command("verify", registry.reference(), "--key", keys[1])
    assert (code, said.count("\n")) == (3, 1)
    assert command("attest", write_report(tmp_path, config), registry.reference(), "--key", keys[0])[0] == 0
    assert command("verify", registry.reference(), "--key", keys[1])[0] == 0


def test_more_than_can_be_looked_at_is_said(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path]
) -> None:
    """The newest might be among the rest."""
    digest, _ = registry.image()
    listed = [{"digest": f"sha256:{number:064x}", "size": 1} for number in range(201)]
    registry.put({"schemaVersion": 2, "manifests": listed}, fallback_tag(digest))
    code, _, said = command("verify", registry.reference(), "--key", keys[1])
    assert (code, "has 201 things that refer to" in said) == (3, True)


def test_evidence_is_not_replayed_on_another_image(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """Copied to another image's tag, it is still about the first."""
    digest, config = registry.image()
    other, _ = registry.image(tag="2", salt="other")
    assert command("attest", write_report(tmp_path, config), registry.reference(), "--key", keys[0])[0] == 0
    registry.manifests[fallback_tag(other)] = registry.manifests[fallback_tag(digest)]
    code, _, said = command("verify", registry.reference("2"), "--key", keys[1])
    assert (code, f"it is about another image ({digest[7:19]})" in said) == (1, True)


def test_a_report_of_another_image_is_not_attested(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """One line says which it is about, and which the registry has."""
    _, config = registry.image()
    path = write_report(tmp_path, "sha256:" + "0" * 64)
    code, out, said = command("attest", path, registry.reference(), "--key", keys[0])
    assert (code, out) == (1, "")
    assert "is not the image that was proven: the report is about sha256:0000" in said
    assert f"the registry has {config}; push what was proven" in said


def test_the_report_within_is_about_the_image_as_well(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """A signer's mistake: a statement about this image that holds another one's report."""
    digest, _ = registry.image()
    path = tmp_path / "r.json"
    path.write_text(json.dumps(report(image__digest=digest, image__id="sha256:" + "0" * 64)))
    where, file = f"{registry.host}/team/shop@{digest}", tmp_path / "s.intoto.jsonl"
    assert command("attest", path, where, "--key", keys[0], "--output", file)[0] == 0
    changed = report(image__digest=None, image__id="sha256:" + "0" * 64)
    path.write_text(json.dumps(changed))
    code, _, said = command("attest", path, where, "--key", keys[0], "--output", file)
    assert (code, "is not the image that was proven" in said) == (1, True)


def wrong(name: str, arguments: list[str], said: str, code: int = 2) -> Any:  # noqa: ANN401 - pytest's
    """One wrong use of a command."""
    return pytest.param(arguments, (code, said), id=name)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        wrong("nowhere to go", ["attest", "r.json", "{image}"], "say where statements go"),
        wrong("no report", ["attest", "{image}", "--key", "p256-0.pem"], "name the image after its reports: hullproof attest report.json"),
        wrong("a file that is not there", ["attest", "gone.json", "{image}", "--output", "x"], "gone.json: cannot be read"),
        wrong("no JSON", ["attest", "p256-0.pub", "{image}", "--output", "x"], "p256-0.pub: is no JSON"),
        wrong("another JSON", ["attest", "other.json", "{image}", "--output", "x"], "other.json: is no report of Hullproof's"),
        wrong("another version", ["attest", "next.json", "{image}", "--output", "x"], "is a report of another version (hullproof.report/2)"),
        wrong("a failed build", ["attest", "failed.json", "{image}", "--output", "x"], "is a report without an image", 1),
        wrong("a folder that is not there", ["attest", "r.json", "{image}", "--output", "gone/x"], "there is no folder"),
        wrong("no image", ["attest", "r.json", "Team/Shop", "--output", "x"], "'Team/Shop' names no image"),
        wrong("a short digest", ["verify", "shop@sha256:12", "--key", "p256-0.pub"], "names no image"),
        wrong("no key", ["attest", "r.json", "{image}", "--key", "gone.pem"], "--key gone.pem: cannot be read (No such file"),
        wrong("a public key that signs", ["attest", "r.json", "{image}", "--key", "p256-0.pub"], "p256-0.pub: is no private key in PEM"),
        wrong("a key that is none", ["attest", "r.json", "{image}", "--key", "broken.pem"], "broken.pem: is no private key that can be used"),
        wrong("a key that is locked", ["attest", "r.json", "{image}", "--key", "ed25519-0.pem"], f"needs a passphrase; put it into the environment, as {PASSPHRASE}"),
        wrong("cosign's own key", ["attest", "r.json", "{image}", "--key", "cosign.key"], "is in cosign's own format"),
        wrong("an address of no kind", ["attest", "r.json", "{image}", "--key", "gcp://x"], "no such kind of address; known are awskms, azurekms"),
        wrong("an address alone", ["attest", "r.json", "{image}", "--key", "awskms:alias/x"], "add --public-key FILE"),
        wrong("a public key for a file", ["attest", "r.json", "{image}", "--key", "p256-0.pem", "--public-key", "p256-0.pub"], "goes with a key by its address"),
        wrong("a key that is not to be had", ["attest", "r.json", "{image}", "--key", "awskms:alias/x", "--public-key", "p256-0.pub"], "--key awskms:alias/x: cannot sign"),
        wrong("a file for the image", ["verify", "other.json", "--key", "p256-0.pub"], "give the image, and the file as --evidence other.json"),
        wrong("a private key that verifies", ["verify", "{image}", "--key", "p256-0.pem"], "is a private key; verifying takes the public one"),
        wrong("no public key", ["verify", "{image}", "--key", "other.json"], "is no public key in PEM"),
        wrong("two sets", ["verify", "{image}", "--key", "p256-0.pub", "--require", "a", "--profile", "guide"], "give one of both"),
        wrong("an empty set", ["verify", "{image}", "--key", "p256-0.pub", "--require", ","], "--require names no practice"),
        wrong("no such profile", ["verify", "{image}", "--key", "p256-0.pub", "--profile", "x"], "there is no profile called 'x'"),
        wrong("no age", ["verify", "{image}", "--key", "p256-0.pub", "--max-age", "soon"], "--max-age 'soon' is no age; write it as 30d"),
        wrong("no evidence", ["verify", "{image}", "--key", "p256-0.pub", "--evidence", "gone"], "--evidence gone: cannot be read"),
        wrong("nothing attached", ["verify", "{image}", "--key", "p256-0.pub"], "does not hold: no evidence is attached to it", 1),
        wrong("no such tag", ["verify", "{image}0", "--key", "p256-0.pub"], "has no team/shop:10: push it", 3),
        wrong("no registry", ["verify", "127.0.0.1:9/shop", "--key", "p256-0.pub"], "registry 127.0.0.1:9 cannot be reached (Connection refused)", 3),
        wrong("no such host", ["verify", "nowhere.invalid/shop", "--key", "p256-0.pub"], "registry nowhere.invalid cannot be reached", 3),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(  # noqa: PLR0917 - fixtures
    command: Command,
    registry: FakeRegistry,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    expected: tuple[int, str],
) -> None:
    """It says what is wrong and what to do."""
    _, config = registry.image()
    write_report(tmp_path, config, "r.json")
    write_keys(tmp_path)
    write_keys(tmp_path, "ed25519", passphrase="secret")
    for name, text in {
        "other.json": '{"schema": 1}',
        "next.json": '{"schema": "hullproof.report/2"}',
        "failed.json": json.dumps(report(image=None)),
        "broken.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "cosign.key": "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    ended, _, errors = command(*(each.format(image=registry.reference()) for each in arguments))
    assert (ended, errors.count("\n")) == (expected[0], 1)
    assert expected[1] in errors


def test_the_checklist_names_what_was_signed_and_by_whom(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """The image by its digest in the registry, each statement by its own, and the key."""
    digest, config = registry.image()
    path, file = write_report(tmp_path, config), tmp_path / "checklist.md"
    assert (
        command(
            "attest", path, registry.reference(), "--key", keys[0], "--checklist", file, "--predicate", "svr"
        )[0]
        == 0
    )
    said = file.read_text()
    assert f"| Digest | `{digest}` |" in said
    (layer,) = (body for body in registry.blobs.values() if b"dsseEnvelope" in body)
    payload = base64.b64decode(json.loads(layer)["dsseEnvelope"]["payload"])
    assert f"| Statement https://in-toto.io/attestation/svr/v0.2 | `{digest_of(payload)}` |" in said
    assert "| Signed by | `key sha256:" in said


def test_a_locked_key_is_opened_by_the_environment(
    command: Command, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong passphrase is one line."""
    _, config = registry.image()
    private, public = write_keys(tmp_path, passphrase="secret")
    path = write_report(tmp_path, config)
    monkeypatch.setenv(PASSPHRASE, "guess")
    code, _, said = command("attest", path, registry.reference(), "--key", private)
    assert (code, "the passphrase is wrong" in said, said.count("\n")) == (2, True, 1)
    monkeypatch.setenv(PASSPHRASE, "secret")
    assert command("attest", path, registry.reference(), "--key", private)[0] == 0
    assert command("verify", registry.reference(), "--key", public)[0] == 0


def test_signatures_are_an_extra(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, one line says what to install; unsigned statements do without."""
    registry.image()
    monkeypatch.setitem(sys.modules, "securesystemslib.signer", None)
    code, _, said = command("verify", registry.reference(), "--key", keys[1])
    assert (code, said) == (
        2,
        "hullproof: signatures need an extra: pip install 'hullproof[attest]'\n",
    )
