"""How the public API is used, for mypy alone: what stops type-checking here would break its users. Never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hullproof
from hullproof import Evidence, Proof, Report, Verdict, prove
from hullproof.practice import ContainerFacts, ImageFacts, Observations, broken, check, in_container, proven

report: Report = prove()
report = hullproof.prove(
    Path("services/shop"),
    only=["expose", "workdir"],
    experiments=False,
    build_args={"PYTHON_VERSION": "3.13"},
    secrets={"netrc": Path("~/.netrc"), "token": "token.txt"},
    dockerfile="docker/Dockerfile",
    offline=True,
)

verdict: Verdict = report.verdict
good: bool = report.verdict.is_good
proofs: tuple[Proof, ...] = report.proofs
remedies: list[str | None] = [proof.remedy for proof in report.proofs]
seconds: float = report.duration_s
size: int | None = report.image.size_bytes if report.image else None
failed_at: int | None = report.build_error.line if report.build_error else None
version: str = hullproof.__version__


def places(proof: Proof) -> Iterator[str]:
    """Read evidence."""
    for each in proof.evidence:
        evidence: Evidence = each
        yield f"{evidence.source} {evidence.where}: {evidence.statement}"


@check
def the_process_works_in_the_image_s_directory(image: ImageFacts, container: ContainerFacts) -> Observations:
    """Write a check of one's own."""
    if container.main is not None and container.main.cwd != image.workdir:
        yield broken(f"PID 1 works in {container.main.cwd}")
    else:
        yield proven("it works there", in_container("/proc/1/cwd", image.workdir))


prove(7)  # type: ignore[arg-type] # a folder is a path
prove(only="expose", jobs=2)  # type: ignore[call-arg] # one project at a time
