"""The test items: a Dockerfile is a test file, and each practice a test in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hullproof import practices
from hullproof.errors import HullproofError, UsageError
from hullproof.model import Verdict
from hullproof.options import names
from hullproof.pytest_plugin.findings import Broken, Finding, Unproven
from hullproof.pytest_plugin.reporting import Reporting
from hullproof.pytest_plugin.session import workspace_of
from hullproof.pytest_plugin.workspace import open_project
from hullproof.report.as_junit import details
from hullproof.report.reading import acceptance
from hullproof.runner.choice import choose
from hullproof.text import line

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr


class Practices:
    """Collects the project's Dockerfile, whichever paths pytest was given."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the project, and what is asked of it. Raises pytest's UsageError."""
        option = config.option
        try:
            project = open_project(config)
            self.chosen, _ = choose(
                project.config,
                names(option.hullproof_only),
                experiments=not option.hullproof_no_experiments,
            )
            Reporting.of(config).deliver_to(project, option.hullproof_output)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
        self.path = project.home / project.config.dockerfile

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Dockerfile | None:
        """Collect the Dockerfile where it is named itself, with or without a practice: `Dockerfile::test-gate`."""
        if file_path == self.path and parent.session.isinitpath(file_path):
            return self._collected(parent)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the Dockerfile after all else where it is not."""
        report = yield
        if isinstance(collector, pytest.Session) and not collector.isinitpath(self.path):
            report.result.append(self._collected(collector))
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is going to be judged."""
        asked = [item.practice.id for item in session.items if isinstance(item, Practice)]
        Reporting.of(session.config).asked = tuple(asked)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let what is skipped be skipped where it is, and not where this file says so."""
        report = yield
        if isinstance(item, Practice) and isinstance(report.longrepr, tuple):
            report.longrepr = (str(item.path), 1, report.longrepr[2])
        return report

    def _collected(self, parent: pytest.Collector) -> Dockerfile:
        collected: Dockerfile = Dockerfile.from_parent(parent, path=self.path)
        collected.chosen = self.chosen
        return collected


class Dockerfile(pytest.File):
    """A Dockerfile, in which each practice is a test."""

    chosen: Sequence[practices.Practice]

    def collect(self) -> Iterator[Practice]:
        """Make an item for each practice."""
        for practice in self.chosen:
            yield Practice.from_parent(self, name=practice.id, practice=practice)

    def setup(self) -> None:
        """Build the project, before the first practice is judged.

        All facts are gathered side by side where each of these items is going to run here: where none stops the
        others, and no other process takes some of them.
        """
        alone = not self.config.getoption("maxfail") and not hasattr(self.config, "workerinput")
        asked = [item.practice for item in self.session.items if isinstance(item, Practice)]
        workspace_of(self.config).begin(asked, at_once=alone)


class Practice(pytest.Item):
    """A practice of the project's image. It passes where it is proven."""

    def __init__(self, *, practice: practices.Practice, **more: Any) -> None:  # noqa: ANN401 - pytest's own
        """Take the practice. pytest makes items by `from_parent`."""
        super().__init__(**more)
        self.practice = practice
        self.add_marker("hullproof")
        self.user_properties.append(("title", practice.title))

    def runtest(self) -> None:
        """Judge the practice."""
        workspace = workspace_of(self.config)
        proof = workspace.judge(self.practice)
        self.user_properties.append(("verdict", proof.status.value))
        if proof.accepted is not None and proof.is_excused:
            pytest.xfail(acceptance(proof.accepted))
        if proof.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(line(proof.summary))
        if not proof.verdict.is_good:
            kind = Broken if proof.verdict is Verdict.BROKEN else Unproven
            summary, *evidence = details(proof)
            raise kind(summary, evidence=evidence, build=workspace.build_failure())

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ANN401 - pytest's own type is not public
    ) -> str | TerminalRepr:
        """Show what was found, without a traceback."""
        if isinstance(excinfo.value, Finding):
            return excinfo.getrepr(style="value", chain=False)
        if isinstance(excinfo.value, HullproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is and what to call it above a failure."""
        return self.path, 0, f"{self.practice.title} ({self.name})"
