"""What is in the image, and what is not: the service and what it runs on, nothing that only its making needed."""

from __future__ import annotations

from typing import Any

from .board import Board, File

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


def test_app_holds_the_service_and_no_more(files: list[File]) -> None:
    """At the top: run.py, the package `app`, and the one schema that it checks reports with."""
    below = {file.path.relative_to("/app") for file in files if file.is_below("/app/") and not file.is_folder}
    assert {path.parts[0] for path in below} == {"run.py", "app", "src"}
    schema = {str(path) for path in below if path.parts[0] == "src"}
    assert schema == {"src/hullproof/report/report.schema.json"}


def test_app_holds_only_what_is_executed_or_served(files: list[File]) -> None:
    """Code, templates, the style sheet, pictures and the schema; no notes, no data, no compiled code."""
    below = [file for file in files if file.is_below("/app") and not file.is_folder]
    assert [str(file.path) for file in below if file.path.suffix not in SHIPPED] == []


def test_no_tests(files: list[File]) -> None:
    """They have been run in the test stage, and stay there."""
    below = [file.path for file in files if file.is_below("/app")]
    found = [path for path in below if path.name in {"tests", "conftest.py"} or path.match("test_*.py")]
    assert found == []


def test_nothing_else_of_the_build_context(files: list[File]) -> None:
    """Neither in /app nor at the root nor beside the packages."""
    places = ("/app", "/", "/opt", "/opt/venv", "/data", "/root", "/srv", "/home")
    context = [file for file in files if file.path.name in CONTEXT]
    assert [str(file.path) for file in context if str(file.path.parent) in places] == []
    assert [str(file.path) for file in context if file.path.name in {".git", "Dockerfile"}] == []


def test_no_compiler_and_no_developers_tool(files: list[File]) -> None:
    """In any folder for programs."""
    programs = [
        file.path for file in files if file.path.parent.name in {"bin", "sbin"} and not file.is_folder
    ]
    assert programs
    assert [str(path) for path in programs if path.name in COMPILERS | TOOLS] == []


def test_the_application_can_import_what_it_runs_on_and_no_tool(board: Board) -> None:
    """Of these packages, its Python finds the first three; neither test tools nor installers."""
    needed = ["flask", "sqlalchemy", "waitress"]
    tools = ["pytest", "_pytest", "pluggy", "iniconfig", "pip", "setuptools", "wheel", "_distutils_hack"]
    look = "import sys, importlib.util as u; print([name for name in sys.argv[1:] if u.find_spec(name)])"
    assert board.run("python", "-c", look, *needed, *tools) == (0, f"{needed}\n")


def test_no_pip_in_the_environment(files: list[File]) -> None:
    """Neither its program nor its package: what is installed is what was reviewed, and stays so."""
    environment = [file.path for file in files if file.is_below("/opt/venv")]
    assert environment
    found = [
        str(path)
        for path in environment
        if path.name.startswith("pip") and path.parent.name in {"bin", "site-packages"}
    ]
    assert found == []


def test_no_wheel_and_no_cache(files: list[File]) -> None:
    """No wheel or source archive, nothing that pip or apt keeps for the next time."""
    own = [str(file.path) for file in files if not file.is_folder]
    own = [path for path in own if not any(place in path for place in BASE_WHEELS)]
    kept = ("/.cache/", "/var/cache/apt/archives/", "/var/lib/apt/lists/", "/.pytest_cache/")
    assert [path for path in own if path.endswith((".whl", ".tar.gz", ".sdist"))] == []
    assert [path for path in own if any(place in path for place in kept) and not path.endswith("/lock")] == []


def test_nothing_of_the_machine_that_built_it(
    board: Board, config: dict[str, Any], files: list[File]
) -> None:
    """Its index, proxy and certificates were there for one step each: in no file, in no variable."""
    assert [str(file) for file in files if file.is_below("/run/secrets") and not file.is_folder] == []
    assert [str(file) for file in files if file.path.name in {".netrc", ".pypirc", ".git-credentials"}] == []
    settings = [str(file.path) for file in files if file.path.name == "pip.conf"]  # a base may come with one
    _, text = board.run("cat", "/dev/null", *settings, user="0")
    assert "://" not in text, f"{settings}: {text}"
    names = [variable.partition("=")[0].upper() for variable in config["Env"]]
    assert [name for name in names if name.startswith(("PIP_INDEX", "PIP_EXTRA", "PIP_CERT", "BOARD_"))] == []
    assert [name for name in names if name.endswith(("_PROXY", "TOKEN", "SECRET", "PASSWORD"))] == []
