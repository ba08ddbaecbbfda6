"""Lighthouses, and which of them are lit."""

from importlib.metadata import version

__version__ = version("lamps")
