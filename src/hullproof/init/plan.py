"""What is written for a project: each file's place and text, from what is known of it."""

from __future__ import annotations

import functools
import itertools
import json
import posixpath
import re
import shlex
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hullproof.init import suite
from hullproof.init.model import Findings, Install

if TYPE_CHECKING:
    from jinja2 import Environment

NOXFILE, WORKFLOW, IGNORE_FILE = "noxfile.py", ".github/workflows/image.yml", ".dockerignore"
CONTAINER_TEST = f"{suite.CONTAINER_TESTS}/test_image.py"
SETTINGS = "hullproof.toml"
SESSIONS = (
    "\nfrom hullproof.sessions import git_args, image_sessions\n\nimage_sessions(build_args=git_args())\n"
)
"""What makes the sessions in a noxfile that is there already."""
CALL = "image_sessions("

_HOME = "/app"
_WIDTH = 105
_OWNED = "COPY --chown=appuser:appuser"
_STRANGE = re.compile(r"[^\w .-]")
_PLAIN = re.compile(r"[^\s\"'\[\]$\\]+")
_FOR_TESTS_ONLY = (
    r"\( -type d -name tests -o -name 'test_*.py' -o -name '*_test.py' -o -name conftest.py{} \)"
)


@dataclass(frozen=True)
class Planned:
    """One file to be written: its path within the project, and its text."""

    path: str
    text: str


def plan(
    findings: Findings, dockerfile: str = "Dockerfile", ignored_by: str = IGNORE_FILE
) -> tuple[Planned, ...]:
    """Return the files for a project, in the order in which they are read.

    `dockerfile` and `ignored_by` are the paths of the Dockerfile and of the ignore file that its build reads.
    """
    planned = [
        Planned(dockerfile, _render("Dockerfile.j2", **_for_dockerfile(findings))),
        Planned(ignored_by, ignore_file(findings)),
        Planned(NOXFILE, _render("noxfile.py.j2", hullproof=findings.hullproof)),
        Planned(CONTAINER_TEST, _render("test_image.py.j2", server=findings.server)),
    ]
    if findings.is_repository:
        planned.append(Planned(WORKFLOW, _workflow(findings)))
    if findings.tests.written:
        text = _render(
            "test_first.py.j2",
            entry=findings.application.entry,
            django=findings.application.manage is not None,
        )
        planned.insert(3, Planned(suite.FIRST_TEST, text))
    if findings.environment and not findings.is_configured:
        planned.append(Planned(SETTINGS, _render("hullproof.toml.j2", environment=findings.environment)))
    return tuple(planned)


def _workflow(findings: Findings) -> str:
    return _render(
        "image.yml.j2",
        pythons=findings.python.others,
        hullproof=findings.hullproof,
        sessions=findings.has_sessions,
    )


def is_ours(settings: str) -> bool:
    """Whether settings for Hullproof, if there are any, are those that are written here."""
    return not settings or settings.startswith(_render("hullproof.toml.j2", environment={}).splitlines()[0])


def ignore_file(findings: Findings, *, lets_all_in: bool = False) -> str:
    """Return the ignore file: an allow-list of what our Dockerfile takes, or (`lets_all_in`) for any other one."""
    packages = findings.dependencies
    allowed = [
        *packages.release.copied,
        *packages.test.copied,
        *(findings.own.copied if findings.own else ()),
        *findings.contents.release,
        *findings.contents.tests,
    ]
    withheld = dict.fromkeys((suite.CONTAINER_TESTS, *findings.tests.withheld))
    return _render(
        "dockerignore.j2", allowed=[] if lets_all_in else list(dict.fromkeys(allowed)), withheld=withheld
    )


def _for_dockerfile(findings: Findings) -> dict[str, Any]:
    """Return what the template of the Dockerfile names."""
    packages, application, contents = findings.dependencies, findings.application, findings.contents
    collected = [
        each for each in (application.static_root,) if each and each.split("/")[0] not in contents.release
    ]
    files = contents.files
    return {
        "name": _STRANGE.sub("_", findings.name),
        "python": findings.python.version,
        "another_python": next((each for each in findings.python.others[1:]), "3.14"),
        "pythonpath": ":".join(posixpath.join(_HOME, root).rstrip("/") for root in application.roots),
        "mark": _marks(),
        "dependencies": packages,
        "tool": packages.tool,
        "listed": packages.release if packages.release.made_by else packages.test,
        "made": [each.made_by for each in (packages.release, packages.test) if each.made_by],
        "requirement_files": _requirement_files,
        "in_place": _in_place,
        "wanted": _wanted,
        "test_copies": bool(
            packages.test.made_by or set(packages.test.copied) - set(packages.release.copied)
        ),
        "copied": {
            "release": _copies(contents.release, files),
            "tests": _copies(contents.tests, files),
        },
        "taken": _copies((*contents.release, *collected), files, stage="test"),
        "own": findings.own,
        "own_copied": _copies(findings.own.copied, files, start="COPY") if findings.own else [],
        "test_steps": _test_steps(findings),
        "tests_note": findings.tests.note,
        "clutter": contents.clutter,
        "server": findings.server,
    }


def _marks() -> Callable[[str], str]:
    """Return what names a practice in a comment: its number, in the order of the file, its id and its title."""
    numbers = itertools.count(1)
    return lambda practice: f"{next(numbers)}. {practice}"


def _requirement_files(install: Install) -> str:
    """Return the lines that bring in what pip installs from, each file where the project has it."""
    return f"COPY --from=list {_HOME}/{install.file} ./" if install.made_by else _in_place(install.copied)


def _in_place(paths: Iterable[str]) -> str:
    """Return the lines that copy files, each to where the project has it."""
    folders = itertools.groupby(sorted(paths, key=posixpath.dirname), key=posixpath.dirname)
    return "\n".join(_copy("COPY", sorted(own), f"./{folder and folder + '/'}") for folder, own in folders)


def _wanted(install: Install) -> str:
    """Return the arguments of `pip install`."""
    from_file = [f"--requirement {shlex.quote(install.file)}"] if install.file and not install.command else []
    return " ".join([*from_file, *map(shlex.quote, install.packages)])


def _copies(
    entries: Iterable[str], files: Collection[str], *, start: str = _OWNED, stage: str | None = None
) -> list[str]:
    """Return the COPY lines for entries of the top: one for all files, one for each folder."""
    if stage is not None:
        start = f"COPY --from={stage} --chown=appuser:appuser"
    names = list(entries)
    single = [each for each in names if each in files]
    groups = [(single, "./")] if single else []
    groups += [([each], each) for each in names if each not in single]
    return [_copy(start, [f"{_HOME}/{each}" if stage else each for each in own], to) for own, to in groups]


def _copy(start: str, sources: Sequence[str], target: str) -> str:
    words = [*sources, target]
    return f"{start} {' '.join(words) if all(map(_PLAIN.fullmatch, words)) else json.dumps(words)}"


def _assignments(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={shlex.quote(value)} " for name, value in variables.items())


def _test_steps(findings: Findings) -> list[str]:
    """Return what the test stage runs: static files are collected first, as tests may look for them."""
    application, clutter = findings.application, findings.contents.clutter
    steps = [_assignments(findings.test_environment) + shlex.join(findings.tests.command)]
    if application.static_root and application.manage:
        collect = shlex.join(["python", application.manage, "collectstatic", "--no-input"])
        steps.insert(0, _assignments(findings.environment) + collect)
    if clutter:
        what = _FOR_TESTS_ONLY.format(" -o -name tests.py" if application.manage else "")
        steps.append(f"find {shlex.join(clutter)} {what} -prune -exec rm -r {{}} +")
    return steps


def _as_env(variables: Mapping[str, str]) -> str:
    return " \\\n    ".join(f"{name}={value}" for name, value in variables.items())


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _render(template: str, **names: object) -> str:
    return _templates().get_template(template).render(**names)


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - dry words need none of it

    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=False,  # noqa: S701 - none of it is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(quoted=shlex.quote, as_list=json.dumps, as_env=_as_env, comment=_comment)
    return environment
