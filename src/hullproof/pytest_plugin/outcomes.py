"""What the processes of a pytest session have to tell at its end, and what is told of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hullproof.model import ImageInfo, Report
from hullproof.text import size


@dataclass(frozen=True)
class Outcome:
    """What one process has to tell at its end: of the image, and of the practices that were asked of it and judged."""

    image: ImageInfo | None
    report: Report | None = None
    asked: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """Say which image was tested, and what else the processes remark."""
    lines = []
    image = next((each.image for each in outcomes if each.image), None)
    if image is not None:
        lines.append(f"image {image.short_id}, {size(image.size_bytes)}, on {image.base}")
        if image.stand_in:
            lines.append(f"stand-in base: {image.stand_in}")
    return [*lines, *(remark for each in outcomes for remark in each.remarks)]


def merged(reports: Sequence[Report]) -> Report | None:
    """Make one report of those of several workers, each of which had an image of its own, built from the same files."""
    if not reports:
        return None
    from hullproof.practices import every  # noqa: PLC0415 - loaded by now

    proofs = {proof.id: proof for report in reports for proof in report.proofs}
    left_out = {name for report in reports for name in report.left_out} - set(proofs)
    return replace(
        reports[0],
        started_at=min(report.started_at for report in reports),
        duration_s=max(report.duration_s for report in reports),
        proofs=tuple(proofs[each.id] for each in every() if each.id in proofs),
        left_out=tuple(each.id for each in every() if each.id in left_out),
    )
