"""What of a secret is looked for in an image."""

from __future__ import annotations

import pytest

from hullproof.lab.leaks import looked_for


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("s3cr3t-token-of-the-index\n", "s3cr3t-token-of-the-index"),
        ("machine pypi.example.org\nlogin ci\npassword correct-horse\n", "correct-horse"),
        ("machine pypi.example.org login ci password correct-horse\n", "correct-horse"),
        ("[global]\nindex-url = https://ci:correct-horse@pypi.example.org/simple\n", "correct-horse"),
        ("//registry.example.org/:_authToken=npm_0123456789\n", "npm_0123456789"),
    ],
)
def test_a_password_is_looked_for_without_what_stands_around_it(content: str, secret: str) -> None:
    """An installer writes it elsewhere in another form."""
    assert secret in looked_for(content.encode())


@pytest.mark.parametrize(
    "content", ["", "short\n", "# a comment that is long enough\n", "[a-section-of-settings]\n"]
)
def test_what_is_found_in_any_image_is_not_looked_for(content: str) -> None:
    """Nor what is no secret."""
    assert looked_for(content.encode()) == ()


def test_a_host_or_an_account_is_no_secret() -> None:
    """The image may name where its packages came from."""
    found = looked_for(b"machine packages.example.org login pipelines password correct-horse\n")
    assert "packages.example.org" not in found
    assert "pipelines" not in found
