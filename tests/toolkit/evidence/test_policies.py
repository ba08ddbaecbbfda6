"""Policies for others' verifiers: each lets a good report pass, and none that lacks what is asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullproof.errors import UsageError
from hullproof.evidence.policies import LANGUAGES, TYPE, Asked, policy

from ..cases.catalogue import GOOD
from ..conftest import Command
from .pieces import DIGEST, proofs, report, statement, write_keys
from .registry import FakeRegistry
from .test_commands import write_report
from .test_others import host, image, tools  # noqa: F401 - fixtures
from .verifiers import Verifiers

regopy = pytest.importorskip("regopy")

ASKED = Asked(["a", "b"])
BY_POLICY = ("verify-attestation", "--insecure-ignore-tlog", "--type", TYPE, "--policy")
CASES: list[Any] = [
    pytest.param(["proven", "proven"], True, id="proven"),
    pytest.param(["proven", "not-applicable"], True, id="one does not apply"),
    pytest.param(["proven", "proven", "broken"], True, id="another is broken"),
    pytest.param(["proven", "unproven"], False, id="one is unproven"),
    pytest.param(["broken", "proven"], False, id="one is broken"),
    pytest.param(["proven"], False, id="one is not there"),
]


def decided(module: str, query: str, given: dict[str, Any], data: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return what a Rego module decides."""
    engine = regopy.Interpreter()
    engine.add_module("policy", module)
    if data:
        engine.add_data(data)
    engine.set_input(given)
    answer = json.loads(str(engine.query(f"x := {query}")))
    return answer["bindings"]["x"] if "bindings" in answer else answer["result"][0]["bindings"]["x"]


@pytest.mark.parametrize(("verdicts", "passes"), CASES)
def test_rego_for_cosign(verdicts: list[str], passes: bool) -> None:  # noqa: FBT001 - a case
    """As an engine that is not OPA reads it."""
    given = statement(report(proofs=proofs(*verdicts)))
    assert decided(policy("rego", ASKED), "data.signature.allow", given) is passes


@pytest.mark.parametrize(("verdicts", "passes"), CASES)
@pytest.mark.parametrize("about", [DIGEST, "9f" * 32], ids=["this image", "another image"])
def test_rego_for_docker_scout(verdicts: list[str], about: str, passes: bool) -> None:  # noqa: FBT001 - a case
    """Scout's own builtin, which finds what is attached, is replaced by data; the rest is as it is."""
    module = policy("scout", ASKED).replace("oci.referrer(predicate_type)", "data.referrers[predicate_type]")
    said = statement(report(proofs=proofs(*verdicts)), subject=[{"digest": {"sha256": about}}])
    given = {"source": {"image": {"digest": f"sha256:{DIGEST}"}}}
    found = {"referrers": {TYPE: {"statement": said}}}
    assert decided(module, "data.docker.scout.pass", given, found) is (passes and about == DIGEST)


@pytest.mark.parametrize("language", ["cue", "rego"])
def test_cosign_reads_them(
    tools: Verifiers,  # noqa: F811 - the fixture
    command: Command,
    image: tuple[str, Path],  # noqa: F811 - the same
    tmp_path: Path,
    language: str,
) -> None:
    """Both versions for CUE, and version 3 for Rego: what is asked for decides."""
    name, made = image
    private, public = write_keys(tmp_path)
    assert command("attest", made, name, "--key", private, "--cosign-2", "--predicate", "report")[0] == 0
    for required, passes in ((["slim-base", "workdir"], True), (["slim-base", "expose"], False)):
        file = tmp_path / f"policy.{language}"
        file.write_text(policy(language, Asked(required)))
        for cosign in ("cosign-2", "cosign-3") if language == "cue" else ("cosign-3",):
            tools.run(cosign, *BY_POLICY, file, "--key", public, name, passes=passes)


def test_cosign_holds_the_age(
    tools: Verifiers,  # noqa: F811 - the fixture
    command: Command,
    image: tuple[str, Path],  # noqa: F811 - the same
    tmp_path: Path,
) -> None:
    """The report is of an hour ago."""
    name, made = image
    private, public = write_keys(tmp_path)
    assert command("attest", made, name, "--key", private, "--predicate", "report")[0] == 0
    for most, passes in ((timedelta(hours=2), True), (timedelta(minutes=30), False)):
        file = tmp_path / "policy.rego"
        file.write_text(policy("rego", Asked(["slim-base"], most)))
        tools.run("cosign-3", *BY_POLICY, file, "--key", public, name, passes=passes)


def test_kyvernos_is_a_policy_of_its_kind() -> None:
    """No Kyverno is here to read it: its shape is held."""
    made = yaml.safe_load(policy("kyverno", Asked(["a"], timedelta(days=1), "registry.example/*", "PEM")))
    (rule,) = made["spec"]["rules"]
    (verified,) = rule["verifyImages"]
    (attested,) = verified["attestations"]
    assert verified["imageReferences"] == ["registry.example/*"]
    assert attested["type"] == TYPE
    assert [each["message"] for each in attested["conditions"][0]["all"]] == [
        "a is not proven",
        "the report is too old",
    ]
    with pytest.raises(UsageError, match="give --images"):
        policy("kyverno", ASKED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_asks_for_the_projects_profile(command: Command, language: str, tmp_path: Path) -> None:
    """Every practice of the profile is named, once."""
    _, public = write_keys(tmp_path)
    public.write_bytes("Schlüssel von März\n".encode() + public.read_bytes())
    more = ["--images", "registry.example/*", "--key", public] if language == "kyverno" else []
    code, said, _ = command("policy", language, GOOD, *more)
    assert code == 0
    assert all(
        f'"{each}"' in said or f"'{each}'" in said for each in ("test-gate", "non-root-user", "expose")
    )


def test_what_a_language_cannot_say_is_refused(command: Command) -> None:
    """In one line."""
    code, _, said = command("policy", "cue", GOOD, "--max-age", "1d")
    assert (code, "CUE has no clock" in said, said.count("\n")) == (2, True, 1)
    code, _, said = command("policy", "rego", GOOD, "--images", "x")
    assert (code, "are Kyverno's" in said) == (2, True)


def test_a_profile_is_required_of_evidence(
    command: Command, registry: FakeRegistry, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """What is not in the report is named."""
    _, config = registry.image()
    assert command("attest", write_report(tmp_path, config), registry.reference(), "--key", keys[0])[0] == 0
    code, _, said = command("verify", registry.reference(), "--key", keys[1], "--profile", "guide")
    assert (code, "it says nothing of multistage" in said) == (1, True)
