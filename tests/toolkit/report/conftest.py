"""The sample reports in turn."""

from __future__ import annotations

import pytest

from hullproof.model import Report

REPORTS = ("sample", "failed_build", "bare")


@pytest.fixture(params=REPORTS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each report in turn."""
    return str(request.param)


@pytest.fixture
def report(name: str, request: pytest.FixtureRequest) -> Report:
    """Each report in turn."""
    found = request.getfixturevalue(name)
    assert isinstance(found, Report)
    return found
