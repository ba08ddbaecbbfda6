"""What the service says."""


def greeting(name: str) -> str:
    """Return the greeting for a name; a blank name is the world's."""
    return f"Hello, {name.strip() or 'world'}!"
