"""What pytest tells of Hullproof's part in a session: in failures, in the summary, in reports, and between processes."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from hullproof.errors import HullproofError, Unobservable, UsageError
from hullproof.pytest_plugin.findings import Finding
from hullproof.pytest_plugin.outcomes import Outcome, merged, summary
from hullproof.text import line

if TYPE_CHECKING:
    from hullproof.project.project import Project
    from hullproof.pytest_plugin.workspace import Workspace
    from hullproof.report.outputs import Delivery

_NAME = "hullproof-reporting"
_SWEEP_S = 10.0  # an engine that hangs is not waited for


class Reporting:
    """A plugin of each process that has a workspace, and of the one that hears pytest-xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        """Have nothing to tell."""
        self.workspace: Workspace | None = None
        self.interrupted = False
        self.asked: tuple[str, ...] = ()
        self._config = config
        self._project: Project | None = None
        self._deliver: Delivery | None = None
        self._outcomes: list[Outcome] = []
        self._lines: list[str] = []
        self._lost_a_worker = False

    @classmethod
    def of(cls, config: pytest.Config) -> Reporting:
        """Return the one of this process, registered by whoever asks first."""
        reporting: Reporting | None = config.pluginmanager.get_plugin(_NAME)
        if reporting is None:
            reporting = cls(config)
            config.pluginmanager.register(reporting, _NAME)
        return reporting

    def deliver_to(self, project: Project, outputs: Sequence[str]) -> None:
        """Take where the report goes, `FILE` or `FORMAT:FILE`. Raises UsageError where that cannot be."""
        if outputs:
            from hullproof.report.outputs import Output, delivery  # noqa: PLC0415 - most have no report written

            self._project = project
            self._deliver = delivery([project], (), [Output.parse(output) for output in outputs])

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workerinput")

    # --- failures ----------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show findings as what they are, once each, and what the containers of a failed test have printed."""
        report = yield
        if not report.failed or call.excinfo is None:
            if self.workspace is not None:
                self.workspace.kept_logs.clear()  # of containers that went down with an error that the test expected
            return report
        error = call.excinfo.value
        if call.when == "setup" and isinstance(error, HullproofError):
            report.longrepr = str(error)
        elif isinstance(error, Finding):
            shown: Any = report.longrepr  # in a test's own code, with its traceback
            if call.when == "setup":
                report.longrepr = shown = call.excinfo.getrepr(style="value", chain=False)
            for heading, text in error.details_once().items():
                shown.addsection(heading, text)
        if self.workspace is not None and "hullproof_boot" in getattr(item, "fixturenames", ()):
            report.sections += self.workspace.logs()
        return report

    # --- the end -----------------------------------------------------------------------------------------

    def pytest_keyboard_interrupt(self) -> None:
        """Let no build go on."""
        self.interrupted = True
        if self.workspace is not None:
            from hullproof import process  # noqa: PLC0415 - it is loaded where there is a workspace

            process.end_all()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand what there is to say to the process that tells it, or tell it here."""
        if self.workspace is not None and not self.interrupted:
            try:
                self._outcomes.append(self.workspace.outcome(self.asked))
            except (HullproofError, Unobservable) as error:
                self._lines.append(str(error))
        if self._is_worker:
            output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined] # pytest-xdist's
            output["hullproof"] = pickle.dumps(self._outcomes)
            return
        self._lines += summary(self._outcomes)
        if self._deliver is not None and not self.interrupted:
            self._write_report(session)

    def _write_report(self, session: pytest.Session) -> None:
        asked = {name for outcome in self._outcomes for name in outcome.asked}
        report = merged([each.report for each in self._outcomes if each.report])
        judged = {proof.id for proof in report.proofs} if report else set()
        if report is None or asked - judged:
            missing = f"not judged: {', '.join(sorted(asked - judged))}" if judged else "nothing was judged"
            self._lines.append(f"no report was written, {missing}")
            return
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal:
            terminal.ensure_newline()
        try:
            if self._deliver and self._project:
                self._deliver(self._project, report)
        except HullproofError as error:
            self._lines.append(str(error))
            is_usage = isinstance(error, UsageError)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR if is_usage else pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which image was tested, and what else there is to say of it."""
        if self._lines:
            terminalreporter.write_sep("-", "hullproof")
        for told in dict.fromkeys(self._lines):
            terminalreporter.write_line(line(told))

    # --- workers -----------------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401 - pytest-xdist's
        """Take what a worker has to tell."""
        output = getattr(node, "workeroutput", None)
        if error or output is None:
            self._lost_a_worker = True
        else:
            self._outcomes += pickle.loads(output.get("hullproof", pickle.dumps([])))  # noqa: S301 - our own worker's

    def pytest_unconfigure(self) -> None:
        """Remove what workers left that were killed before they could."""
        if self._is_worker or self.workspace is not None or not (self.interrupted or self._lost_a_worker):
            return
        from hullproof.engine.leftovers import sweep  # noqa: PLC0415 - rarely needed
        from hullproof.owner import sweep_folders  # noqa: PLC0415 - rarely needed

        if sweep_folders():
            from hullproof.engine.calls import within  # noqa: PLC0415 - rarely needed
            from hullproof.engine.connection import Engine  # noqa: PLC0415 - the same
            from hullproof.terminal import say  # noqa: PLC0415 - the same

            try:
                with within(_SWEEP_S), contextlib.closing(Engine.connect(_SWEEP_S)) as engine:
                    sweep(engine)
            except HullproofError as error:
                say(f"hullproof: could not remove what workers left ({error}); `hullproof clean` removes it")
