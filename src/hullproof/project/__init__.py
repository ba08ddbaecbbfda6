"""The project: its tree, read but never executed or written. Nothing here talks to an engine."""
