"""What is wrong with an uploaded document, and where."""

from __future__ import annotations


class Fault(Exception):  # noqa: N818 - an uploader's fault, not the board's error
    """The first thing that is wrong with a document.

    `pointer` is a JSON pointer (RFC 6901), empty for the document as a whole; `detail` says what is wrong.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        """Say that `detail` is wrong at `pointer`."""
        super().__init__(pointer, detail)
        self.pointer = pointer
        self.detail = detail


def escape(key: str) -> str:
    """Return `key` as a step of a JSON pointer; what is no character is replaced, so that it can be sent."""
    return key.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode("utf-8")
