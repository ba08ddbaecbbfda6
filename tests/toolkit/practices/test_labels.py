"""labels: against the base's, the commit and the repository."""

from __future__ import annotations

from typing import Any

import pytest

from hullproof.facts import BaseFacts, Checkout
from hullproof.model import Proof

from .by_hand import BROKEN, GOOD, PROVEN, REVISION, UNPROVEN, image, prove

OCI = "org.opencontainers.image."
LABELLED = GOOD.replace(
    "EXPOSE 5000",
    f'ARG REVISION\nLABEL {OCI}revision="$REVISION" {OCI}source="https://github.com/shop/shop"\nEXPOSE 5000',
)


def judged(text: str = LABELLED, **changes: Any) -> Proof:  # noqa: ANN401 - of any type
    """Judge an image with this commit's labels, some of them changed (None: not there)."""
    values = {"revision": REVISION, "source": "https://github.com/shop/shop", **changes.pop("labels", {})}
    labels = {f"{OCI}{name}": value for name, value in values.items() if value is not None}
    return prove("labels", text, image=image(labels=labels), **changes)


def test_labels_of_this_commit_are_proven() -> None:
    """Revision and source are what the checkout says."""
    assert judged().verdict is PROVEN


def test_what_the_base_brought_is_broken() -> None:
    """The image says that it is its base."""
    base = BaseFacts("acme/python:3", 1, labels={f"{OCI}title": "Acme's Python", f"{OCI}vendor": "Acme"})
    proof = judged(base=base, labels={"title": "Acme's Python", "vendor": "Acme"})
    assert proof.verdict is BROKEN
    assert "title, vendor are those of its base acme/python:3" in proof.summary


def test_an_own_label_of_the_same_value_and_the_base_s_name_are_no_inheritance() -> None:
    """What the stage sets is its own, whatever the base has."""
    base = BaseFacts(
        "acme/python:3",
        1,
        labels={f"{OCI}base.name": "debian", f"{OCI}source": "https://github.com/shop/shop"},
    )
    assert judged(base=base, labels={"base.name": "debian"}).verdict is PROVEN


@pytest.mark.parametrize("said", ["f" * 40, "v1.2.3", "main"])
def test_another_commit_or_none_is_broken(said: str) -> None:
    """A revision that is written down is another's after the next commit."""
    assert judged(labels={"revision": said}).verdict is BROKEN


def test_no_revision_is_broken() -> None:
    """A label that nobody set."""
    assert judged(labels={"revision": None}).verdict is BROKEN


def test_a_revision_that_was_not_handed_in_is_unproven() -> None:
    """The build of the release may well hand it in; the fix says how to show that."""
    proof = judged(labels={"revision": ""})
    assert proof.verdict is UNPROVEN
    assert proof.remedy is not None
    assert "--build-arg REVISION=" in proof.remedy


@pytest.mark.parametrize("said", [REVISION[:12], f"{REVISION}-dirty"])
def test_the_beginning_of_a_commit_s_id_names_it(said: str) -> None:
    """And so does an id with changes beside it."""
    dirty = Checkout(f"{REVISION}-dirty", "", ("https://github.com/shop/shop",))
    assert judged(labels={"revision": said}, checkout=dirty).verdict is PROVEN


def test_without_a_repository_it_cannot_be_compared() -> None:
    """Unknown is not good."""
    assert judged(checkout=Checkout()).verdict is UNPROVEN


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:shop/shop.git",
        "ssh://git@github.com/shop/shop",
        "ssh://git@github.com:2222/shop/shop.git",
        "https://GitHub.com/shop/shop/",
    ],
)
def test_a_repository_has_several_addresses(remote: str) -> None:
    """Over SSH or HTTPS, with .git or without."""
    assert judged(checkout=Checkout(REVISION, "", (remote,))).verdict is PROVEN


def test_another_repository_is_broken() -> None:
    """A fork, or the template that the project was made from."""
    assert judged(labels={"source": "https://github.com/acme/template"}).verdict is BROKEN
