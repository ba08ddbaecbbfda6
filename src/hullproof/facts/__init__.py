"""Facts: what can be observed of a project, from its image, its booted container and experiments.

Plain frozen data, so that a practice can be tested from hand-made facts, without an engine. What could
not be observed is never guessed: a fact that cannot be had raises `Unobservable`, and a field that is
not known is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import GenericAlias

from hullproof.dockerfile import Release
from hullproof.engine.model.build import BuildFacts, Step
from hullproof.engine.model.container import (
    ENDS_WELL_WITHIN_S,
    Answer,
    ContainerFacts,
    Executed,
    HealthCheck,
    Listener,
    Process,
    Stopped,
    signal_number,
)
from hullproof.engine.model.image import (
    BaseFacts,
    FileEntry,
    FileFacts,
    FileKind,
    HistoryEntry,
    ImageFacts,
    Layer,
)
from hullproof.errors import Unobservable
from hullproof.lab.outcomes import (
    EXPERIMENTS,
    Canary,
    CanaryFacts,
    EditOutcome,
    EditsFacts,
    GateFacts,
    InstallStep,
    PlantedFile,
)
from hullproof.project.config import Config

FACTS: Mapping[str, type | GenericAlias] = {
    "config": Config,
    "release": Release,
    "base": BaseFacts,
    "build": BuildFacts,
    "image": ImageFacts,
    "files": FileFacts,
    "container": ContainerFacts,
    "test_scripts": Mapping[int, str],
    "tests": Mapping[str, str],
    "edits": EditsFacts,
    "gate": GateFacts,
    "canaries": CanaryFacts,
}
"""What a check may ask for, by the names of its parameters, and what it gets."""

__all__ = [
    "ENDS_WELL_WITHIN_S",
    "EXPERIMENTS",
    "FACTS",
    "Answer",
    "BaseFacts",
    "BuildFacts",
    "Canary",
    "CanaryFacts",
    "Config",
    "ContainerFacts",
    "EditOutcome",
    "EditsFacts",
    "Executed",
    "FileEntry",
    "FileFacts",
    "FileKind",
    "GateFacts",
    "HealthCheck",
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
