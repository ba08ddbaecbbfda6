"""Errors that a user can meet. Each owns its exit code; its text is one line: what, why, way out."""

from __future__ import annotations

from typing import ClassVar

from hullproof.text import line


class HullproofError(Exception):
    """Anything that ends a command. Its text is shown as it is, without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, text: str) -> None:
        """Make `text`, which may quote anything, one line that is safe to show wherever it is caught."""
        super().__init__(line(text))


class UsageError(HullproofError):
    """Wrong usage or wrong configuration."""

    exit_code = 2


class EngineError(HullproofError):
    """No usable engine, or no usable base image."""

    exit_code = 3


class DeadlineError(EngineError):
    """The engine did not answer in time. The text says what was waited for and what was seen last."""


class EndingError(EngineError):
    """Nothing more may be begun: the command is being interrupted. It is no news to whoever reads the command's end."""
