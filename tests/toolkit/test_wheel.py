"""What is built for others to install works in an environment that holds nothing else."""

from __future__ import annotations

import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import pytest

from hullproof import __version__

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "hullproof"


def run(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run a command that must succeed; return what it printed."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of an environment with the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pins = REPOSITORY / "constraints.txt"
    run(folder / "bin/python", "-m", "pip", "install", "-q", "--constraint", pins, wheel)
    return folder / "bin"


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    """Templates, the page's style, the schema and the mark that it is typed included."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == files
    assert {"hullproof/py.typed", "hullproof/report/page/report.css"} <= names


def test_the_command_works_in_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    """Without Nox and pytest beside it; from any folder."""
    assert run(installed / "hullproof", "--version", cwd=tmp_path) == f"hullproof, version {__version__}\n"
    assert "Why\n" in run(installed / "hullproof", "explain", "test-gate", cwd=tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\n")
    assert '"Dockerfile"' in run(installed / "hullproof", "config", cwd=tmp_path)
    packages = run(installed / "python", "-m", "pip", "list", "--format=freeze")
    assert "\nnox==" not in packages
    assert "\npytest==" not in packages


def test_every_face_can_be_shown_there(installed: Path, tmp_path: Path) -> None:
    """Each finds its files and its libraries."""
    code = (
        "from datetime import datetime, timezone\n"
        "from hullproof.report import SUFFIXES, render\n"
        "from hullproof.model import ProjectInfo, Report\n"
        "report = Report(ProjectInfo('shop', 'Dockerfile'), None, None, '1', datetime.now(timezone.utc), 1.0, ())\n"
        "print([bool(render(report, each)) for each in SUFFIXES])\n"
    )
    assert "False" not in run(installed / "python", "-c", code, cwd=tmp_path)


PLATFORMS = (
    "aarch64-manylinux_2_28",
    "x86_64-unknown-linux-musl",
    *(
        pytest.param(name, marks=pytest.mark.nightly)  # half a minute each
        for name in ("x86_64-manylinux_2_28", "x86_64-apple-darwin", "aarch64-apple-darwin")
    ),
)


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv, which resolves for platforms that this one is not; apart, since pipx and Nox would use it where they find it."""
    folder = tmp_path_factory.mktemp("uv")
    venv.create(folder, with_pip=True)
    pins = REPOSITORY / "constraints.txt"
    run(folder / "bin/python", "-m", "pip", "install", "-q", "--constraint", pins, "uv")
    return folder / "bin/uv"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_all_that_it_needs_has_wheels(uv: Path, platform: str) -> None:
    """Nobody needs a compiler to install it, on any platform that Docker runs on, with any Python from 3.10 on."""

    def resolved(version: str) -> str:
        return run(
            *(uv, "pip", "compile", "--quiet", "--only-binary=:all:"),
            *(f"--python-platform={platform}", f"--python-version={version}"),
            *("--constraint=constraints.txt", "pyproject.toml"),
            cwd=REPOSITORY,
        )

    with ThreadPoolExecutor() as pool:  # which waits for the index, hardly for the processor
        for found in pool.map(resolved, ("3.10", "3.11", "3.12", "3.13", "3.14")):
            assert "\ndocker==" in found


def test_the_extras_are_named(wheel: Path) -> None:
    """`hullproof[nox]` and the others."""
    with ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode()
    assert {line for line in text.splitlines() if line.startswith("Provides-Extra")} == {
        "Provides-Extra: attest",
        "Provides-Extra: keyless",
        "Provides-Extra: nox",
        "Provides-Extra: pytest",
        "Provides-Extra: sbom",
    }
