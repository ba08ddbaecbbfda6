"""The container runs without any capability, and gains none."""

from __future__ import annotations

import pytest

from hullproof.facts import Privileges

from .by_hand import BROKEN, PROVEN, fails, lines, prove

REFUSED = fails("it ends with exit code 1", "PermissionError: [Errno 1] Operation not permitted: '/app/x'")


def test_one_that_does_as_well_is_proven() -> None:
    """With the options as they can be given to `docker run`."""
    assert prove("least-privilege").verdict is PROVEN


@pytest.mark.parametrize(
    ("seen", "needs", "fix"),
    [
        (
            Privileges(REFUSED, ("CHOWN", "SETUID", "SETGID")),
            "it needs CHOWN, SETUID, SETGID",
            "COPY --chown",
        ),
        (Privileges(REFUSED, ("SYS_CHROOT",)), "it needs SYS_CHROOT", "Do when the image is built"),
        (Privileges(REFUSED, (), gains=True), "it starts a setuid program", "Leave sudo"),
        (Privileges(REFUSED), "Operation not permitted", "Do when the image is built"),
    ],
)
def test_what_it_needs_is_told_with_how_to_do_without(seen: Privileges, needs: str, fix: str) -> None:
    """By name, where one of them alone makes it fail."""
    proof = prove("least-privilege", privileges=seen)
    assert proof.verdict is BROKEN
    assert needs in proof.summary
    assert fix in str(proof.remedy)
    assert {f"--cap-drop {name}" for name in seen.needed} <= lines(proof)
