"""./nox: finds a Python, makes its environment once, passes everything on, and refuses in one line.

All but the last test run it with a Python that makes environments in no time: what is tested is the wrapper.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# Takes the place of the Python that is found: says its version as the real one, and "makes" environments.
PYTHON = """#!/bin/sh
case "$1" in
-c) exec {real} "$@" ;;
-m) echo "$$" >>"{log}"; sleep "${{VENV_TAKES:-0}}"; [ -z "${{VENV_FAILS:-}}" ] || {{ echo "$VENV_FAILS"; exit 1; }}
    mkdir -p "$3/bin" && cp "{inner}" "$3/bin/python" ;;
esac
"""
INNER = """#!/bin/sh
if [ "$2" = pip ]; then exit "${PIP_FAILS:-0}"; fi
printf 'in %s\\n' "$(pwd)"
printf 'argument %s\\n' "$@"
exit "${NOX_FAILS:-0}"
"""
OLD = "#!/bin/sh\nexit 1\n"


class Checkout:
    """A copy of the wrapper in a folder of its own, with a fake Python first on the PATH."""

    def __init__(self, folder: Path, tools: Path) -> None:
        """Lay it out."""
        folder.mkdir()
        tools.mkdir()
        self.folder = folder
        self.tools = tools
        self.log = tools / "made"
        shutil.copy(ROOT / "nox", folder / "nox")
        (folder / "requirements-nox.txt").write_text("nox==1\n")
        self.program("inner", INNER)
        self.program("python3", PYTHON.format(real=sys.executable, log=self.log, inner=tools / "inner"))

    def program(self, name: str, text: str) -> Path:
        """Put a program on the PATH."""
        path = self.tools / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def environ(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which no real Python is found."""
        for name in (
            "sh",
            "cat",
            "cksum",
            "cut",
            "mkdir",
            "mktemp",
            "dirname",
            "mv",
            "rm",
            "touch",
            "tail",
            "cp",
            "sleep",
        ):
            link = self.tools / name
            if not link.exists():
                link.symlink_to(shutil.which(name) or name)
        return {"PATH": str(self.tools), "HOME": str(self.tools / "home"), "LC_ALL": "C", **variables}

    def start(self, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start the wrapper."""
        return subprocess.Popen(
            [str(self.folder / "nox"), *arguments],
            cwd=cwd or self.folder.parent,
            env=self.environ(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, **variables: str) -> tuple[int, str, str]:
        """Run the wrapper; return exit code, stdout and stderr."""
        with self.start(*arguments, cwd=cwd, **variables) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    @property
    def made(self) -> int:
        """How many environments were made."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    @property
    def kept(self) -> list[str]:
        """What is in the folder for environments."""
        return sorted(each.name.rstrip("0123456789") for each in (self.folder / ".nox").iterdir())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose path has spaces and letters of other scripts in it."""
    return Checkout(tmp_path / "my cheçkout 船", tmp_path / "tools")


def test_the_environment_is_made_once_and_arguments_are_passed_on(checkout: Checkout, tmp_path: Path) -> None:
    """As they are, from whatever folder; Nox runs in the checkout."""
    wanted = f"in {checkout.folder}\nargument -m\nargument nox\nargument -s\nargument a b\nargument \n"
    assert checkout.run("-s", "a b", "") == (0, wanted, "nox: making a private environment for Nox, once\n")
    assert checkout.run("-s", "a b", "", cwd=tmp_path) == (0, wanted, "")
    assert (checkout.made, checkout.kept) == (1, ["wrapper-"])


def test_the_exit_code_is_noxs(checkout: Checkout) -> None:
    """A failing session fails the command."""
    assert checkout.run(NOX_FAILS="7")[0] == 7


def test_other_pins_or_another_python_make_another_environment(checkout: Checkout) -> None:
    """And the first one is found again."""
    checkout.run()
    (checkout.folder / "requirements-nox.txt").write_text("nox==2\n")
    checkout.run()
    (checkout.folder / "requirements-nox.txt").write_text("nox==1\n")
    checkout.run()
    assert checkout.made == 2


def refusal(ran: tuple[int, str, str]) -> str:
    """Return the one line with which the wrapper refuses."""
    code, out, err = ran
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("nox: ")
    return err.removeprefix("nox: ").rstrip("\n")


def test_without_a_python_it_says_what_to_install(checkout: Checkout) -> None:
    """Too old ones are none."""
    for name in ("python3", "python3.12", "python"):
        checkout.program(name, OLD)
    said = refusal(checkout.run())
    assert said.startswith("no Python 3.10 or newer found; install one")
    assert not (checkout.folder / ".nox").exists()


def test_a_newer_one_beside_an_old_python3_is_found(checkout: Checkout) -> None:
    """Debian's python3 may be old, and a newer one installed beside it."""
    (checkout.tools / "python3").rename(checkout.tools / "python3.12")
    checkout.program("python3", OLD)
    assert checkout.run()[0] == 0


@pytest.mark.parametrize("named", ["python9", "/nowhere/python", "old"])
def test_a_python_that_was_asked_for_is_the_one_or_none(checkout: Checkout, named: str) -> None:
    """Another one in its place would be a surprise."""
    checkout.program("old", OLD)
    said = refusal(checkout.run(PYTHON=named))
    assert said.startswith(f"PYTHON={named} is no Python 3.10 or newer")
    assert checkout.made == 0


def test_the_python_that_was_asked_for_is_used(checkout: Checkout, tmp_path: Path) -> None:
    """By name or by path, also one with a space in it."""
    chosen = tmp_path / "my python"
    shutil.copy(checkout.tools / "python3", chosen)
    checkout.program("python3", OLD)
    assert checkout.run(PYTHON=str(chosen))[0] == 0


def test_a_python_without_venv_is_told_with_the_package(checkout: Checkout) -> None:
    """As on Debian without python3-venv; nothing is left."""
    code, out, err = checkout.run(VENV_FAILS="ensurepip is not available")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"nox: {checkout.tools}/python3 cannot make virtual environments; "
        "Debian and Ubuntu: apt-get install python3-venv (ensurepip is not available)"
    )
    assert checkout.kept == []


def test_a_pip_that_fails_leaves_nothing_and_is_tried_again(checkout: Checkout) -> None:
    """Half an environment is none."""
    assert checkout.run(PIP_FAILS="1")[0] == 2
    assert checkout.kept == []
    assert checkout.run()[0] == 0
    assert checkout.made == 2


def test_two_first_starts_at_once_both_work(checkout: Checkout) -> None:
    """The first to be done wins, the other takes what is there, and one environment stays."""
    first = checkout.start("first", VENV_TAKES="0.3")
    second = checkout.start("second", VENV_TAKES="0.3")
    ends = [process.communicate(timeout=60) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert [out.splitlines()[-1] for out, _ in ends] == ["argument first", "argument second"]
    assert checkout.kept == ["wrapper-"]
    assert sorted(each.name for each in next((checkout.folder / ".nox").iterdir()).iterdir()) == [
        "bin",
        "ready",
        "venv.log",
    ]


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_an_interrupted_first_start_leaves_nothing(
    checkout: Checkout, signum: signal.Signals, code: int
) -> None:
    """Neither half an environment nor a scratch folder."""
    process = checkout.start(VENV_TAKES="1")
    deadline = time.monotonic() + 30
    while checkout.made == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signum)
    process.communicate(timeout=60)
    assert process.returncode == code
    assert checkout.kept == []


def test_a_read_only_checkout_keeps_its_environment_in_the_cache(checkout: Checkout, tmp_path: Path) -> None:
    """XDG_CACHE_HOME, or else ~/.cache. A file in the folder's place stands for what cannot be written, also for root."""
    (checkout.folder / ".nox").write_text("in the way")
    assert checkout.run(XDG_CACHE_HOME=str(tmp_path / "my cache"))[0] == 0
    assert [each.name.startswith("wrapper-") for each in (tmp_path / "my cache/hullproof").iterdir()] == [
        True
    ]
    assert checkout.run()[0] == 0
    assert (checkout.tools / "home/.cache/hullproof").is_dir()


def test_nowhere_to_write_is_one_line(checkout: Checkout) -> None:
    """It names both places."""
    (checkout.folder / ".nox").write_text("in the way")
    said = refusal(checkout.run(XDG_CACHE_HOME="/proc/nothing"))
    assert said == (
        f"neither {checkout.folder}/.nox nor /proc/nothing/hullproof can be written; make one of them writable"
    )


def test_the_wrapper_can_be_run_by_any_posix_shell() -> None:
    """It says so, and it is executable; shellcheck looks at the rest in the lint session."""
    assert (ROOT / "nox").read_text().startswith("#!/bin/sh\n")
    assert os.access(ROOT / "nox", os.X_OK)


@pytest.mark.slow
def test_a_real_python_makes_a_real_environment(tmp_path: Path) -> None:
    """With pip, hashes and all, in a path with spaces and letters of other scripts, from a wheel made here."""
    folder, wheels = tmp_path / "my cheçkout 船", tmp_path / "wheels"
    folder.mkdir()
    wheels.mkdir()
    wheel = wheels / "nox-1.0-py3-none-any.whl"
    files = {
        "nox/__init__.py": "",
        "nox/__main__.py": "import os, sys; print(os.getcwd(), sys.argv[1:], sys.prefix)",
        "nox-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nox\nVersion: 1.0\n",
        "nox-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(text)}")
        archive.writestr("nox-1.0.dist-info/RECORD", "\n".join([*rows, "nox-1.0.dist-info/RECORD,,"]) + "\n")
    shutil.copy(ROOT / "nox", folder / "nox")
    pinned = f"nox==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    (folder / "requirements-nox.txt").write_text(pinned)
    environ = {**os.environ, "PYTHON": sys.executable, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    done = subprocess.run([folder / "nox", "-l"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{folder} ['-l'] {folder}/.nox/wrapper-")
