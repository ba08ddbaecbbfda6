"""What is known to be wrong with an engine that can be used all the same, and which version has it fixed.

BuildKit keeps one graph of the steps of all builds that run, and lets builds wait for each other's steps where those
come to the same. Before BuildKit 0.19, a build that is given up takes its part of the graph away while others may still
wait for it. What follows is mostly that one of them fails ("inconsistent graph state", which passes when it is tried
again), and now and then that BuildKit dies, with it the engine and every container: by a request that has no answer
(https://github.com/moby/buildkit/issues/3841), or while it walks a step that nobody began
(https://github.com/moby/buildkit/pull/5606). Builds side by side that all run to their end do no harm.
"""

from __future__ import annotations

from hullproof.engine.plugins import numbers

_FIXED_IN = (28,)
"""The first Docker Engine with a BuildKit (0.20) that has both fixed."""


def build_flaw(version: str) -> str | None:
    """Say in a line what is wrong with how this version builds, what follows, and what fixes it; None for nothing.

    A version that says nothing is taken for an old one.
    """
    if numbers(version) >= _FIXED_IN:
        return None
    return (
        f"Docker {version} can die, and every container with it, when a build is given up beside another: "
        "builds take turns here, which takes longer. Docker 28 has that fixed"
    )
