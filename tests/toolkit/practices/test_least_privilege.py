"""The container runs without any capability, and gains none."""

from __future__ import annotations

import pytest

from hullproof.facts import Privileges

from .by_hand import BROKEN, GOOD, PROVEN, entry, fails, files, layer, lines, prove

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
        (Privileges(REFUSED, ("SETUID",), gains=True), "it needs SETUID", "Leave sudo"),
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


@pytest.mark.parametrize("practice", ["least-privilege", "arbitrary-uid"])
def test_a_program_with_capabilities_of_its_own_is_to_go_without(practice: str) -> None:
    """The kernel does not start it where it may not have them; no port and no mode has to do with that."""
    text = GOOD.replace(
        "RUN useradd --uid 1000 app", "RUN setcap cap_net_bind_service=+ep /usr/bin/web && true"
    )
    own = files(layer(13, entry("/usr/bin/web", mode=0o755, capabilities=True)))
    refused = fails("it ends with exit code 1", "exec /usr/bin/web: operation not permitted")
    seen = {"privileges": Privileges(refused, ("NET_BIND_SERVICE",)), "root_group_boot": refused}
    proof = prove(practice, text, files=own, **seen)
    assert "(setcap) off /usr/bin/web" in str(proof.remedy)
    assert "Write `RUN true && chown app:app /app` in the place of Dockerfile:13." in str(proof.remedy)


def test_an_entry_script_that_the_user_cannot_run_is_named_with_its_line() -> None:
    """The engine starts it all the same while it has all rights."""
    own = files(layer(15, entry("/app/entry.sh", mode=0o744)))
    error = "exec /app/entry.sh: permission denied"
    refused = fails(f"the engine cannot start it: {error}", start_error=error)
    proof = prove("least-privilege", files=own, privileges=Privileges(refused, ("DAC_OVERRIDE",)))
    assert "Give /app/entry.sh its execute bit" in str(proof.remedy)
    assert "in the place of Dockerfile:15" in str(proof.remedy)
