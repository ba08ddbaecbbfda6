"""TOML of others: what is none, or would take all memory, is refused in a line."""

from __future__ import annotations

import tracemalloc

import pytest

from hullproof import toml


def test_toml_is_read() -> None:
    """As tomllib reads it."""
    assert toml.loads("[a.b]\nc.d = [1, 'x.y.z']\n") == {"a": {"b": {"c": {"d": [1, "x.y.z"]}}}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "Invalid value"),
        (f"x = {'[' * 100_000}{']' * 100_000}", "nested too deeply"),
        (f"x = {'{a=' * 100_000}1{'}' * 100_000}", "nested too deeply"),
        (f"x = {'9' * 100_000}", "too many digits"),
    ],
)
def test_what_cannot_be_read_is_one_kind_of_error(text: str, said: str) -> None:
    """Whatever the parser makes of it."""
    with pytest.raises(toml.TomlError, match=said) as caught:
        toml.loads(text)
    assert "\n" not in str(caught.value)


PARTS = ".".join("a" * 20_000)


@pytest.mark.parametrize(
    "text",
    [
        f"x = 1\n{PARTS} = 1\n",
        f"[{PARTS}]\n",
        f"x = {{ {PARTS} = 1 }}\n",
        " . ".join(['"a"'] * 20_000) + " = 1",
        "\n".join(f"k{number}.{'.'.join('a' * 300)} = 1" for number in range(1_500)),
    ],
)
def test_a_key_of_very_many_parts_is_refused(text: str) -> None:
    """The parser takes memory by the square of them: 5.7 GB for 20,000."""
    tracemalloc.start()
    with pytest.raises(toml.TomlError, match="too many parts"):
        toml.loads(text)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_what_is_just_allowed_takes_little_memory() -> None:
    """Keys of so many parts as are let through, one after the other."""
    key = ".".join("a" * 16)
    text = "\n".join(f"k{number}.{key} = 1" for number in range(1_000))
    tracemalloc.start()
    toml.loads(text)
    assert tracemalloc.get_traced_memory()[1] < 300 * len(text)
    tracemalloc.stop()


def test_dots_in_values_do_no_harm() -> None:
    """A long line of versions, or a text with many points of ellipsis."""
    versions = ", ".join(f'"{number}.0.1"' for number in range(1_000))
    assert len(toml.loads(f"versions = [{versions}]\nx = '{'.' * 1000}'\n")["versions"]) == 1_000
