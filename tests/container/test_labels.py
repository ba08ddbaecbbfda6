"""OCI labels: what `docker inspect` and registries show of the image.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

OCI = "org.opencontainers.image."


def test_it_says_what_it_is(config: dict[str, Any]) -> None:
    """Title, description and licence are the image's own and always there."""
    labels = config["Labels"]
    assert labels[f"{OCI}title"] == "release board"
    assert labels[f"{OCI}description"]
    assert labels[f"{OCI}licenses"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("source", r"https?://\S+"),
        ("revision", r"[0-9a-f]{40}([0-9a-f]{24})?"),
        ("version", r"\S+"),
        ("created", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    ],
)
def test_it_says_where_it_comes_from(config: dict[str, Any], name: str, form: str) -> None:
    """Each label is there; it is well formed, or empty where the build did not know (a folder that is no checkout)."""
    value = config["Labels"][OCI + name]
    assert value == "" or re.fullmatch(form, value), value


def test_created_is_a_moment(config: dict[str, Any]) -> None:
    """RFC 3339, as the specification wants it."""
    created = config["Labels"][f"{OCI}created"]
    if not created:
        pytest.skip("the build did not say when")
    assert datetime.fromisoformat(created.replace("Z", "+00:00")).tzinfo
