"""A run, what it owns and what it leaves."""
