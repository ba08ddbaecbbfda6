"""What a practice of one's own is written with: checks, what they observe, and the facts that they ask for."""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import (
    BaseFacts,
    BuildFacts,
    CanaryFacts,
    Config,
    ContainerFacts,
    EditsFacts,
    FileFacts,
    GateFacts,
    ImageFacts,
    Rebuilds,
    Trial,
    Trials,
    experiment,
    fact,
    put,
)
from hullproof.model import Evidence, Proof, Verdict
from hullproof.practices import from_module, judge
from hullproof.practices.checks import (
    Observation,
    Observations,
    broken,
    check,
    in_container,
    in_dockerfile,
    in_experiment,
    in_image,
    not_applicable,
    proven,
    unproven,
)

__all__ = [
    "BaseFacts",
    "BuildFacts",
    "CanaryFacts",
    "Config",
    "ContainerFacts",
    "EditsFacts",
    "Evidence",
    "FileFacts",
    "GateFacts",
    "ImageFacts",
    "Observation",
    "Observations",
    "Proof",
    "Rebuilds",
    "Release",
    "Trial",
    "Trials",
    "Verdict",
    "broken",
    "check",
    "experiment",
    "fact",
    "from_module",
    "in_container",
    "in_dockerfile",
    "in_experiment",
    "in_image",
    "judge",
    "not_applicable",
    "proven",
    "put",
    "unproven",
]
