"""What the moon has to do with it."""


def hours() -> float:
    """Return half a lunar day, in hours."""
    return 12.42
