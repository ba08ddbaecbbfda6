"""What no build would take of a Dockerfile's text."""

from __future__ import annotations


class SyntaxFault(Exception):  # noqa: N818 - a fault of the file, not of the program
    """What no build would take. `line` counts from 1; `keyword` is the instruction's; `right`: what is missing."""

    def __init__(self, what: str, line: int = 0, keyword: str = "", right: str = "") -> None:
        """Keep the place beside the words."""
        super().__init__(what)
        self.what, self.line, self.keyword, self.right = what, line, keyword, right
