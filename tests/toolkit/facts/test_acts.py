"""What is asked of further boots once one of them has failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from hullproof.errors import Unobservable
from hullproof.facts import Trial
from hullproof.facts.acts import privileges
from hullproof.facts.trials import Trials

from ..practices.by_hand import CONTAINER


def test_a_boot_that_cannot_be_seen_takes_nothing_from_what_was_seen() -> None:
    """That it fails without rights stands; which of them it needs is told as far as it is known."""

    def boot(options: str, **_: Any) -> Trial:  # noqa: ANN401 - the SDK's options
        if options == "--cap-drop SETUID":
            raise Unobservable("the machine had no processor for it")
        fails = options.startswith("--cap-drop ALL") or options == "--cap-drop CHOWN"
        return Trial(options, CONTAINER, "it ends with exit code 1" if fails else None)

    seen = privileges(cast("Trials", boot))
    assert (seen.trial.fault, seen.needed, seen.gains) == ("it ends with exit code 1", ("CHOWN",), False)


@pytest.mark.parametrize(("needs", "boots"), [({"CHOWN"}, 9), ({"CHOWN", "AUDIT_WRITE"}, 17)])
def test_rights_that_it_can_miss_together_are_not_asked_for_one_by_one(needs: set[str], boots: int) -> None:
    """Where it cannot, each is: what it needs is named all the same."""
    asked = []

    def boot(options: str, cap_drop: Sequence[str] = (), **_: Any) -> Trial:  # noqa: ANN401 - the SDK's options
        asked.append(options)
        fails = needs & set(cap_drop) or "ALL" in cap_drop
        return Trial(options, CONTAINER, "it ends with exit code 1" if fails else None)

    assert set(privileges(cast("Trials", boot)).needed) == needs
    assert len(asked) == boots
