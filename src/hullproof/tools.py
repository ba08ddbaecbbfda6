"""The one table of tool names: what runs tests, what builds packages, what developers use, what starts a program."""

from __future__ import annotations

import re


def names(text: str) -> frozenset[str]:
    """Make a set of names from a text that lists them."""
    return frozenset(text.split())


SHELLS = names("sh bash dash ash zsh ksh mksh fish busybox")
INITS = names("tini tini-static dumb-init docker-init catatonit s6-svscan runit runsvdir")
"""Programs that are made to be PID 1: they pass signals on and reap."""
IDLERS = names("sleep tail cat yes pause watch top true read less more")
"""Programs that only wait: a container kept alive without an application."""
LAUNCHERS = names("uv uvx poetry pdm pipenv hatch rye pixi pipx conda mamba micromamba")
"""Tools of development whose `run` starts a program in the environment that they manage."""
TEST_RUNNERS = names("""pytest tox nox coverage hypothesis nose nose2 unittest2 green ward behave robotframework stestr
    zope-testrunner""")
_TEST_LIBRARIES = names("""factory-boy freezegun time-machine model-bakery responses requests-mock respx vcrpy
    testcontainers""")
"""What tests alone import, and applications do not: an environment that has them was made for tests."""
_BUILD_TOOLS = names("""poetry poetry-core pdm hatch hatchling flit flit-core build pipenv pip-tools uv maturin
    scikit-build scikit-build-core meson-python""")
_DEVELOPMENT_TOOLS = names(
    "black flake8 pylint mypy ruff isort bandit pre-commit ipdb pudb debugpy pyright twine"
)
_INSTALLERS = names("pip setuptools wheel virtualenv pipx poetry-plugin-export poetry-plugin-bundle")
"""What a release may hold as well as any other: most bases have some of it."""
_TOOLS = TEST_RUNNERS | _TEST_LIBRARIES | _BUILD_TOOLS | _DEVELOPMENT_TOOLS
_COMMANDS = re.compile(
    r"/s?bin/(pytest|py\.test|tox|nox|coverage3?|hypothesis|nose2|nosetests|poetry|pdm|hatch|flit|pyproject-build"
    r"|pipenv|uvx?)$"
)
_DISTRIBUTION = re.compile(r"/([A-Za-z0-9][A-Za-z0-9._]*?)-[^-/]+(?:-py[\d.]+)?\.(?:dist|egg)-info(?:/|$)")
_IMPORTABLE = re.compile(
    r"/(?:site|dist)-packages/(pytest|_pytest|tox|nox|coverage|hypothesis|nose2|poetry|pdm|pipenv)/"
)


def tool_of(path: str) -> str | None:
    """Name the test runner or build tool that a file belongs to, None for anything else."""
    if "/_vendor/" in path:
        return None
    distribution = _DISTRIBUTION.search(path)
    if distribution is not None:
        name = re.sub(r"[-_.]+", "-", distribution[1]).lower()
        return name if is_of_development(name) else None
    package = _IMPORTABLE.search(path)
    if package is not None:
        return package[1].lstrip("_")
    command = _COMMANDS.search(path)
    return command[1] if command is not None else None


_TEST = re.compile(
    r"^[ \t]*(?:async[ \t]+)?def[ \t]+test|^class[ \t].*\bTestCase\b|^\w+[ \t]*=[ \t]*[\w.]+\.TestCase\b",
    re.MULTILINE,
)


def holds_tests(text: str) -> bool:
    """Whether a module's text has a test in it: a function or method called so, or a TestCase."""
    return _TEST.search(text) is not None


def is_of_development(distribution: str) -> bool:
    """Whether it runs tests, builds packages or checks code: what a release has no use for."""
    return distribution in _TOOLS or distribution.startswith("pytest-")


def is_tool(distribution: str) -> bool:
    """Whether it is that or an installer, and so no dependency of an application."""
    return distribution in _INSTALLERS or is_of_development(distribution)


def is_runner(tool: str) -> bool:
    """Whether it runs tests, rather than builds packages."""
    return tool in TEST_RUNNERS or tool.startswith(("pytest", "py.test", "coverage", "nose"))


def kind_of(tools: list[str]) -> str:
    """Name the worst of them."""
    if any(is_runner(tool) for tool in tools):
        return "a test runner"
    if any(tool in _TEST_LIBRARIES for tool in tools):
        return "a library for tests"
    return "a development tool" if all(tool in _DEVELOPMENT_TOOLS for tool in tools) else "a build tool"
