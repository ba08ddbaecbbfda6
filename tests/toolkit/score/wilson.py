"""A share with its interval: of so few tries as here, the share alone says too much."""

from __future__ import annotations

import math

_Z = 1.959964
"""The quantile of the normal distribution for 95 %, both sides."""


def interval(good: int, tried: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share at 95 %, as two numbers from 0 to 1; all of it where nothing was tried.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927: unlike the usual one it
    holds near 0 and 1, where a share of 100 % has no width else.
    """
    if tried == 0:
        return 0.0, 1.0
    share, shift = good / tried, _Z**2 / tried
    middle = (share + shift / 2) / (1 + shift)
    half = _Z * math.sqrt(share * (1 - share) / tried + shift / (4 * tried)) / (1 + shift)
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(good: int, tried: int) -> str:
    """Write a share: `178 of 191, 93.2 % (88.7 to 96.0)`; `none tried` where there is nothing to share."""
    if tried == 0:
        return "none tried"
    low, high = (100 * end for end in interval(good, tried))
    return f"{good} of {tried}, {100 * good / tried:.1f} % ({low:.1f} to {high:.1f})"
