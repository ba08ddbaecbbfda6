"""Tests of the toolkit. What several of them share is in conftest.py (fixtures) and rig.py (tools)."""
