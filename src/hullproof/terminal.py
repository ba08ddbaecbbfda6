"""The two streams: progress and errors a line at a time on stderr, results on stdout."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TextIO

from hullproof.text import line

_WIDEST = 140
_NARROWEST = 40


def say(text: str) -> None:
    """Write one line of progress, or of an error. That nobody can read it is no reason to stop."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, gone, or never there
        sys.stderr.write(line(text) + "\n")
        sys.stderr.flush()


def screen_width() -> int:
    """Return how many columns to write: those of the terminal, within what can be read; 100 without one."""
    return max(_NARROWEST, min(shutil.get_terminal_size((100, 24)).columns, _WIDEST))


def screen_height() -> int:
    """Return how many rows the terminal has; 24 without one."""
    return shutil.get_terminal_size((100, 24)).lines


def takes_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(text: str, stream: TextIO) -> None:
    """Write what the stream's encoding has, `?` for the rest. Who stops reading has read enough."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        let_go(stream)


def let_go(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere: its reader has gone, and Python would complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
