"""The public API: what `hullproof` exports, how fast it is imported, and that it proves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hullproof
from hullproof import Proof, Report, Verdict, prove
from hullproof.engine.connection import Engine
from hullproof.errors import UsageError

HERE = Path(__file__).parent


def test_what_is_exported_is_there() -> None:
    """And nothing more is promised."""
    assert hullproof.__all__ == ["Evidence", "Proof", "Report", "Verdict", "__version__", "prove"]
    assert all(getattr(hullproof, name) is not None for name in hullproof.__all__)
    assert set(hullproof.__all__) <= set(dir(hullproof))
    with pytest.raises(AttributeError, match="no attribute 'prov'"):
        _ = hullproof.prov  # type: ignore[attr-defined]


def test_the_package_is_imported_without_what_it_exports() -> None:
    """The command and the pytest plugin, which every pytest loads, import it."""
    code = "import sys, hullproof; print([m for m in sys.modules if m.startswith(('hullproof.', 'docker', 'rich'))])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_wrong_usage_is_told_before_an_engine_is_asked(tmp_path: Path) -> None:
    """In one line, by the error that owns the exit code."""
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "Dockerfile").write_text("FROM python:3.11-slim\n")
    with pytest.raises(UsageError, match="there is no practice called 'expos'"):
        prove(bare, only=["expos"])
    with pytest.raises(UsageError, match="there is no profile called 'kubernets'; did you mean 'kubernetes'"):
        prove(bare, profile="kubernets")
    with pytest.raises(UsageError, match=r"contexts: .*there is no such folder"):
        prove(bare, contexts={"shared": tmp_path / "shared"})
    with pytest.raises(UsageError, match="Dockerfile: no such file"):
        prove(str(tmp_path))


@pytest.mark.engine
@pytest.mark.slow
def test_a_project_is_proven(engine: Engine, python_base: str, tmp_path: Path) -> None:
    """The report says what is shown, and nothing of what was made stays."""
    assert python_base
    (tmp_path / "Dockerfile").write_text('FROM python:3.11-slim\nWORKDIR /srv\nCMD ["sleep", "60"]\n')
    before = {each.id for each in engine.client.containers.list(all=True)}
    report = prove(tmp_path, only=["workdir", "non-root-user"], experiments=False)
    assert isinstance(report, Report)
    proofs: dict[str, Proof] = {proof.id: proof for proof in report.proofs}
    assert proofs["non-root-user"].verdict is Verdict.BROKEN
    assert proofs["workdir"].verdict.is_good
    assert not report.verdict.is_good
    assert "expose" in report.left_out
    ours = (
        {each.id for each in engine.client.containers.list(all=True, filters={"ancestor": report.image.id})}
        if report.image
        else set()
    )
    assert ours <= before
