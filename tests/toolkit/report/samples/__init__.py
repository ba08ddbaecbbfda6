"""Each face of each sample report, whole, to be read with one's own eyes.

After a change that was meant: `HULLPROOF_REWRITE_SAMPLES=1 ./nox -s toolkit -- tests/toolkit/report`, then look at the
difference.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent


def matches(text: str, file: str) -> None:
    """Compare a face with what is expected, whole."""
    path = HERE / file
    if os.environ.get("HULLPROOF_REWRITE_SAMPLES"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_bytes().decode("utf-8")
