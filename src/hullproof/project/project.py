"""A project: a directory with a Dockerfile and its build context, read but not built."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from hullproof import options
from hullproof.dockerfile import Dockerfile, Release, Stage, parse, test_commands
from hullproof.errors import DockerfileError, UsageError
from hullproof.project import composed, ignorefile, projectfiles, tree
from hullproof.project.config import Config, Written, load

STEP_KEYWORDS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
"""The instructions that make a step of a build, and so a layer."""

_DOCKERFILE = re.compile(
    r"(?:Docker|Container)file(?:[.-](?!dockerignore\Z)[^/]+)?|[^/]+\.(?:Docker|Container)file", re.IGNORECASE
)
_ONBUILD = re.compile(r"\A\s*ONBUILD(?:\s|[\\`]\n)+", re.IGNORECASE)
_MOST_NAMED = 4
_LOWER_CASE = "dockerfile"


@dataclass(frozen=True)
class Project:
    """A directory with a Dockerfile and its build context, read but not built.

    `folder` is the context; `outside` the directory with the Dockerfile and the settings, where that is another.
    `places` names where each setting that is not the default was written; a build argument given on the command
    line stands there as `build_args.NAME`. `section` is what a compose file of the project says of its build. `name` is what pyproject.toml calls the project, else its folder's name.
    """

    folder: Path
    config: Config
    release: Release
    name: str
    dockerfile_sha256: str
    places: Mapping[str, str] = field(default_factory=dict)
    section: composed.Section | None = None
    outside: Path | None = None

    @classmethod
    def open(
        cls, folder: Path, overrides: Mapping[str, str] | None = None, dockerfile_name: str | None = None
    ) -> Project:
        """Read the project in `folder`; `overrides` are build arguments that win over the configured ones.

        `dockerfile_name` is the Dockerfile's path within the project, where it is another than the configured.
        Raises UsageError, one line, where there is no such folder or Dockerfile, or either cannot be read.
        """
        try:
            folder = options.path(folder).resolve()
        except ValueError as error:
            raise UsageError(str(error)) from None
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder; give the folder that holds the Dockerfile")
        if any(unicodedata.category(each) == "Cc" for each in folder.name):
            raise UsageError(
                f"{folder}: docker cannot build in a folder whose name has control characters; rename it"
            )
        written = load(folder)
        config = written.config
        home = folder
        section = composed.section(home, config)
        fixed = {"dockerfile"} if dockerfile_name is not None else set()
        if dockerfile_name is not None:
            config = replace(config, dockerfile=dockerfile_name)
        else:
            config = replace(config, dockerfile=dockerfile_path(home, written))
        config, taken = _as_composed(home, config, section, {*written.places, *fixed})
        folder = (home / config.context).resolve() if config.context is not None else home
        try:
            text = projectfiles.read(home, config.dockerfile)
        except FileNotFoundError:
            raise UsageError(f"{home / config.dockerfile}: no such file; {_where_else(home)}") from None
        ignorefile.find(folder, config.dockerfile, home)
        name = written.name or home.name or "project"
        try:
            dockerfile = parse(text, config.dockerfile)
        except UsageError as error:
            raise DockerfileError(str(error), home=home, name=name, dockerfile=config.dockerfile) from None
        if config.test_target is not None:
            dockerfile.stage(config.test_target)
        given = overrides or {}
        config = replace(config, build_args={**config.build_args, **given})
        _ = dockerfile.resolved(config.build_args).places  # refuses at once what grows beyond all measure
        release = Release(dockerfile, dockerfile.release(config.target), config.build_args)
        if section is not None:
            config, more = _with_contexts(config, release, section)
            taken |= more
        places = {**taken, **written.places, **{f"build_args.{name}": "--build-arg" for name in given}}
        places |= {"dockerfile": "--dockerfile"} if dockerfile_name is not None else {}
        digest = hashlib.sha256(text).hexdigest()
        return cls(folder, config, release, name, digest, places, section, home if folder != home else None)

    @property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile, nothing resolved."""
        return self.release.dockerfile

    @property
    def home(self) -> Path:
        """Where the Dockerfile and all other paths that settings name are looked up."""
        return self.outside or self.folder

    @property
    def ignore_file(self) -> ignorefile.IgnoreFile | None:
        """The ignore file that its builds read."""
        return ignorefile.find(self.folder, self.config.dockerfile, self.home)

    @property
    def composed(self) -> tuple[str, ...]:
        """The settings that its compose file says: `target`, `contexts.shared`."""
        by = self.section.place if self.section else None
        return tuple(name for name, place in self.places.items() if place == by)

    def offline(self, place: str) -> Project:
        """The same project, booted without a network because of what was said at `place`."""
        config = replace(self.config, offline=True)
        return replace(self, config=config, places={**self.places, "offline": place})

    def profiled(self, profile: str, place: str) -> Project:
        """The same project, of which this profile is to be proven because of what was said at `place`."""
        config = replace(self.config, profile=profile)
        return replace(self, config=config, places={**self.places, "profile": place})

    def handed(self, secrets: Mapping[str, str], contexts: Mapping[str, str], option: str = "--") -> Project:
        """The same project, whose builds are handed these files by id and folders by name, wherever they lie.

        `option` is how the options begin that said so.
        """
        config = replace(
            self.config,
            secrets={**self.config.secrets, **secrets},
            contexts={**self.config.contexts, **contexts},
        )
        places = {
            **{f"secrets.{name}": f"{option}secret" for name in secrets},
            **{f"contexts.{name}": f"{option}build-context" for name in contexts},
        }
        return replace(self, config=config, places={**self.places, **places})

    @property
    def build_args(self) -> Mapping[str, str]:
        """The build arguments, configured or given."""
        return self.release.build_args

    @property
    def needed_stages(self) -> tuple[Stage, ...]:
        """Every stage that BuildKit builds for the release."""
        return self.release.needed

    @property
    def test_stage(self) -> Stage | None:
        """The stage that runs the tests, None where none does.

        The configured one; else the last with a test runner, one that the release needs before others.
        """
        if self.config.test_target is not None:
            return self.dockerfile.stage(self.config.test_target)
        testing = [stage for stage in self.dockerfile.stages if any(map(test_commands, stage.instructions))]
        needed = {stage.index for stage in self.needed_stages}
        return next(
            (stage for stage in reversed(testing) if stage.index in needed),
            testing[-1] if testing else None,
        )

    def shown_name(self, stage: Stage) -> str:
        """Return what BuildKit calls a stage in the names of its steps; empty for the only one without a name."""
        return (stage.name or (f"stage-{stage.index}" if len(self.dockerfile.stages) > 1 else "")).lower()

    @cached_property
    def layer_instructions(self) -> Mapping[str, Sequence[tuple[int, str]]]:
        """For each stage, by the name that BuildKit shows, its FROM and what makes a step (see `engine.tracing`).

        What ONBUILD lines bring are steps of the stage that they act in, before its own.
        """
        table = {}
        for stage in self.dockerfile.stages:
            own = (each.instruction for each in self.dockerfile.own_places(stage, self.build_args))
            table[self.shown_name(stage)] = [(stage.line, "FROM")] + [
                (each.line, _ONBUILD.sub("", each.original)) for each in own if each.keyword in STEP_KEYWORDS
            ]
        return table


def _as_composed(
    folder: Path, config: Config, section: composed.Section | None, said: set[str]
) -> tuple[Config, dict[str, str]]:
    """Take from a compose file what is not `said` elsewhere, and tell where each setting is from.

    All of it where the project names its service; else a Dockerfile alone, where there is none in the usual place: a compose
    file may well be for development.
    """
    if section is None:
        return config, {}
    dockerfile, target, places = config.dockerfile, config.target, {}
    is_missing = not projectfiles.is_file(folder, config.dockerfile)
    if section.dockerfile and "dockerfile" not in said and (config.service or is_missing):
        dockerfile, places["dockerfile"] = section.dockerfile, section.place
    if config.service and section.target and "target" not in said:
        target, places["target"] = section.target, section.place
    context = config.context
    if config.service and section.context != "." and "context" not in said:
        context, places["context"] = section.context, section.place
    args = {name: value for name, value in section.args.items() if name not in config.build_args}
    if not config.service:
        args = {}
    places |= {f"build_args.{name}": section.place for name in args}
    build_args = {**args, **config.build_args}
    config = replace(config, dockerfile=dockerfile, context=context, target=target, build_args=build_args)
    return config, places


def _with_contexts(
    config: Config, release: Release, section: composed.Section
) -> tuple[Config, dict[str, str]]:
    """Take from a compose file the contexts that the build asks for and nobody hands in, and tell where each is from."""
    asked = {each.reference for each in release.external_images} - config.contexts.keys()
    more = {name: path for name, path in section.contexts.items() if name in asked}
    places = {f"contexts.{name}": section.place for name in more}
    return replace(config, contexts={**more, **config.contexts}), places


def dockerfile_path(folder: Path, written: Written) -> str:
    """Return the Dockerfile's path: as configured, else `dockerfile`, which the builder takes where there is no `Dockerfile`."""
    is_default = "dockerfile" not in written.places and not (folder / Config.dockerfile).exists()
    return (
        _LOWER_CASE if is_default and projectfiles.is_file(folder, _LOWER_CASE) else written.config.dockerfile
    )


def _where_else(folder: Path) -> str:
    """Say what to do where there is no Dockerfile: name those that lie elsewhere in the project."""
    found = [path for path in tree.files(folder) if _DOCKERFILE.fullmatch(path.rpartition("/")[2])]
    if not found:
        return "`hullproof init` writes one, or give the folder that holds one"
    named = ", ".join(found[:_MOST_NAMED]) + (" and more" if len(found) > _MOST_NAMED else "")
    return (
        f"found {named}: --dockerfile {found[0]} builds it with this folder as the context; if its context is the "
        "folder that it is in, give that folder"
    )
