"""Configuration: `[tool.hullproof]` in pyproject.toml, or hullproof.toml where there is none.

Everything has a default that works on a project that never heard of Hullproof. What is written down pins
what must not drift.
"""

from __future__ import annotations

from importlib import resources

from hullproof.project.config.model import Accepted, Config
from hullproof.project.config.reading import Written, load

__all__ = ["Accepted", "Config", "Written", "load", "settings_schema"]


def settings_schema() -> str:
    """Return the JSON Schema of all settings, as JSON."""
    return resources.files(__name__).joinpath("config.schema.json").read_text(encoding="utf-8")
