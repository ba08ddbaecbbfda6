"""A hostile project on the engine: what it logs, how its files are called and how it dies reaches nobody as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from secrets import token_hex

import pytest

from hullproof.report import SUFFIXES

from ..hostile import COMMANDS, TEXTS, assert_harmless
from ..rig import PATIENCE_S

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SAYS = f"""
import os, sys
for text in {TEXTS!r}:
    for stream in (sys.stdout.buffer, sys.stderr.buffer):
        stream.write(b"\\n" + text.encode("utf-8", "surrogateescape") + b"\\n")
    if "make" in sys.argv:
        os.makedirs("made", exist_ok=True)
        open("made/" + text.replace("/", "_").replace("\\0", "")[:80], "w").close()
    if "names" in sys.argv:
        print(text, end="")
sys.exit("fail" in sys.argv)
"""
DOCKERFILE = """
FROM python:3.11-slim AS test
WORKDIR /app
COPY . .
RUN python says.py {how}

FROM python:3.11-slim AS release
WORKDIR /app
COPY --from=test /app/ ./
USER 10001
EXPOSE 8000
CMD ["python", "says.py", "fail"]
"""


@pytest.fixture
def project(tmp_path: Path, python_base: str) -> Path:
    """A project that says hostile things wherever it can, in a folder that is called like that."""
    assert python_base
    folder = tmp_path / f"{COMMANDS[6]} shop \u202egnp"
    folder.mkdir()
    folder.joinpath("says.py").write_text(f"{SAYS}\n# {token_hex()}", "utf-8")  # no step comes from the cache
    folder.joinpath("Dockerfile").write_text(DOCKERFILE.format(how="make"), "utf-8")
    return folder


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run the command; return its exit code and stdout, after both streams were looked at."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "COLUMNS": "60"},
    )
    out, err = (each.decode("utf-8") for each in (done.stdout, done.stderr))
    assert "Traceback" not in err
    assert_harmless(err)
    return done.returncode, out


def test_what_a_build_says_is_shown_and_harmless(project: Path) -> None:
    """That of a step that passes, and that of one that fails."""
    code, out = run("hullproof", "build", project, "--target", "test", "--check")
    assert (code, "taken over" in out) == (0, True)
    assert_harmless(out)
    project.joinpath("Dockerfile").write_text(DOCKERFILE.format(how="fail"), "utf-8")
    code, out = run("hullproof", "build", project)
    assert (code, out) == (1, "")


def test_what_is_proven_is_told_harmlessly_in_every_format(project: Path, tmp_path: Path) -> None:
    """Of a container that dies with hostile last words, and of files with hostile names."""
    reports = tmp_path / "reports"
    reports.mkdir()
    formats = [f"--format={name}" for name in SUFFIXES]
    only = "--only=ownership,necessary-files,default-command,expose"
    code, _ = run("hullproof", "prove", project, only, "--no-experiments", f"--output={reports}", *formats)
    assert code == 1
    written = {path.suffix: path.read_text("utf-8") for path in reports.iterdir()}
    assert set(written) == set(SUFFIXES.values())
    assert "buildStatus" in written[".json"]
    for suffix, text in written.items():
        if suffix != ".github":
            assert_harmless(text.replace("\u200b", "") if suffix == ".md" else text)
    assert all(
        each.startswith(("::error file=", "::warning file=")) for each in written[".github"].splitlines()[:-1]
    )
    assert json.loads(written[".json"])["verdict"] == "broken"


def test_pytest_tells_it_harmlessly(project: Path) -> None:
    """Of the practices, of a container that a test waits for, and of a build that fails."""
    tests = project.parent / "tests"
    tests.mkdir()
    project = project.rename(project.with_name("shop"))  # pytest itself shows the paths of what it runs
    says = project.joinpath("says.py")
    # The last lines are shown, and in which order those of two streams come is the engine's affair.
    says.write_text(says.read_text("utf-8").replace("sys.exit", f"print({TEXTS[0]!r})\nsys.exit"), "utf-8")
    tests.joinpath("test_it.py").write_text("def test_it(hullproof_container): ...\n", "utf-8")
    pytest_run = (
        "pytest",
        "-p",
        "no:cacheprovider",
        f"--rootdir={project.parent}",
        f"--hullproof-project={project}",
    )
    for how in ("make", "fail"):
        project.joinpath("Dockerfile").write_text(DOCKERFILE.format(how=how), "utf-8")
        code, out = run(
            *pytest_run, "--hullproof-only=expose,ownership", "--hullproof-no-experiments", "-rA", tests
        )
        assert code == 1
        assert "taken over" in out
        assert_harmless(out)
