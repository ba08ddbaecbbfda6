"""Reading an image's archive, from hand-made ones in both layouts, whole, odd and broken."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from hullproof.engine.layers import read_archive
from hullproof.facts import FileFacts, Unobservable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"


def member(name: str, content: bytes | None = None, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:  # noqa: ANN401 - TarInfo's
    """Make a member of a tar: a directory, unless it has content or a type."""
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    if content is None and "type" not in fields:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    for key, value in fields.items():
        setattr(info, key, value)
    info.size = len(content or b"")
    return info, content or b""


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Pack members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def digest(data: bytes) -> str:
    """Return the hash that names a blob."""
    return hashlib.sha256(data).hexdigest()


def config(layers: Sequence[bytes]) -> bytes:
    """Return an image configuration for these layers."""
    history = [{"created_by": "FROM"}, {"created_by": "ENV A=b", "empty_layer": True}]
    history += [{"created_by": f"RUN {at}"} for at in range(1, len(layers))]
    ids = [f"sha256:{digest(layer)}" for layer in layers]
    return json.dumps({"rootfs": {"diff_ids": ids}, "history": history}).encode()


def legacy(layers: Sequence[bytes]) -> bytes:
    """Write the archive as Docker did before version 25, with a layer that occurs twice as a link."""
    parts, names, seen = [], [], dict[bytes, str]()
    for at, layer in enumerate(layers):
        names.append(f"id{at}/layer.tar")
        if layer in seen:
            parts.append(member(names[-1], type=tarfile.SYMTYPE, linkname=f"../{seen[layer]}"))
        else:
            parts += [member(f"id{at}"), member(names[-1], layer), member(f"id{at}/json", b'{"id": "x"}')]
            seen[layer] = names[-1]
    manifest = json.dumps([{"Config": "c.json", "Layers": names}]).encode()
    return tar(*parts, member("c.json", config(layers)), member("manifest.json", manifest))


def oci(
    layers: Sequence[bytes],
    pack: Callable[[bytes], bytes] = bytes,
    *,
    docker: bool = True,
    first: bool = False,
) -> bytes:
    """Write the archive as OCI lays it out, with or without Docker's own manifest, at its start or end."""
    blobs = [pack(layer) for layer in layers]
    about = config(layers)
    manifest = json.dumps({"config": ref(about), "layers": [ref(blob) for blob in blobs]}).encode()
    note = json.dumps({"config": ref(b"{}"), "layers": [ref(b"{}")]}).encode()
    of_note = {**ref(note), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    inner = json.dumps({"manifests": [of_note, ref(b"not here"), ref(manifest)]}).encode()
    documents = [member("index.json", json.dumps({"manifests": [ref(inner)]}).encode())]
    if docker:
        listed = {"Config": blob_name(about), "Layers": [blob_name(blob) for blob in blobs]}
        documents.append(member("manifest.json", json.dumps([listed]).encode()))
    unique = sorted({*blobs, about, manifest, note, inner, b"{}"}, key=digest)
    contents = [member(blob_name(blob), blob) for blob in unique]
    return tar(*(documents + contents if first else contents + documents))


def blob_name(blob: bytes) -> str:
    """Return where OCI puts a blob."""
    return f"blobs/sha256/{digest(blob)}"


def ref(blob: bytes) -> dict[str, Any]:
    """Return a descriptor of a blob."""
    return {"digest": f"sha256:{digest(blob)}", "size": len(blob)}


class Trickle(io.BytesIO):
    """A file that gives a few bytes at a time, as a connection does."""

    step = 700

    def read(self, size: int | None = -1) -> bytes:
        """Return less than was asked for."""
        return super().read(self.step if size is None or size < 0 else min(size, self.step))


def read(data: bytes, base: Sequence[bytes] = (), step: int = 700) -> FileFacts:
    """Read an archive that comes `step` bytes at a time."""
    file = Trickle(data)
    file.step = step
    return read_archive(file, base_diff_ids=[f"sha256:{digest(layer)}" for layer in base])


def one(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> FileFacts:
    """Read an image of one layer with these members."""
    return read(oci([tar(*members, form=form)]))


BASE = tar(
    member("./"),
    member("./etc/passwd", b"root:x:0:0\n"),
    member("./etc/sudoers.d/x", b"ALL"),
    member("./bin/sh", b"#!", mode=0o4755),
)
OWN = tar(member("app"), member("app/run.py", b"print(1)", uid=1000, gid=1000), member("app/key", KEY))
GONE = tar(
    member("app"),
    member("app/.wh.key", b""),
    member("etc/.wh..wh..opq", b""),
    member("etc/.wh..wh.aufs", b""),
)
EMPTY = b"\0" * 1024
NAMED = tar(member("first", b"x"), member("sécond.txt", b"x"))
LONG = tar(member("first", b"x"), member("name", b"x" * (17 << 20), type=tarfile.GNUTYPE_LONGNAME))


@pytest.mark.parametrize("step", [37, 512, 700, 1 << 20])
@pytest.mark.parametrize(
    "pack",
    [
        legacy,
        oci,
        lambda layers: oci(layers, docker=False),
        lambda layers: oci(layers, first=True),
        lambda layers: oci(layers, gzip.compress),
        lambda layers: oci(layers, lambda blob: gzip.compress(blob[:100]) + gzip.compress(blob[100:])),
    ],
    ids=["legacy", "oci", "oci-only", "manifest-first", "gzip", "gzip-in-parts"],
)
def test_every_layout_tells_the_same(pack: Callable[[Sequence[bytes]], bytes], step: int) -> None:
    """Whatever the layout, the order, the compression and the size of the chunks, the facts are equal."""
    layers = [BASE, OWN, EMPTY, GONE, EMPTY]
    facts = read(pack(layers), [BASE], step)
    assert [layer.from_base for layer in facts.layers] == [True, False, False, False, False]
    assert [layer.created_by for layer in facts.layers] == ["FROM", "RUN 1", "RUN 2", "RUN 3", "RUN 4"]
    assert [layer.diff_id for layer in facts.layers] == [f"sha256:{digest(layer)}" for layer in layers]
    base, own, empty, gone, _ = facts.layers
    assert base.texts == {"/etc/passwd": "root:x:0:0\n", "/etc/sudoers.d/x": "ALL"}
    assert {entry.path: (entry.mode, entry.sha256, entry.holds) for entry in base.entries} == {
        "/": (0o755, None, None),
        "/etc/passwd": (0o644, None, None),
        "/etc/sudoers.d/x": (0o644, None, None),
        "/bin/sh": (0o4755, None, None),
    }
    assert [(entry.path, entry.uid, entry.holds) for entry in own.entries] == [
        ("/app", 0, None),
        ("/app/run.py", 1000, None),
        ("/app/key", 0, "private key"),
    ]
    assert own.entries[1].sha256 == digest(b"print(1)")
    assert own.texts["/app/run.py"] == "print(1)"
    assert empty.entries == ()
    assert gone.removed == ("/app/key", "/etc/")
    assert set(facts.final) == {"/", "/bin/sh", "/app", "/app/run.py"}
    assert facts.text("/etc/passwd") is None


def test_hard_links_show_as_the_file_that_they_link_to() -> None:
    """Mode, owner, size and content are the target's, in the same layer or in a lower one."""
    info: dict[str, Any] = {"type": tarfile.LNKTYPE}
    first = tar(
        member("./a", b"abc", uid=7, mode=0o4755),
        member("./b", **info, linkname="./a", mode=0o600),
        member("./lost", **info, linkname="nowhere"),
    )
    facts = read(oci([first, tar(member("c", **info, linkname="a"))]))
    a, b, c = (facts.final[path] for path in ("/a", "/b", "/c"))
    assert (b.kind, b.uid, b.mode, b.size, b.sha256) == ("file", 7, 0o4755, 3, digest(b"abc"))
    assert (c.uid, c.size, c.sha256) == (a.uid, a.size, a.sha256)
    assert facts.final["/lost"].kind == "file"


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_big_numbers(form: int) -> None:
    """Names beyond 100 bytes and owners beyond seven octal digits are read in either dialect."""
    deep = "/".join(["directory"] * 30) + "/file.py"
    link: dict[str, Any] = {"type": tarfile.SYMTYPE, "linkname": "/" + deep}
    facts = one(
        member(deep, b"x", uid=3_000_000_000), member("link", **link), member("after", b"y"), form=form
    )
    assert facts.final[f"/{deep}"].uid == 3_000_000_000
    assert facts.final["/link"].target == f"/{deep}"
    assert facts.final["/after"].sha256 == digest(b"y")


def test_a_name_split_by_ustar() -> None:
    """The oldest way to write a longer name: a prefix in a field of its own."""
    deep = "a" * 90 + "/" + "b" * 60
    assert f"/{deep}" in one(member(deep, b"x"), form=tarfile.USTAR_FORMAT).final


def test_names_that_are_no_text() -> None:
    """Bytes that are no UTF-8 are shown escaped: distinct, printable, storable."""
    names = ["caf\udce9", "caf\udcea", "Müller", "a\nb"]
    facts = one(*(member(name, b"x") for name in names), form=tarfile.GNU_FORMAT)
    assert set(facts.final) == {"/caf\\xe9", "/caf\\xea", "/Müller", "/a\nb"}
    json.dumps([*facts.final]).encode()


def test_names_that_try_to_climb_out() -> None:
    """Nothing is unpacked, yet a path in the facts is always one inside the image."""
    facts = one(member("../../etc/shadow", b"x"), member("/abs//x/./y", b"x"), member(".hidden", b"x"))
    assert set(facts.final) == {"/etc/shadow", "/abs/x/y", "/.hidden"}


def test_capabilities_are_told() -> None:
    """An extended attribute marks the file that carries it and no later one."""
    pax = {"SCHILY.xattr.security.capability": "\1\0\0\2"}
    facts = one(member("ping", b"x", pax_headers=pax), member("plain", b"x"))
    assert [entry.capabilities for entry in facts.layers[0].entries] == [True, False]


def test_kinds() -> None:
    """Devices, pipes and links are told apart; only files have a size."""
    types = {"c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE, "p": tarfile.FIFOTYPE, "s": tarfile.SYMTYPE}
    facts = one(*(member(name, type=kind, linkname="x") for name, kind in types.items()), member("f", b"x"))
    assert {path: entry.kind for path, entry in facts.final.items()} == {
        "/c": "device",
        "/b": "device",
        "/p": "fifo",
        "/s": "symlink",
        "/f": "file",
    }
    assert [entry.target for entry in facts.final.values()] == ["", "", "", "x", ""]


def test_large_files_are_not_hashed() -> None:
    """One MiB is read, more is passed by, and what follows is read right."""
    facts = one(
        member("most", b"\0" * (1 << 20)), member("more", b"\0" * ((1 << 20) + 1)), member("end", b"x")
    )
    assert [entry.sha256 is None for entry in facts.layers[0].entries] == [False, True, False]
    assert facts.final["/more"].size == (1 << 20) + 1


def test_sparse_files_are_what_a_container_reads() -> None:
    """Holes are left out of the archive, and belong to the file's size and content all the same."""
    pax = {"GNU.sparse.size": "10", "GNU.sparse.map": "4,3"}
    facts = one(member("sparse", b"abc", pax_headers=pax), member("after", b"x"))
    assert facts.final["/sparse"].size == 10
    assert facts.final["/sparse"].sha256 == digest(b"\0" * 4 + b"abc" + b"\0" * 3)
    assert facts.final["/after"].sha256 == digest(b"x")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (KEY, True),
        (KEY.replace(b"\n", b"\r\n"), True),
        (b"-----BEGIN PRIVATE KEY-----\n", True),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nfake\n", True),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", True),
        (b"PuTTY-User-Key-File-2: ssh-rsa\n", True),
        (b'{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B"}', True),
        (b'KEY="' + KEY + b'"', True),
        (b"\x7fELF\0\0\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n\0", False),
        (b'_START = b"-----BEGIN OPENSSH PRIVATE KEY-----"\n', False),
        (b"-----BEGIN PUBLIC KEY-----\nMIIB\n", False),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", False),
        (b"", False),
    ],
)
def test_private_keys(content: bytes, expected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A key is told from the source of a program that looks for keys."""
    assert one(member("x", content)).final["/x"].holds == ("private key" if expected else None)


def test_all_layers_are_own_without_a_base() -> None:
    """FROM scratch, and squashed images: nothing of them is anybody else's."""
    facts = read(oci([BASE]))
    assert facts.added_layers == facts.layers
    assert facts.final["/bin/sh"].sha256 == digest(b"#!")
    assert read(oci([])).final == {}
    assert read(oci([BASE]), [BASE]).added_layers == ()


def test_base_layers_count_as_far_as_both_agree() -> None:
    """An image that was built on another state of its base shares its lower layers only."""
    assert [layer.from_base for layer in read(oci([BASE, OWN]), [BASE, GONE]).layers] == [True, False]
    assert [layer.from_base for layer in read(oci([OWN, BASE]), [BASE]).layers] == [False, False]


@pytest.mark.parametrize("layout", [legacy, lambda layers: oci(layers, docker=False)], ids=["legacy", "oci"])
def test_a_part_of_an_archive_is_no_archive(layout: Callable[[Sequence[bytes]], bytes]) -> None:
    """Wherever it breaks off, that is said, and nothing half-read is taken for the whole."""
    archive = layout([BASE, OWN])
    for size in range(0, len(archive.rstrip(b"\0")), 512):
        with pytest.raises(Unobservable, match="could not be read"):
            read(archive[:size])
        with pytest.raises(Unobservable, match="could not be read"):
            read(archive[: size + 100])


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"", "empty file"),
        (tar(), "no manifest"),
        (b"garbage" * 500, "damaged header"),
        (b'{"errorDetail":{"message":"disk full"}}', "disk full"),
        (oci([OWN])[:1024] + b'{"errorDetail":{"message":"disk full"}}\r\n', "disk full"),
        (tar(member("manifest.json", b"[]")), "IndexError"),
        (tar(member("manifest.json", b"{")), "JSONDecodeError"),
        (tar(member("manifest.json", b'[{"Config": "x", "Layers": []}]')), "x is missing"),
        (oci([BASE], lambda blob: gzip.compress(blob)[:-9]), "ended before"),
        (oci([BASE], lambda blob: gzip.compress(blob)[:30] + b"\xff" * 40), "decompressing"),
        (oci([OWN], lambda blob: blob[:-200]), None),
        (oci([OWN], lambda blob: gzip.compress(blob)[:-6] + b"\0" * 6), "CRC"),
        (oci([OWN], lambda blob: b"\x1f\x8b\x09" + blob), "compression method"),
        (oci([OWN], lambda blob: blob[:700]), "truncated header"),
        (oci([OWN], lambda blob: blob[:1030]), "end of data"),
        (oci([OWN], lambda blob: blob[:512] + b"x" + blob[513:]), "damaged header"),
        (oci([NAMED], lambda blob: blob.replace(b"20 path=", b"00 path=")), "damaged header|bad checksum"),
        (oci([LONG]), "header of more than 16 MiB"),
    ],
)
def test_broken_archives(archive: bytes, reason: str | None) -> None:
    """A damaged archive is unobservable, with the reason, and never an empty image."""
    if reason is None:  # only padding is cut off
        assert read(archive).final
        return
    with pytest.raises(Unobservable, match=reason):
        read(archive)


def test_layers_may_be_compressed_with_zstd() -> None:
    """Whatever Python reads them, in one frame or several; half a frame is no layer."""
    assert "/app/run.py" in read(oci([OWN], zstd.compress)).final
    parts = oci([OWN], lambda blob: zstd.compress(blob[:100]) + zstd.compress(blob[100:]))
    assert "/app/run.py" in read(parts).final
    for damaged in (lambda blob: zstd.compress(blob)[:-5], lambda _: b"\x28\xb5\x2f\xfd" + b"x" * 600):
        with pytest.raises(Unobservable):
            read(oci([OWN], damaged))


def test_small_texts_of_the_application_are_kept_and_nothing_of_the_packages() -> None:
    """What may hold a secret of the project's; libraries, system files, binaries and large files may be many."""
    names = {
        "app/settings.toml": b"a = 1",
        "etc/pip.conf": b"[global]",
        "root/.netrc": b"machine a",
        "usr/local/etc/app.ini": b"[a]",
        "app/logo.png": b"\x89PNG\0\0",
        "app/words.txt": b"x" * 70_000,
        "venv/lib/python3.11/site-packages/flask/app.py": b"x = 1",
        "usr/lib/libx.txt": b"x",
        "etc/ssl/openssl.cnf": b"[req]",
        "usr/local/bin/start.sh": b"#!/bin/sh\r\n",
        "usr/bin/notes": b"no program",
    }
    own = tar(*(member(name, content) for name, content in names.items()))
    kept = read(oci([BASE, own]), [BASE], 1 << 20).layers[1].texts
    own_texts = {"/app/settings.toml", "/etc/pip.conf", "/root/.netrc", "/usr/local/etc/app.ini"}
    assert set(kept) == {*own_texts, "/usr/local/bin/start.sh"}
