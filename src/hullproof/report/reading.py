"""What every face reads off a report: places, groups and what exactly it is about."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timezone

from hullproof.model import (
    DEFAULT_PROFILE,
    Acceptance,
    BuildError,
    Conditions,
    ImageInfo,
    ProjectInfo,
    Proof,
    Quote,
    Report,
    Status,
    Verdict,
)
from hullproof.text import clean, duration, size


def dockerfile_path(project: ProjectInfo) -> str:
    """Return the Dockerfile's path within the repository, or within the project where that is in none."""
    return posixpath.normpath(posixpath.join(project.folder or "", project.dockerfile))


def line_named(report: Report, where: str) -> int | None:
    """Return the line of the project's Dockerfile that a place names (`Dockerfile:31`); None for other places."""
    found = re.fullmatch(re.escape(report.project.dockerfile) + r":([1-9][0-9]{0,8})", where, re.ASCII)
    return int(found[1]) if found else None


def governing_line(report: Report, proof: Proof) -> int | None:
    """Return the line of the Dockerfile to look at: the first that the evidence names.

    What is unproven because the project does not build is governed by the line at which the build fails.
    """
    lines = (line_named(report, each.where) for each in proof.evidence)
    named = next((line for line in lines if line), None)
    if named is None and proof.verdict is Verdict.UNPROVEN and report.build_error:
        return report.build_error.line
    return named


def quote_of(report: Report, line: int | None) -> Quote | None:
    """Return the instruction that a line of the Dockerfile belongs to, where the report quotes it."""
    return next((each for each in report.quotes if line in dict(each.lines)), None)


def build_headline(report: Report) -> str:
    """Say in a line that the project's own build fails, where and why: `... at Dockerfile:60: 1 test failed`."""
    error = report.build_error
    line = f":{error.line}" if error and error.line else ""
    reason = f": {clean(error.reason)}" if error and error.reason else ""
    return f"The project's own build fails at {clean(report.project.dockerfile)}{line}{reason}"


OUTPUT_SHOWN = 20
"""How many lines of a failed build's output a face shows; JSON and JUnit have them all."""


def build_lines(error: BuildError, *, shown: int | None = OUTPUT_SHOWN) -> list[str]:
    """Say of a failed build, for readers of plain lines: the instruction, what it printed last, the fix, the stand-in."""
    said = [error.instruction] if error.instruction else []
    said += error.output if shown is None else error.output[-shown:]
    said += [f"Fix: {error.remedy}"] if error.remedy else []
    said += [f"Stand-in base: {error.base_note}"] if error.base_note else []
    return [clean(each) for each in said]


def by_status(report: Report) -> dict[Status, list[Proof]]:
    """Group the proofs by how they stand, those to look at first in front; groups without any are left out."""
    groups = {each: [proof for proof in report.proofs if proof.status is each] for each in Status}
    return {status: proofs for status, proofs in groups.items() if proofs}


def headline(report: Report) -> tuple[str, str]:
    """Return the verdict, and of how many practices of which profile it is said: `PROVEN`, `8 of 11 (3 not asked for)`.

    What is not proven is named, and what was not asked for is counted: a part is not taken for the whole.
    """
    groups = by_status(report)
    deciding = groups.pop(report.status, [])
    total = len(report.proofs) + len(report.left_out)
    is_clear = report.status is Status.PROVEN or len(deciding) in (0, total)
    named = "" if is_clear else f": {_ids(deciding)}"
    rest = [
        f"{len(proofs)} {status.text}{'' if status is Status.PROVEN else f': {_ids(proofs)}'}"
        for status, proofs in groups.items()
    ]
    rest += [f"{len(report.left_out)} not asked for"] if report.left_out else []
    profile = "" if report.profile == DEFAULT_PROFILE else f" for {clean(report.profile)}"
    return report.status.text.upper(), f"{len(deciding)} of {total}{profile}{named}" + (
        f" ({'; '.join(rest)})" if rest else ""
    )


def verdict_line(report: Report) -> str:
    """Return the verdict as one line: `PROVEN 8 of 11 (3 not asked for), in 20 s`."""
    return f"{' '.join(headline(report))}, in {duration(report.duration_s)}"


def _ids(proofs: Sequence[Proof]) -> str:
    return ", ".join(proof.id for proof in proofs)


def acceptance(accepted: Acceptance) -> str:
    """Say until when a practice is accepted as broken, or was, and why."""
    expired = ", now expired" if accepted.expired else ""
    return f"accepted until {accepted.until.isoformat()}{expired}: {clean(accepted.reason)}"


def alike(proofs: Sequence[Proof]) -> dict[str, str]:
    """For each that is unproven for a reason that was given before, and says nothing else: where it was given.

    A build that fails leaves most practices unproven; ten times the same is more than anybody reads.
    """
    first: dict[str, str] = {}
    repeated = {}
    for proof in proofs:
        if proof.verdict is Verdict.UNPROVEN and not proof.evidence and not proof.remedy:
            if proof.summary in first:
                repeated[proof.id] = first[proof.summary]
            else:
                first[proof.summary] = proof.id
    return repeated


def booted(conditions: Conditions) -> str:
    """Say in a phrase under which conditions the image was booted."""
    limits = conditions.container
    memory = f"at most {size(limits.memory_bytes)} of memory" if limits.memory_bytes else "no limit on memory"
    processes = f"at most {limits.processes:,} processes" if limits.processes else "no limit on processes"
    return f"{'with' if conditions.network else 'without'} a network, {memory}, {processes}"


@dataclass(frozen=True)
class Row:
    """One thing that the report is about: a literal such as a digest or a path, words, or both."""

    name: str
    literal: str | None = None
    words: str | None = None


def about(report: Report) -> list[Row]:
    """Say what exactly was proven, with what, and when: image, Dockerfile, engine, date in UTC."""
    project, engine = report.project, report.engine
    none = "none: the build failed" if report.build_error else "none"
    rows = [Row("Verdict", words=" ".join(headline(report)))]
    rows += _about_image(report.image) if report.image else [Row("Image", words=none)]
    rows.append(Row("Dockerfile", dockerfile_path(project)))
    if project.target:
        rows.append(Row("Release stage", project.target, project.target_note))
    rows += [
        Row(name, literal)
        for name, literal in (
            ("Its SHA-256", project.dockerfile_sha256),
            ("Revision", project.revision),
        )
        if literal
    ]
    if engine:
        buildx = f", buildx {engine.buildx_version}" if engine.buildx_version else ""
        rows.append(Row("Engine", words=f"{engine.name} {engine.version}{buildx}"))
        if engine.note:
            rows.append(Row("Known flaw", words=engine.note))
    if report.sidecar:
        rights = ", ".join(report.sidecar.capabilities)
        rows.append(
            Row("Observed from", report.sidecar.image, f"in a sidecar with {rights} and no other capability")
        )
    if report.conditions:
        rows.append(Row("Booted", words=booted(report.conditions)))
        cgroup = report.conditions.build_cgroup
        held = (
            "the cgroup whose limits held for steps of builds"
            if cgroup
            else "by the engine's own limits, if it has any"
        )
        rows.append(Row("Built", cgroup, held))
    rows.append(
        Row("Proven by", words=f"Hullproof {report.hullproof_version}, in {duration(report.duration_s)}")
    )
    if (earlier := observed(report)) is not None:
        rows.append(Row("Kept", words=earlier))
    date = report.started_at.astimezone(timezone.utc)
    return [*rows, Row("Date", words=f"{date:%Y-%m-%d %H:%M} UTC")]


def observed(report: Report) -> str | None:
    """Say how many proofs rest, all or in part, on what an earlier run observed, and since when; None where none does."""
    earlier = [each.observed_at for each in report.proofs if each.observed_at is not None]
    if not earlier:
        return None
    oldest = min(earlier).astimezone(timezone.utc)
    count = f"{len(earlier)} of {len(report.proofs)}"
    return f"{count} rest on facts kept since {oldest:%Y-%m-%d %H:%M} UTC; nothing changed (--fresh: anew)"


def _about_image(image: ImageInfo) -> list[Row]:
    weight = size(image.size_bytes)
    if image.size_bytes is not None and image.base_size_bytes is not None:
        weight += f", {size(image.size_bytes - image.base_size_bytes)} over its base"
    platform = f", {image.platform}" if image.platform else ""
    stand_in = f"stand-in: {image.stand_in}" if image.stand_in else None
    given = [Row("Given as", image.reference, image.comparison)] if image.reference else []
    return [
        *given,
        Row("Image", image.id, weight + platform),
        Row("Digest", image.digest, None if image.digest else "none known before a push"),
        Row("Base", image.base or "unknown", stand_in),
        *([Row("Base digest", image.base_digest)] if image.base_digest else []),
    ]
