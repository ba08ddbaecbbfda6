"""Experiments: what was changed on purpose, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class InstallStep:
    """A step that installs the project's dependencies. `files`: what of the context declares them.

    `is_seen`: that it installs is known from its output alone, which named packages of others.
    """

    line: int
    instruction: str
    stage: str
    files: tuple[str, ...] = ()
    is_seen: bool = False


@dataclass(frozen=True)
class EditOutcome:
    """A rebuild after one edit. `edited` is the path in the project.

    `installs` tells for each installing step, by its line, whether it "ran", was "cached", was "not-built", or was
    "forgotten": the builder ran it again although the edited file cannot get into it, so that its cache let it go.
    `other_steps_ran`: lines of the other steps that the edit made run again.
    `confirmed`: an accusing result was seen twice, with fresh content.
    """

    edited: str
    installs: Mapping[int, Literal["ran", "cached", "not-built", "forgotten"]]
    other_steps_ran: tuple[int, ...] = ()
    confirmed: bool = True
    error: str | None = None


@dataclass(frozen=True)
class EditsFacts:
    """Experiment: an edit to an application file, then an edit to what declares the dependencies.

    `application` is None, with the reason in `no_application`, where no file of the application reaches
    the image from the context; `requirements` is empty, with the reason in `no_requirements`, where no
    file declares the dependencies.
    """

    install_steps: tuple[InstallStep, ...]
    application: EditOutcome | None = None
    requirements: tuple[EditOutcome, ...] = ()
    no_application: str | None = None
    no_requirements: str | None = None


@dataclass(frozen=True)
class PlantedFile:
    """A test file with failing tests planted in it; `is_new`: one that was put beside those of its folder.

    `stops`: True where the build failed on it, False where a build with it succeeded, None where neither was seen.
    `line` is that of the step whose output told of the failure, `said` the line of output. `excuse` says why a
    release's build may leave it out.
    """

    path: str
    is_new: bool = False
    stops: bool | None = None
    line: int | None = None
    said: str | None = None
    excuse: str | None = None


@dataclass(frozen=True)
class GateFacts:
    """Experiment: failing tests planted in every test file of the project, and in a new file beside them.

    `planted` is empty where the project has no tests (`no_tests` says what was looked for). `failed_line` is that of
    the step at which a build failed without a word of the planted tests; `output` the end of what it said, and
    `passes_without` whether the same build with passing tests in their place succeeded. `test_lines`: lines of steps
    that run tests, in stages that the release needs; `unneeded_test_lines`: those in stages that BuildKit skips.
    `endings`: how the output of such a step ended although tests failed. `reached`: whether any of the files gets to
    the builder at all, None where that was plain.
    """

    planted: tuple[PlantedFile, ...] = ()
    no_tests: str | None = None
    failed_line: int | None = None
    passes_without: bool | None = None
    output: tuple[str, ...] = ()
    test_lines: tuple[int, ...] = ()
    unneeded_test_lines: tuple[int, ...] = ()
    endings: Mapping[int, str] = field(default_factory=dict)
    reached: bool | None = None
    error: str | None = None

    @property
    def stopping(self) -> tuple[PlantedFile, ...]:
        """Files on whose failing tests a build failed."""
        return tuple(each for each in self.planted if each.stops)

    @property
    def escaped(self) -> tuple[PlantedFile, ...]:
        """Files in spite of which a build succeeded. An excuse counts only where the tests of others are run."""
        through = [each for each in self.planted if each.stops is False]
        return tuple(each for each in through if not each.excuse or not self.stopping)


@dataclass(frozen=True)
class Canary:
    """A file planted in a scratch context that must not reach the builder.

    `kind` says what it stands for: "version control", "environment file", "private key", …; "own" is a file of the
    project itself that is a secret. `nested`: below the top directory. `judged`: whether its reaching the builder
    breaks the practice, or is only said. `pattern`: the line for the ignore file that leaves out it, and what is like it.
    `named_at`: the line of the Dockerfile that takes just this by its name, and so on purpose.
    `taken`: whether the build takes it as it is today, which names what it copies; the next `COPY . .` takes all.
    `taken_at`: the line of the Dockerfile that takes it first, where that is known.
    """

    path: str
    kind: str
    nested: bool
    reached: bool
    judged: bool = True
    pattern: str = ""
    taken: bool = True
    taken_at: int | None = None
    named_at: int | None = None


@dataclass(frozen=True)
class CanaryFacts:
    """Experiment: what of a scratch context, with canaries in it, reaches the builder.

    `ignore_file`: the one that the builder uses, None where there is none. `sources_missing`: (line, path) of
    what COPY and ADD name in the project's tree but the ignore file withholds. `tests_left`: whether any test
    reaches the builder, None where the project has none. `misplaced`: ignore files that the builder does not read. `named`: what the Dockerfile
    takes by name although a canary's pattern would leave it out: `.env.production`.
    """

    canaries: tuple[Canary, ...]
    ignore_file: str | None
    files_reaching: int = 0
    sources_missing: tuple[tuple[int, str], ...] = ()
    tests_left: bool | None = None
    misplaced: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class WithheldFacts:
    """Experiment: files that a failing build speaks of and the ignore file withholds, let through.

    `files` are paths, each with the line of the ignore file that withholds it; none where the build succeeds, or gets no
    further with them. `line` is that of the failing step; `builds`: with them, the build succeeds.
    """

    files: tuple[tuple[str, str], ...] = ()
    ignore_file: str | None = None
    line: int | None = None
    builds: bool = False


@dataclass(frozen=True)
class MissingFiles:
    """Files of the project, by path, that the application needs when the tests run it, and that the release lacks.

    `by` is the module of the application that asks for them and `by_shipped` where the release has that, both "" where a
    framework asks for them to answer a request. `test` is the test that it did so for, as FILE::NAME, "" where that is not
    known. `imported`: by an import statement. Without them the step at `line` fails, and `said` is its word on that.
    """

    paths: tuple[str, ...]
    by: str
    by_shipped: str
    test: str
    imported: bool
    line: int
    said: str


@dataclass(frozen=True)
class NeededFacts:
    """Experiment: what the application asks for when the project's own tests run it, and the release lacks.

    `lines` are those of the steps that run tests and were watched; none where there are none, where the release lacks
    nothing that they could ask for, or where they could not be run so. `missing` is what they fail without.
    """

    lines: tuple[int, ...] = ()
    missing: tuple[MissingFiles, ...] = ()
