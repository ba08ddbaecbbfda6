"""The frozen part of the corpus: situations that people ask about in public, each beside a twin in which it is mended.

No rule may be written for these cases, and no label changed after the first run: what was wrong there stays in the
score. A case that turns out not to be what its title says is left out by name, with the reason, in `LEFT_OUT`.
"""

from importlib import import_module
from pathlib import Path

from tests.toolkit.cases.catalogue.model import Case

from .situation import Situation

__all__ = ["FROZEN", "LEFT_OUT", "SITUATIONS"]

_PRACTICES = sorted(each.stem for each in Path(__file__).parent.glob("of_*.py"))

SITUATIONS: tuple[Situation, ...] = tuple(
    situation for name in _PRACTICES for situation in import_module(f"{__name__}.{name}").SITUATIONS
)

LEFT_OUT: dict[str, str] = {}
"""Situations that are not what they were meant to be: name to reason."""

FROZEN: tuple[Case, ...] = tuple(
    case for situation in SITUATIONS if situation.name not in LEFT_OUT for case in situation.cases
)
