"""Quotes the lines of the Dockerfile that evidence names, but for those that hold a secret: reports travel."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hullproof.dockerfile.disclosure import mentions_of_secrets
from hullproof.model import Proof, Quote
from hullproof.project.project import Project
from hullproof.secrets import token_shape

_MOST = 100
_MOST_LINES = 12
_LONGEST_LINE = 300


def quotes(project: Project, proofs: Iterable[Proof]) -> tuple[Quote, ...]:
    """Return the instructions that the proofs' evidence names, in the order of the Dockerfile."""
    place = re.compile(re.escape(project.config.dockerfile) + r":([1-9][0-9]{0,8})", re.ASCII)
    found = (place.fullmatch(each.where) for proof in proofs for each in proof.evidence)
    named = {int(each[1]) for each in found if each}
    secret = {each.line for each in mentions_of_secrets(project.dockerfile, None, project.build_args)}
    lines = project.dockerfile.text.splitlines()
    quoted = []
    for start, end in _instructions(project):
        if start in secret or not named.intersection(range(start, end + 1)):
            continue
        text = "\n".join(
            each[:_LONGEST_LINE] for each in lines[start - 1 : min(end, start + _MOST_LINES - 1)]
        )
        if text and token_shape(text) is None:
            quoted.append(Quote(start, text))
    return tuple(quoted[:_MOST])


def _instructions(project: Project) -> list[tuple[int, int]]:
    """Return the first and the last line of each instruction, those of FROM included."""
    dockerfile = project.dockerfile
    spans = {(each.line, each.end_line) for each in dockerfile.global_args}
    for stage in dockerfile.stages:
        spans |= {(stage.line, stage.line), *((each.line, each.end_line) for each in stage.instructions)}
    return sorted(spans)
