"""What is in the image, and what is not: the service and what it runs on, nothing that only its making needed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from hullproof.facts import FileEntry
from hullproof.pytest_plugin import Container, Files

SHIPPED = {".py", ".html", ".svg", ".css", ".json"}
COMPILERS = {"gcc", "g++", "cc", "c++", "clang", "ld", "as", "make", "cmake", "rustc", "cargo", "go"}
TOOLS = {"git", "pytest", "py.test", "coverage", "mypy", "ruff", "nox", "uv", "poetry"}
CONTEXT = {
    *(".git", ".github", ".gitignore", ".dockerignore", ".env", ".nox", ".venv", ".ci"),
    *("Dockerfile", "noxfile.py", "pyproject.toml", "README.md", "CHANGELOG.md"),
    *("requirements.txt", "requirements.in", "requirements-test.txt", "constraints.txt"),
}
BASE_WHEELS = ("/ensurepip/_bundled/", "/usr/share/python-wheels/")
"""Where Python itself keeps the pip that `python -m venv` installs: the base image's, not ours."""


def test_app_holds_the_service_and_no_more(files: Files) -> None:
    """At the top: run.py and the package `app`."""
    below = {PurePosixPath(file.path).relative_to("/app") for file in _files_in(files, "/app")}
    assert {path.parts[0] for path in below} == {"run.py", "app"}


def test_app_holds_only_what_is_executed_or_served(files: Files) -> None:
    """Code, templates, the style sheet, pictures and the schema; no notes, no data, no compiled code."""
    below = [PurePosixPath(file.path) for file in _files_in(files, "/app")]
    assert [str(path) for path in below if path.suffix not in SHIPPED] == []


def test_no_tests(files: Files) -> None:
    """They have been run in the test stage, and stay there."""
    below = [PurePosixPath(file.path) for file in files.below("/app")]
    found = [path for path in below if path.name in {"tests", "conftest.py"} or path.match("test_*.py")]
    assert found == []


def test_nothing_else_of_the_build_context(files: Files) -> None:
    """Neither in /app nor at the root nor beside the packages."""
    places = ("/app", "/", "/opt", "/opt/venv", "/data", "/root", "/srv", "/home")
    context = [path for path in map(PurePosixPath, files) if path.name in CONTEXT]
    assert [str(path) for path in context if str(path.parent) in places] == []
    assert [str(path) for path in context if path.name in {".git", "Dockerfile"}] == []


def test_no_compiler_and_no_developers_tool(files: Files) -> None:
    """In any folder for programs."""
    paths = [PurePosixPath(file.path) for file in _files_in(files, "/")]
    programs = [path for path in paths if path.parent.name in {"bin", "sbin"}]
    assert programs
    assert [str(path) for path in programs if path.name in COMPILERS | TOOLS] == []


def test_the_application_can_import_what_it_runs_on_and_no_tool(hullproof_container: Container) -> None:
    """Of these packages, its Python finds the first three; neither test tools nor installers."""
    needed = ["starlette", "sqlalchemy", "uvicorn"]
    tools = ["pytest", "_pytest", "pluggy", "iniconfig", "pip", "setuptools", "wheel", "_distutils_hack"]
    look = "import sys, importlib.util as u; print([name for name in sys.argv[1:] if u.find_spec(name)])"
    done = hullproof_container.exec("python", "-c", look, *needed, *tools)
    assert (done.exit_code, done.stdout) == (0, f"{needed}\n")


def test_no_pip_in_the_environment(files: Files) -> None:
    """Neither its program nor its package: what is installed is what was reviewed, and stays so."""
    environment = [PurePosixPath(file.path) for file in files.below("/opt/venv")]
    assert environment
    found = [
        str(path)
        for path in environment
        if path.name.startswith("pip") and path.parent.name in {"bin", "site-packages"}
    ]
    assert found == []


def test_no_wheel_and_no_cache(files: Files) -> None:
    """No wheel or source archive, nothing that pip or apt keeps for the next time."""
    own = [file.path for file in _files_in(files, "/")]
    own = [path for path in own if not any(place in path for place in BASE_WHEELS)]
    kept = ("/.cache/", "/var/cache/apt/archives/", "/var/lib/apt/lists/", "/.pytest_cache/")
    assert [path for path in own if path.endswith((".whl", ".tar.gz", ".sdist"))] == []
    assert [path for path in own if any(place in path for place in kept) and not path.endswith("/lock")] == []


def test_nothing_of_the_machine_that_built_it(
    hullproof_container: Container, config: dict[str, Any], files: Files
) -> None:
    """Its index, proxy and certificates were there for one step each: in no file, in no variable."""
    assert _files_in(files, "/run/secrets") == []
    names = {".netrc", ".pypirc", ".git-credentials"}
    assert [path for path in files if PurePosixPath(path).name in names] == []
    for path in files:
        if PurePosixPath(path).name == "pip.conf":  # a base may come with one
            assert b"://" not in hullproof_container.files.read(path), path
    variables = [variable.partition("=")[0].upper() for variable in config["Env"]]
    assert [
        name for name in variables if name.startswith(("PIP_INDEX", "PIP_EXTRA", "PIP_CERT", "BOARD_"))
    ] == []
    assert [name for name in variables if name.endswith(("_PROXY", "TOKEN", "SECRET", "PASSWORD"))] == []


def _files_in(files: Files, folder: str) -> list[FileEntry]:
    return [entry for entry in files.below(folder) if entry.kind != "directory"]
