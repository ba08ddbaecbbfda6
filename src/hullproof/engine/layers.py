"""All files of an image, layer by layer, from one pass over the archive that the engine saves.

A container's file system shows the last layer only; what an earlier layer holds is shipped all the same, so
it is read where it is. `archive` reads what is there; here it is put in order, as the archive's manifest
tells, in Docker's words or in those of https://github.com/opencontainers/image-spec/blob/main/manifest.md.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import tarfile
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, cast

from requests.exceptions import ReadTimeout, RequestException
from urllib3.exceptions import HTTPError, ReadTimeoutError

from hullproof.engine.archive import MOST_HASHED, Archive, LayerContents, tells_of_system, unpack
from hullproof.engine.model.image import FileEntry, FileFacts, Layer
from hullproof.errors import DeadlineError, EngineError, Unobservable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hullproof.engine.connection import Engine

# The engine gathers the whole archive on its disk before it sends the first byte.
_SAVE_TIMEOUT_S = 600


class NoImageError(EngineError):
    """The engine does not have the image."""

    def __init__(self, image_id: str) -> None:
        """Say so in one line."""
        super().__init__(f"image {image_id} is not in the engine: build it again, or pull it")


def read_files(
    engine: Engine, image_id: str, *, base_diff_ids: Sequence[str], most_hashed: int = MOST_HASHED
) -> FileFacts:
    """Read all files of an image in one pass. Own files are hashed up to so many bytes each.

    `image_id` is as `ImageFacts.id`. `base_diff_ids`: the layers of its base. Those that the image starts with count as
    the base's; with none, all layers are the project's own. Raises EngineError when the image is not there or the engine goes away,
    Unobservable when what it sends cannot be read.
    """
    with saved(engine, image_id) as file:
        return read_archive(file, base_diff_ids=base_diff_ids, image_id=image_id, most_hashed=most_hashed)


@contextmanager
def saved(engine: Engine, image_id: str) -> Iterator[IO[bytes]]:
    """Yield an image as the engine saves it: an archive that is read as it comes.

    Raises EngineError when the image is not there or the engine goes away meanwhile.
    """
    api = engine.client.api
    url = f"{api.base_url}/v{api.api_version}/images/{image_id}/get"
    try:
        with closing(api.get(url, stream=True, timeout=_SAVE_TIMEOUT_S)) as response:
            if response.status_code == 404:  # noqa: PLR2004 - as HTTP has it
                raise NoImageError(image_id)
            if response.status_code >= 400:  # noqa: PLR2004 - the same
                said = " ".join(response.text.split())[:200]
                raise EngineError(f"the engine would not save image {image_id}: {said}")
            yield cast("IO[bytes]", response.raw)
    except (ReadTimeout, ReadTimeoutError) as error:
        raise DeadlineError(
            f"the engine sent nothing of image {image_id} for {_SAVE_TIMEOUT_S} s: see whether it still answers"
        ) from error
    except (RequestException, HTTPError, OSError) as error:
        seen = " ".join(str(error).split())[:200]
        raise EngineError(f"the engine went away while it sent image {image_id} ({seen})") from error


def read_archive(
    file: IO[bytes], *, base_diff_ids: Sequence[str], image_id: str = "", most_hashed: int = MOST_HASHED
) -> FileFacts:
    """Read all files from an archive as `docker save` writes it, in either layout; `file` is only read from.

    The manifest is the image's where the engine knows the image, by `image_id`, as that manifest or as an index of it: an
    engine that keeps none writes one for the archive alone. Raises Unobservable when it is no such archive, or only a part of one.
    """
    try:
        return _facts(
            unpack(file, base_diff_ids=frozenset(base_diff_ids), most_hashed=most_hashed),
            base_diff_ids,
            image_id,
        )
    except (tarfile.TarError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = str(error) if isinstance(error, tarfile.TarError) else f"{type(error).__name__}: {error}"
        raise Unobservable(f"the image's files could not be read: {reason}") from error


def base_layers(diff_ids: Sequence[str], base_diff_ids: Sequence[str]) -> int:
    """Count the layers that an image has from its base: as many as both start with."""
    count = 0
    for own, base in zip(diff_ids, base_diff_ids, strict=False):
        if own != base:
            break
        count += 1
    return count


def _facts(archive: Archive, base_diff_ids: Sequence[str], image_id: str) -> FileFacts:
    """Put the layers in their order, now that all has been seen."""
    config_name, names = _manifest(archive)
    config = _document(archive, config_name)
    diff_ids = [str(diff_id) for diff_id in config.get("rootfs", {}).get("diff_ids") or ()]
    if len(diff_ids) != len(names):
        raise tarfile.ReadError(f"it names {len(names)} layers, the image's configuration {len(diff_ids)}")
    of_base = base_layers(diff_ids, base_diff_ids)
    makers = [entry for entry in config.get("history") or () if not entry.get("empty_layer")]
    history = [str(entry.get("created_by", "")) for entry in makers]
    if len(history) != len(diff_ids):
        history = [""] * len(diff_ids)
    layers: list[Layer] = []
    seen: list[dict[str, FileEntry]] = []
    for at, (diff_id, name) in enumerate(zip(diff_ids, names, strict=True)):
        contents = _layer(archive, name)
        seen.append(_linked(contents, seen))
        entries = tuple(seen[-1].values())
        layers.append(
            Layer(
                diff_id=diff_id,
                from_base=at < of_base,
                entries=_unhashed(entries) if at < of_base else entries,
                created_by=history[at],
                removed=tuple(contents.removed),
                texts=_of_system(contents.texts) if at < of_base else contents.texts,
                size_bytes=contents.size_bytes,
            )
        )
    config_digest = _digest(archive.documents[config_name])
    return FileFacts(tuple(layers), config_digest, _kept_manifest(archive, image_id, config_digest))


def _layer(archive: Archive, name: str) -> LayerContents:
    name = archive.aliases.get(name, name)
    if name in archive.unreadable:
        raise tarfile.ReadError(archive.unreadable[name])
    if name not in archive.layers:
        raise tarfile.ReadError(f"layer {name} is missing")
    return archive.layers[name]


def _linked(contents: LayerContents, lower: Sequence[dict[str, FileEntry]]) -> dict[str, FileEntry]:
    """Return a layer's entries with each hard link shown as the file that it links to."""
    entries = dict(contents.entries)
    for path, target in contents.links.items():
        for candidates in (entries, *reversed(lower)):
            if target in candidates and target != path:
                entries[path] = replace(candidates[target], path=path)
                break
    return entries


def _of_system(texts: dict[str, str]) -> dict[str, str]:
    """Keep what is read of the base, too: the same as `_unhashed` does for entries."""
    return {path: text for path, text in texts.items() if tells_of_system(path)}


def _unhashed(entries: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    """Forget what is told of own layers only: where a name did not tell whose a layer is, it was read in full."""
    if all(entry.sha256 is None for entry in entries):
        return entries
    return tuple(replace(entry, sha256=None, holds=None) for entry in entries)


# --- the manifest ----------------------------------------------------------------------------------


def _manifest(archive: Archive) -> tuple[str, list[str]]:
    """Return the names of the image's configuration and of its layers, lowest first."""
    if "manifest.json" in archive.documents:
        manifest = _document(archive, "manifest.json")[0]
        names = [posixpath.normpath(str(name)) for name in manifest.get("Layers") or ()]
        return posixpath.normpath(str(manifest["Config"])), names
    if "index.json" in archive.documents:
        there = {*archive.layers, *archive.unreadable, *archive.aliases}
        for _, manifest in _oci_manifests(archive, _document(archive, "index.json")["manifests"]):
            config, names = _blob(manifest["config"]), [_blob(part) for part in manifest["layers"]]
            if config in archive.documents and there.issuperset(names):
                return config, names
    raise tarfile.ReadError("it has no manifest")


def _kept_manifest(archive: Archive, image_id: str, config_digest: str) -> str | None:
    """Return the digest of the manifest with this configuration that the id leads to; None where it leads to none."""
    index = _document(archive, "index.json") if "index.json" in archive.documents else {}
    parts = [part for part in index.get("manifests") or () if part["digest"] == image_id]
    return next(
        (
            digest
            for digest, manifest in _oci_manifests(archive, parts)
            if manifest["config"]["digest"] == config_digest
        ),
        None,
    )


def _oci_manifests(
    archive: Archive, parts: Sequence[dict[str, Any]], depth: int = 0
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through an index's image manifests, with their digests; it may hold further indexes, and notes on its images."""
    for part in parts:
        is_note = "vnd.docker.reference.type" in (part.get("annotations") or {})
        is_here = _blob(part) in archive.documents
        document = _document(archive, _blob(part)) if is_here and not is_note else {}
        if "layers" in document:
            yield _digest(archive.documents[_blob(part)]), document
        elif depth < 4:  # noqa: PLR2004 - one or two are usual; it ends for any input
            yield from _oci_manifests(archive, document.get("manifests") or (), depth + 1)


def _document(archive: Archive, name: str) -> Any:  # noqa: ANN401 - JSON
    if name not in archive.documents:
        raise tarfile.ReadError(f"{name} is missing")
    return json.loads(archive.documents[name])


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blob(descriptor: dict[str, Any]) -> str:
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")
