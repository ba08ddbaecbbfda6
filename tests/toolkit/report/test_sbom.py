"""The bill of materials, held against CycloneDX's own schema."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from hullproof.errors import UsageError
from hullproof.model import Component, Components, Report
from hullproof.report import render

from ..conftest import Command
from ..hostile import TEXTS, assert_harmless
from .reports import failed_build

SITE, STATUS = "/opt/venv/lib/python3.12/site-packages", "/var/lib/dpkg/status"
ALL = (
    Component("pypi", "flask", "3.0", SITE),
    Component("pypi", "flask", "3.0", "/usr/local/lib/python3.12/site-packages"),
    Component("deb", "libc6", "2.36-9+deb12u10", STATUS, "debian", "amd64", "debian-12"),
)


@pytest.fixture
def made(sample: Report) -> Report:
    """A report of an image of which all is known."""
    return replace(sample, components=Components(ALL))


def test_it_is_valid_and_names_each_by_its_package_url(made: Report) -> None:
    """Each once, with the places that have it."""
    text = render(made, "sbom")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    assert [each["purl"] for each in found["components"]] == [
        "pkg:pypi/flask@3.0",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
    ]
    assert [each["value"] for each in found["components"][0]["properties"]] == sorted(
        each.place for each in ALL[:2]
    )
    assert found["metadata"]["component"]["version"] == "sha256:" + "2b" * 32


def test_it_is_the_same_for_the_same_image(made: Report) -> None:
    """Its serial number, too."""
    assert render(made, "sbom") == render(made, "sbom")


def test_there_is_none_that_is_not_whole(
    sample: Report, made: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says why."""
    with pytest.raises(UsageError, match="no whole bill of materials: RPM"):
        render(replace(sample, components=Components(unknown="RPM")), "sbom")
    with pytest.raises(UsageError, match="the build failed"):
        render(failed_build(), "sbom")
    monkeypatch.setitem(sys.modules, "cyclonedx.model.bom", None)
    with pytest.raises(UsageError, match=r"pip install 'hullproof\[sbom\]'"):
        render(made, "sbom")


def test_without_its_library_nothing_is_built(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with all that is wrong with what was asked for: it is told first."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.setitem(sys.modules, "cyclonedx.model.bom", None)
    monkeypatch.setattr("hullproof.engine.connection.Engine.connect", lambda **_: pytest.fail("it goes on"))
    for output in ("sbom.cdx.json", f"sbom:{tmp_path}"):
        code, out, err = command("prove", str(tmp_path), "--output", output)
        assert (code, out) == (2, "")
        assert err.endswith("pip install 'hullproof[sbom]'\n")


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_hostile_name_stays_one(sample: Report, text: str) -> None:
    """In what a project writes into its image's databases."""
    part = Component("deb", text or "x", text, text, text, text, text)
    shown = render(replace(sample, components=Components((part,))), "sbom")
    assert_harmless(shown)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(shown) is None
