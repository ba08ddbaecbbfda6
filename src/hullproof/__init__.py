"""Builds a Python application image and proves that it is what its Dockerfile promises."""

__version__ = "0.1.0"
