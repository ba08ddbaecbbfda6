"""Facts: what can be observed of a project, from its image, its booted container and experiments.

Plain frozen data, so that a practice can be tested from hand-made facts, without an engine. What could
not be observed is never guessed: a fact that cannot be had raises `Unobservable`, and a field that is
not known is None. Each is provided by the function that bears its name (see `hullproof.facts.provider`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from hullproof import events
from hullproof.engine.connection import Engine
from hullproof.engine.model.build import BuildFacts, Failure, Step
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
    Bytecode,
    FileEntry,
    FileFacts,
    FileKind,
    HistoryEntry,
    ImageFacts,
    Layer,
)
from hullproof.errors import Unobservable
from hullproof.facts import (
    acts,
    builds,
    containers,
    experiments,
    images,
    limited,
    rebuilt,
    sources,
    trials,
)
from hullproof.facts.acts import HalfSent, HealthTrial, Privileges, Restarts
from hullproof.facts.limited import HeldLines, Shares
from hullproof.facts.provider import Kind, experiment, fact, providers
from hullproof.facts.rebuilt import CheckoutTrial
from hullproof.facts.trials import STRANGER, Trial, Trials
from hullproof.lab.outcomes import (
    Canary,
    CanaryFacts,
    EditOutcome,
    EditsFacts,
    GateFacts,
    InstallStep,
    MissingFiles,
    NeededFacts,
    PlantedFile,
    WithheldFacts,
)
from hullproof.lab.rebuilds import (
    CheckoutBuild,
    Difference,
    Leak,
    LeakFacts,
    LockFacts,
    Rebuilds,
    Renewal,
    RenewalFacts,
    ReproductionFacts,
)
from hullproof.lab.scratch import put
from hullproof.project.config import Config
from hullproof.project.git import Checkout
from hullproof.project.project import Project
from hullproof.run.run import Run

GIVEN: Mapping[str, object] = {
    "project": Project,
    "engine": Engine,
    "run": Run,
    "tell": events.Listener,
    "watch_s": float,
}
"""What providers may ask for beside what others provide: a proof is given it, for each project anew."""

PROVIDERS = providers(
    (sources, builds, images, containers, trials, acts, limited, experiments, rebuilt), GIVEN
)
"""How all that is observed, or needed for it, is had: providers by the names of what they provide."""

FACTS = {name: each.gives for name, each in PROVIDERS.items() if each.kind is not Kind.MEANS}
"""What a check may ask for, by the names of its parameters, and what it gets."""


def learn(module: ModuleType) -> None:
    """Take on the facts that a practice's module provides: boots and rebuilds that it alone asks for.

    Raises TypeError where one asks for what nobody provides, or bears the name of another.
    """
    known = {**GIVEN, **{name: each.gives for name, each in PROVIDERS.items()}}
    for name, each in providers((module,), known).items():
        there = PROVIDERS.get(name)
        if there is not None and there.function.__module__ != module.__name__:
            raise TypeError(
                f"{module.__name__} provides {name}, which is a fact already; give it another name"
            )
        PROVIDERS[name] = each
        FACTS[name] = each.gives
        if each.kind is Kind.EXPERIMENT:
            EXPERIMENTS.add(name)


EXPERIMENTS = {name for name, each in PROVIDERS.items() if each.kind is Kind.EXPERIMENT}
"""The names under which experiments are asked for; every other fact is had without one."""

__all__ = [
    "ENDS_WELL_WITHIN_S",
    "EXPERIMENTS",
    "FACTS",
    "PROVIDERS",
    "STRANGER",
    "Answer",
    "BaseFacts",
    "BuildFacts",
    "Bytecode",
    "Canary",
    "CanaryFacts",
    "Checkout",
    "CheckoutBuild",
    "CheckoutTrial",
    "Config",
    "ContainerFacts",
    "Difference",
    "EditOutcome",
    "EditsFacts",
    "Executed",
    "Failure",
    "FileEntry",
    "FileFacts",
    "FileKind",
    "GateFacts",
    "HalfSent",
    "HealthCheck",
    "HealthTrial",
    "HeldLines",
    "HistoryEntry",
    "ImageFacts",
    "InstallStep",
    "Layer",
    "Leak",
    "LeakFacts",
    "Listener",
    "LockFacts",
    "MissingFiles",
    "NeededFacts",
    "PlantedFile",
    "Privileges",
    "Process",
    "Rebuilds",
    "Renewal",
    "RenewalFacts",
    "ReproductionFacts",
    "Restarts",
    "Shares",
    "Step",
    "Stopped",
    "Trial",
    "Trials",
    "Unobservable",
    "WithheldFacts",
    "experiment",
    "fact",
    "learn",
    "put",
    "signal_number",
]
