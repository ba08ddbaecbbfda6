"""The workspace of a pytest process, set up by whoever asks first."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import pytest

from hullproof.engine.connection import Engine
from hullproof.errors import EngineError
from hullproof.interruption import unwinding_on_signals
from hullproof.pytest_plugin.reporting import Reporting
from hullproof.pytest_plugin.workspace import IMAGE, Workspace, open_project
from hullproof.run.run import Run
from hullproof.terminal import say


def workspace_of(config: pytest.Config) -> Workspace:
    """Return the workspace of this process, set up by whoever asks first and put away when pytest ends.

    Without an engine, the test that asks is skipped, or fails where one is required.
    """
    reporting = Reporting.of(config)
    if reporting.workspace is None:
        reporting.workspace = _set_up(config)
    return reporting.workspace


def _set_up(config: pytest.Config) -> Workspace:
    project = open_project(config)
    stack = ExitStack()
    # A second Ctrl-C ends pytest's own tear-down, and a worker whose pytest is gone does not come to it at all.
    config.add_cleanup(stack.close)
    atexit.register(stack.close)
    stack.callback(atexit.unregister, stack.close)
    interruption = stack.enter_context(unwinding_on_signals())
    stack.callback(lambda: say(f"hullproof: {interruption}") if any(interruption.kept.values()) else None)
    try:
        engine = Engine.connect()
    except EngineError as error:
        stack.close()
        if config.option.hullproof_require_engine:
            raise
        pytest.skip(str(error))
    stack.callback(engine.close)
    run = stack.enter_context(Run())
    run.uses(engine)
    given = config.option.hullproof_image or os.environ.get(IMAGE) or None
    return Workspace(project, engine, run, given, experiments=not config.option.hullproof_no_experiments)
