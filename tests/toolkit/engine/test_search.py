"""Searching what an engine saves: layers packed or not, names of files, and documents."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from collections.abc import Callable

import pytest

from hullproof.engine.search import Found, search_archive
from hullproof.errors import Unobservable

from ..boots import archive

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

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
    assert found(layer=zstd.compress(layer)) == expected


def test_names_and_the_targets_of_links_are_searched() -> None:
    """A file may be named after a secret, and a name need not be text."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as layer:
        layer.addfile(tarfile.TarInfo("etc/canary"))
        link = tarfile.TarInfo("etc/link\udcff")
        link.type, link.linkname = tarfile.SYMTYPE, "/run/canary"
        layer.addfile(link)
    assert found(layer=out.getvalue()) == {Found("token", "/etc/canary"), Found("token", "/etc/link\\xff")}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_nothing_is_said_of_what_cannot_all_be_read(pack: Callable[[bytes], bytes]) -> None:
    """A damaged header, or the word of an engine that broke off, is not the archive's end."""
    layer = bytearray(archive({"first": b"x", "second": b"canary"}))
    layer[1024 + 148 : 1024 + 156] = b"\xff" * 8  # the second header's checksum
    with pytest.raises(Unobservable, match="damaged header"):
        found(layer=pack(bytes(layer)))
    broken_off = archive({"first": b"x"})[:1024] + b'{"errorDetail":{"message":"no"}}'.ljust(512, b"\0")
    with pytest.raises(Unobservable, match="broke off"):
        search_archive(io.BytesIO(broken_off), NEEDLES)


def test_a_layer_that_is_cut_short_is_not_searched() -> None:
    """Its packing has no end."""
    whole = gzip.compress(archive({"large": bytes(range(256)) * 4096}))
    with pytest.raises(Unobservable):
        found(layer=whole[: len(whole) // 2])


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
