"""What the routes share: the settings, the store and its readiness, of the running application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from app.config import Settings
    from app.readiness import Readiness
    from app.store import Store

EXTENSION = "board"


@dataclass(frozen=True)
class Board:
    """One running board."""

    settings: Settings
    store: Store
    readiness: Readiness


def board() -> Board:
    """Return the board of the application that answers the current request."""
    return cast("Board", current_app.extensions[EXTENSION])
