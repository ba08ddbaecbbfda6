"""The image's user is a number."""

from __future__ import annotations

import pytest

from .by_hand import BROKEN, GOOD, NOT_APPLICABLE, PROVEN, image, prove


@pytest.mark.parametrize("user", ["1000", "1000:1000", "4711", "1000:app"])
def test_a_number_is_what_a_kubelet_can_verify(user: str) -> None:
    """Whether or not an account has it; the group plays no part."""
    assert prove("numeric-user", image=image(user=user)).verdict is PROVEN


@pytest.mark.parametrize(
    ("user", "fix"),
    [
        ("app", "Write `USER 1000` in the place of Dockerfile:16. That is app."),
        ("app:app", "Write `USER 1000:1000` in the place of Dockerfile:16. That is app."),
        ("app:sudo", "Write `USER 1000:27` in the place of Dockerfile:16. That is app."),
        ("app:27", "Write `USER 1000:27` in the place of Dockerfile:16. That is app."),
        ("nobody-knows", "useradd --uid 10001"),
    ],
)
def test_a_name_is_not(user: str, fix: str) -> None:
    """The fix has the account's own number, where the image knows it."""
    proof = prove("numeric-user", GOOD.replace("USER app", f"USER {user}"), image=image(user=user))
    assert proof.verdict is BROKEN
    assert proof.evidence[0].where == "Dockerfile:16"
    assert fix in str(proof.remedy)


@pytest.mark.parametrize("user", ["", "0", "root", "admin", "00:0"])
def test_root_is_another_practice_s(user: str) -> None:
    """One cause is accused once."""
    assert prove("numeric-user", image=image(user=user)).verdict is NOT_APPLICABLE
