"""Builds a Python application image and proves that it is what its Dockerfile promises.

    from hullproof import prove

    report = prove("services/shop")
    for proof in report.proofs:
        print(proof.id, proof.verdict.value, proof.summary)

Beside what is exported here, `hullproof.practice` (for practices of one's own), `hullproof.sessions` (for Nox) and the
fixtures of the pytest plugin are promised; nothing else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullproof.api import Evidence, Proof, Report, Verdict, prove

__all__ = ["Evidence", "Proof", "Report", "Verdict", "__version__", "prove"]

__version__ = "0.1.0"


if not TYPE_CHECKING:  # for a type checker, any name would be there

    def __getattr__(name: str) -> object:
        """Import what is exported when it is asked for: the command and the pytest plugin start without it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - see above

        return getattr(import_module("hullproof.api"), name)


def __dir__() -> list[str]:
    """List what is exported as well."""
    return sorted({*globals(), *__all__})
