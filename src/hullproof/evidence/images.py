"""Which image a name in a registry stands for: one manifest, of one platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hullproof.errors import UsageError
from hullproof.evidence.errors import EvidenceError, RegistryError
from hullproof.evidence.reference import Reference
from hullproof.evidence.registry import INDEXES, MOST_OF_A_MANIFEST, Manifest, Registry, entries
from hullproof.evidence.transport import json_object
from hullproof.report.as_statement import manifest_digest


@dataclass(frozen=True)
class RegistryImage:
    """An image of one platform: its manifest, the digest of its configuration, and of the index that it was named by."""

    reference: Reference
    manifest: Manifest
    config: str
    platform: str | None
    index: str | None = None

    @property
    def digest(self) -> str:
        """The digest of its manifest, `sha256:...`."""
        return self.manifest.digest

    @property
    def name(self) -> str:
        """The image by its repository and the digest of its manifest."""
        return str(self.reference.at(self.digest))

    def is_of(self, report: Mapping[str, Any]) -> bool:
        """Whether a report is about it: by what an engine calls it (either store's id) or by its digest in a registry."""
        image = report["image"]
        known = {self.config, self.digest, self.index}
        digest = manifest_digest(image.get("digest"))
        names = {image["id"], image.get("config_digest"), f"sha256:{digest}" if digest else None} - {None}
        is_its_platform = (
            self.index is None or not image.get("platform") or image["platform"] == self.platform
        )
        return bool(known & names) and is_its_platform


def find(registry: Registry, reference: Reference, platform: str | None = None) -> RegistryImage:
    """Return the image that a reference names. Raises UsageError where that is several, and none is chosen by `platform`."""
    images = {each.platform or "unknown": each for each in of_all_platforms(registry, reference)}
    if platform is not None and platform not in images:
        raise UsageError(f"{reference}: is for {', '.join(images)}, not for {platform}")
    if platform is None and len(images) > 1:
        raise UsageError(
            f"{reference}: is an index of {' and '.join(images)}; choose one by --platform, or name its digest"
        )
    return images[platform] if platform is not None else next(iter(images.values()))


def of_report(registry: Registry, reference: Reference, report: Mapping[str, Any]) -> RegistryImage:
    """Return the image that a report is about, among those that a reference names. Raises EvidenceError where none is."""
    found = list(of_all_platforms(registry, reference))
    for each in found:
        if each.is_of(report):
            return each
    held = ", ".join(each.config for each in found)
    raise EvidenceError(
        f"{reference} is not the image that was proven: the report is about {report['image']['id']}, the registry has "
        f"{held}; push what was proven, or prove what was pushed"
    )


def of_all_platforms(registry: Registry, reference: Reference) -> Iterator[RegistryImage]:
    """Go through the images that a reference names: several for an index of several platforms."""
    named = registry.manifest(reference.what)
    if named.media_type not in INDEXES:
        yield _image(registry, reference, named, None)
        return
    parts = [
        each
        for each in entries(named.json, "manifests")
        if not isinstance(notes := each.get("annotations"), dict) or "vnd.docker.reference.type" not in notes
    ]
    if not parts:
        raise RegistryError(f"{reference}: is an index of no image")
    for each in parts:
        yield _image(registry, reference, registry.manifest(str(each.get("digest"))), named.digest)


def _image(registry: Registry, reference: Reference, manifest: Manifest, index: str | None) -> RegistryImage:
    config = manifest.json.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("digest"), str):
        raise RegistryError(f"{reference}: its manifest has no configuration, so it is no image")
    return RegistryImage(reference, manifest, config["digest"], _platform(registry, config["digest"]), index)


def _platform(registry: Registry, config: str) -> str | None:
    said = json_object(registry.blob(config, most=MOST_OF_A_MANIFEST)) or {}
    parts = [said.get("os"), said.get("architecture"), said.get("variant")]
    return "/".join(str(each) for each in parts if each) or None
