"""Tests of the practices, from hand-made facts: no engine, no files, no processes."""
