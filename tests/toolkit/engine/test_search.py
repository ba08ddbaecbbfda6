"""Searching what an engine saves: layers packed or not, names of files, and documents."""

from __future__ import annotations

import gzip
import io
import json

from hullproof.engine.search import Found, search_archive

from ..boots import archive

NEEDLES = {"token": (b"canary", b"63616e617279"), "other": (b"nowhere",)}


def found(**parts: bytes) -> frozenset[Found]:
    """Search an archive with these parts."""
    return search_archive(io.BytesIO(archive(parts)), NEEDLES)


def test_files_of_layers_are_searched_packed_or_not() -> None:
    """In each form that is looked for."""
    layer = archive({"etc/plain": b"a canary here", "etc/hex": b"63616e617279", "etc/none": b"nothing"})
    expected = {Found("token", "/etc/plain"), Found("token", "/etc/hex")}
    assert found(layer=layer) == expected
    assert found(layer=gzip.compress(layer)) == expected


def test_documents_have_no_path() -> None:
    """The configuration, the history, the provenance."""
    assert found(config=json.dumps({"Env": ["TOKEN=canary"]}).encode()) == {Found("token", None)}


def test_what_lies_across_two_reads_is_found() -> None:
    """A file is read in pieces."""
    content = b"x" * ((1 << 20) - 3) + b"canary" + b"x" * (1 << 20)
    assert found(layer=archive({"large": content})) == {Found("token", "/large")}


def test_nothing_is_found_where_nothing_is() -> None:
    """An empty layer, an empty archive."""
    assert found(layer=archive({})) == found() == frozenset()
