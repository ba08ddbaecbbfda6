"""Attaches signed statements to an image in its registry, as cosign 3 does: each a Sigstore bundle that refers to the manifest.

https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md; where a registry does not keep referrers itself, the tag stands in
that https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema describes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hullproof.evidence.envelope import BUNDLE, ENVELOPE
from hullproof.evidence.errors import NotThereError, RegistryError
from hullproof.evidence.images import RegistryImage
from hullproof.evidence.registry import OCI_INDEX, OCI_MANIFEST, Manifest, Registry, entries, fallback_tag

_NOTHING = b"{}"
_TRIES = 5


def attach(
    registry: Registry, image: RegistryImage, bundles: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[str]:
    """Attach bundles, each with its predicate's type; return the digests of the manifests that hold them.

    Raises RegistryError where the registry refuses, or does not have them afterwards.
    """
    nothing = {"mediaType": "application/vnd.oci.empty.v1+json", **registry.push_blob(_NOTHING)}
    pushed = []
    keeps = True
    for type_, bundle in bundles:
        layer = {"mediaType": BUNDLE, **registry.push_blob(json.dumps(bundle).encode())}
        annotations = {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": type_,
        }
        made, keeps_it = registry.push_manifest(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": BUNDLE,
                "config": nothing,
                "layers": [layer],
                "subject": image.manifest.descriptor,
                "annotations": annotations,
            }
        )
        keeps = keeps and keeps_it
        pushed.append({**made.descriptor, "artifactType": BUNDLE, "annotations": annotations})
    if not keeps:
        _list(registry, fallback_tag(image.digest), pushed)
    return [each["digest"] for each in pushed]


def _list(registry: Registry, tag: str, pushed: Sequence[dict[str, Any]]) -> None:
    """Write what was pushed into the index under a tag, and look: who writes at the same time may have overwritten it."""
    wanted = {each["digest"] for each in pushed}
    for _ in range(_TRIES):
        try:
            there = entries(registry.manifest(tag).json, "manifests")
        except NotThereError:
            there = []
        missing = [each for each in pushed if each["digest"] not in {entry.get("digest") for entry in there}]
        if not missing:
            return
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*there, *missing]}
        registry.push_manifest(index, tag)
    names = ", ".join(sorted(wanted))
    raise RegistryError(
        f"registry {registry.host} does not keep what is written to {tag} ({names}): try again"
    )


def attach_as_cosign_2(
    registry: Registry, image: RegistryImage, envelopes: Sequence[tuple[str, Mapping[str, Any]]]
) -> Manifest:
    """Add envelopes, each with its predicate's type, to the manifest under the tag where cosign before 3 looks for them."""
    tag = f"{fallback_tag(image.digest)}.att"
    try:
        layers = entries(registry.manifest(tag).json, "layers")
    except NotThereError:
        layers = []
    for type_, envelope in envelopes:
        pushed = registry.push_blob(json.dumps(envelope).encode())
        annotations = {"dev.cosignproject.cosign/signature": "", "predicateType": type_}
        layers.append({"mediaType": ENVELOPE, **pushed, "annotations": annotations})
    config = {
        "architecture": "",
        "os": "",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in layers]},
    }
    described = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        **registry.push_blob(json.dumps(config).encode()),
    }
    made, _ = registry.push_manifest(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": layers}, tag
    )
    return made
