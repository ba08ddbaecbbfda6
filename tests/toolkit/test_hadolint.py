"""The sessions agree: what is proven is not red in `lint`, and a project's own rules win."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullproof.sessions import HADOLINT_PASSED_OVER, hadolint_rules


def test_our_choice_holds_where_the_project_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule that is passed over has its reason; versions of apt packages are among them."""
    monkeypatch.chdir(tmp_path)
    assert hadolint_rules(tmp_path / "shop") == [f"--ignore={rule}" for rule in HADOLINT_PASSED_OVER]
    assert "DL3008" in HADOLINT_PASSED_OVER
    assert all(HADOLINT_PASSED_OVER.values())


@pytest.mark.parametrize("place", ["shop/.hadolint.yaml", "shop/.hadolint.yml", ".hadolint.yaml"])
def test_a_projects_own_rules_take_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Its own, or those of the folder that the noxfile is in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / place).write_text("ignored: []\n")
    assert hadolint_rules(Path("shop")) == [f"--config={place}"]
