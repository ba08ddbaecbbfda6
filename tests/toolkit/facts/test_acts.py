"""What is asked of further boots once one of them has failed."""

from __future__ import annotations

from typing import Any, cast

from hullproof.errors import Unobservable
from hullproof.facts import Trial
from hullproof.facts.acts import privileges
from hullproof.facts.trials import Trials

from ..practices.by_hand import CONTAINER


def test_a_boot_that_cannot_be_seen_takes_nothing_from_what_was_seen() -> None:
    """That it fails without rights stands; which of them it needs is told as far as it is known."""

    def boot(options: str, **_: Any) -> Trial:  # noqa: ANN401 - the SDK's options
        if options == "--cap-drop NET_RAW":
            raise Unobservable("the machine had no processor for it")
        fails = options.startswith("--cap-drop ALL") or options == "--cap-drop CHOWN"
        return Trial(options, CONTAINER, "it ends with exit code 1" if fails else None)

    seen = privileges(cast("Trials", boot))
    assert (seen.trial.fault, seen.needed, seen.gains) == ("it ends with exit code 1", ("CHOWN",), False)
