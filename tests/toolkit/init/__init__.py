"""Tests of `hullproof init`. Each makes a small project; those in projects/ are whole ones, with real lock files."""
