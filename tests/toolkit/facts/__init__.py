"""Providers of facts, as far as they need no engine."""
