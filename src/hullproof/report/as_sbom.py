"""What the image is made of, as a bill of materials: CycloneDX 1.6 (https://cyclonedx.org), by its own library."""

from __future__ import annotations

import json
from datetime import timezone
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from hullproof.errors import UsageError
from hullproof.model import Component, ImageInfo, Report
from hullproof.report.as_statement import manifest_digest
from hullproof.text import clean, json_text

if TYPE_CHECKING:
    from cyclonedx.model.component import Component as CycloneDX

_LONGEST = 200


def require_library() -> None:
    """Raise UsageError where the library is not installed: an extra."""
    try:
        import cyclonedx.model.bom  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError("a bill of materials needs an extra: pip install 'hullproof[sbom]'") from error


def render(report: Report) -> str:
    """Return the bill of materials of a report's image, the same for the same image.

    Raises UsageError where there is none, where it would not be whole, and without the library, which is an extra.
    """
    if report.image is None:
        raise UsageError("there is no bill of materials without an image, and the build failed")
    if report.components.unknown:
        raise UsageError(f"there is no whole bill of materials: {report.components.unknown}")
    require_library()
    from cyclonedx.model.bom import Bom  # noqa: PLC0415 - an extra
    from cyclonedx.model.component import Component as Part  # noqa: PLC0415 - the same
    from cyclonedx.model.component import ComponentType  # noqa: PLC0415 - the same
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415 - the same

    image = report.image
    name = clean(report.project.name, _LONGEST)
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{name} {image.config_digest or image.id}"))
    bom.metadata.timestamp = report.started_at.astimezone(timezone.utc).replace(microsecond=0)
    tool = Part(name="hullproof", type=ComponentType.APPLICATION, version=report.hullproof_version)
    bom.metadata.tools.components.add(tool)
    root = _image(image, name)
    bom.metadata.component = root
    parts = _parts(report.components.all)
    bom.components.update(parts)
    bom.register_dependency(root, parts)
    return json_text(json.loads(JsonV1Dot6(bom).output_as_string()))


def _image(image: ImageInfo, name: str) -> CycloneDX:
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415 - an extra
    from cyclonedx.model.component import Component as Part  # noqa: PLC0415 - the same
    from cyclonedx.model.component import ComponentType  # noqa: PLC0415 - the same

    digest = manifest_digest(image.digest)
    return Part(
        name=name,
        type=ComponentType.CONTAINER,
        version=f"sha256:{digest}" if digest else clean(image.id),
        bom_ref="image",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else None,
    )


def _parts(components: tuple[Component, ...]) -> list[CycloneDX]:
    """Return each component once, however many places have it, with the places."""
    from cyclonedx.model import Property  # noqa: PLC0415 - an extra
    from cyclonedx.model.component import Component as Part  # noqa: PLC0415 - the same
    from cyclonedx.model.component import ComponentType  # noqa: PLC0415 - the same
    from packageurl import PackageURL  # noqa: PLC0415 - comes with it

    places: dict[str, tuple[PackageURL, list[str]]] = {}
    for each in components:
        given = {"arch": each.architecture, "distro": each.distribution}
        qualifiers = {name: clean(value, _LONGEST) for name, value in given.items() if value}
        name, version, vendor = (
            clean(part or "", _LONGEST) for part in (each.name, each.version, each.vendor)
        )
        url = PackageURL(each.kind, vendor or None, name, version or None, qualifiers)
        places.setdefault(str(url), (url, []))[1].append(each.place)
    return [
        Part(
            name=url.name,
            version=url.version,
            type=ComponentType.LIBRARY,
            purl=url,
            bom_ref=reference,
            properties=[Property(name="hullproof:place", value=clean(each)) for each in found],
        )
        for reference, (url, found) in places.items()
    ]
