"""When the tide is high."""
