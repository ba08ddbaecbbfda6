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
    """Return the image that a reference names. Raises UsageError where that is several, and `platform` chooses not one."""
    images = {each.digest: each for each in of_all_platforms(registry, reference)}.values()
    held = [each.platform or "unknown" for each in images]
    chosen = [each for each, its in zip(images, held, strict=True) if platform in (None, its)]
    if not chosen:
        raise UsageError(f"{reference}: is for {', '.join(held)}, not for {platform}")
    if len(chosen) > 1:
        how = "name one by its digest" if platform else "choose one by --platform, or name its digest"
        raise UsageError(f"{reference}: is an index of {' and '.join(held)}; {how}")
    return chosen[0]


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
    parts = [each for each in entries(named.json, "manifests") if not _is_of_a_build(each)]
    if not parts:
        raise RegistryError(f"{reference}: is an index of no image")
    for each in parts:
        image = _image(registry, reference, registry.manifest(str(each.get("digest"))), named.digest)
        said = _listed(each)
        if said and image.platform and not f"{image.platform}/".startswith(f"{said}/"):
            raise RegistryError(
                f"{reference}: its index says {said} of an image that is for {image.platform}: do not trust it"
            )
        yield image


def _listed(entry: Mapping[str, Any]) -> str | None:
    """Return what an index says that an image is for, as `linux/arm64`: engines choose by it. None where it does not say."""
    said = entry.get("platform")
    return f"{said.get('os')}/{said.get('architecture')}" if isinstance(said, dict) else None


def _is_of_a_build(entry: Mapping[str, Any]) -> bool:
    """Whether it is what BuildKit says of a build, beside the image: no engine chooses that."""
    notes = entry.get("annotations")
    is_note = isinstance(notes, dict) and "vnd.docker.reference.type" in notes
    return is_note and _listed(entry) in (None, "unknown/unknown")


def _image(registry: Registry, reference: Reference, manifest: Manifest, index: str | None) -> RegistryImage:
    config = manifest.json.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("digest"), str):
        raise RegistryError(f"{reference}: its manifest has no configuration, so it is no image")
    return RegistryImage(reference, manifest, config["digest"], _platform(registry, config["digest"]), index)


def _platform(registry: Registry, config: str) -> str | None:
    said = json_object(registry.blob(config, most=MOST_OF_A_MANIFEST)) or {}
    parts = [said.get("os"), said.get("architecture"), said.get("variant")]
    return "/".join(str(each) for each in parts if each) or None
