"""Size: a context of many files, an image of many layers, a log without end cost time in proportion, and little memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import scale
from benchmarks.rows import Row

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

LARGEST_MB = 512
GROWTH = 6.0
"""How much more time four times the size may take: a machine that is busy only the second time is no fault."""


@pytest.mark.usefixtures("python_base")
@pytest.mark.parametrize("what", [scale.context, scale.image, scale.log])
def test_memory_is_bounded_and_time_is_linear(what: Callable[[], list[Row]]) -> None:
    """Of all processes of the command, with all practices and experiments; the second time as well."""
    first, again, peak, _ = what()
    assert max(peak.ours) <= LARGEST_MB
    for row in (first, again):
        assert row.ours[0] <= GROWTH * row.theirs[0]
