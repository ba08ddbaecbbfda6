"""What is asked of an instruction again and again is worked out once: an instruction never changes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.dockerfile.model import Instruction

Answer = TypeVar("Answer")


def once(function: Callable[[Instruction], Answer]) -> Callable[[Instruction], Answer]:
    """Keep a function's answer with the instruction that it was asked of."""
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def kept(instruction: Instruction) -> Answer:
        answers = vars(instruction)
        if name not in answers:
            answers[name] = function(instruction)
        answer: Answer = answers[name]
        return answer

    return kept
