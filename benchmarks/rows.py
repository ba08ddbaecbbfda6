"""What was measured, line by line, and how it is compared with a floor, a peer or a number."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table. `met` is None where nothing is aimed at.

    `ours` and `theirs` are all that was measured, round by round; `figure` is what the aim speaks of.
    """

    what: str
    ours: Sequence[float]
    beside: str = ""
    theirs: Sequence[float] = ()
    figure: str = ""
    aim: str = ""
    met: bool | None = None
    unit: str = "s"

    def cells(self) -> tuple[str, ...]:
        """Return the line's texts: the medians, the figure, the aim and whether it is met."""
        verdict = "" if self.met is None else "met" if self.met else "[bold red]missed[/]"
        return (
            self.what,
            shown(self.ours, self.unit),
            self.beside,
            shown(self.theirs, self.unit),
            self.figure,
            self.aim,
            verdict,
        )


def times(
    what: str,
    ours: Sequence[float],
    beside: str,
    theirs: Sequence[float],
    *,
    at_most: float | None = None,
    unit: str = "s",
) -> Row:
    """Compare as a multiple of the floor: the median of the rounds' own ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    aim, met = (f"≤ {at_most:g} x", ratio <= at_most) if at_most is not None else ("", None)
    return Row(what, ours, beside, theirs, f"{ratio:.2f} x", aim, met, unit)


def lead(
    what: str,
    ours: Sequence[float],
    beside: str,
    theirs: Sequence[float],
    *,
    at_least: float,
    unit: str = "s",
) -> Row:
    """Compare as a lead: how many times what stands beside costs what ours does."""
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    return Row(
        what, ours, beside, theirs, f"{ratio:.2f} x less", f"≥ {at_least:g} x less", ratio >= at_least, unit
    )


def excess(what: str, ours: Sequence[float], beside: str, theirs: Sequence[float], *, at_most: float) -> Row:
    """Compare as what comes on top of the floor."""
    more = statistics.median(a - b for a, b in zip(ours, theirs, strict=True))
    return Row(what, ours, beside, theirs, f"{more:+.2f} s", f"≤ +{at_most:g} s", more <= at_most)


def bound(what: str, ours: Sequence[float], *, at_most: float, unit: str = "s") -> Row:
    """Compare with a number that stands by itself."""
    value = statistics.median(ours)
    aim = f"≤ {at_most:g} {unit}".rstrip()
    return Row(
        what,
        ours,
        figure=f"{value:.2f}" if unit else f"{value:.0f}",
        aim=aim,
        met=value <= at_most,
        unit=unit,
    )


def shown(values: Sequence[float], unit: str) -> str:
    """Return the median as it is read: three digits are enough."""
    if not values:
        return ""
    value = statistics.median(values)
    return f"{value:.0f}" if not unit else f"{value:.2f} {unit}" if value < 100 else f"{value:.0f} {unit}"  # noqa: PLR2004
