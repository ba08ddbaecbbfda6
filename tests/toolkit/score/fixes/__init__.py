"""Fixes put to the test: a script follows what a report says, by its letter, and the project is proven again."""
