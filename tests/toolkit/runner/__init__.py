"""Gathering facts and judging them."""
