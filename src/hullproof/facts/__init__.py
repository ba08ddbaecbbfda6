"""Facts: what can be observed of a project, from its image, its booted container and experiments.

Plain frozen data, so that a practice can be tested from hand-made facts, without an engine. What could
not be observed is never guessed: a fact that cannot be had raises `Unobservable`, and a field that is
not known is None.
"""

from __future__ import annotations

from hullproof.facts.build import BuildFacts, Step
from hullproof.facts.container import (
    ENDS_WELL_WITHIN_S,
    Answer,
    ContainerFacts,
    Executed,
    Listener,
    Process,
    Stopped,
    signal_number,
)
from hullproof.facts.experiments import (
    EXPERIMENTS,
    Canary,
    CanaryFacts,
    EditOutcome,
    EditsFacts,
    GateFacts,
    InstallStep,
    PlantedFile,
)
from hullproof.facts.image import BaseFacts, FileEntry, FileFacts, FileKind, HistoryEntry, ImageFacts, Layer

__all__ = [
    "ENDS_WELL_WITHIN_S",
    "EXPERIMENTS",
    "Answer",
    "BaseFacts",
    "BuildFacts",
    "Canary",
    "CanaryFacts",
    "ContainerFacts",
    "EditOutcome",
    "EditsFacts",
    "Executed",
    "FileEntry",
    "FileFacts",
    "FileKind",
    "GateFacts",
    "HistoryEntry",
    "ImageFacts",
    "InstallStep",
    "Layer",
    "Listener",
    "PlantedFile",
    "Process",
    "Step",
    "Stopped",
    "Unobservable",
    "signal_number",
]


class Unobservable(Exception):  # noqa: N818 - a finding about the project, not a fault of ours
    """A fact could not be observed. The text is the reason, one sentence, as the report shows it."""
