"""All cases, gathered from the files beside this one: one file per practice, and `benign`."""

from importlib import import_module
from pathlib import Path

from .model import GOOD, Case, EditError, materialise

__all__ = ["CASES", "GOOD", "Case", "EditError", "materialise"]

CASES: tuple[Case, ...] = tuple(
    case
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in ("__init__", "model")
    for case in import_module(f"{__name__}.{file.stem}").CASES
)
