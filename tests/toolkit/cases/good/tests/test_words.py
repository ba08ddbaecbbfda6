"""What the service says."""
# mypy: disable-error-code="import-not-found"
# (this project's root is not where this repository is checked)

from greeter.words import greeting


def test_a_name_is_greeted() -> None:
    """Whoever has a name is greeted by it."""
    assert greeting("Ada") == "Hello, Ada!"


def test_a_blank_name_is_the_world() -> None:
    """Whoever has none is the world."""
    assert greeting("  ") == "Hello, world!"
