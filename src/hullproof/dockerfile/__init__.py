"""Reads Dockerfiles: stages, instructions, what an image will be, and which commands a RUN step runs."""

from __future__ import annotations

from hullproof.dockerfile.contract import Command, Contract, Port, Value, Variable, Workdir, contract
from hullproof.dockerfile.graph import Dockerfile
from hullproof.dockerfile.model import Heredoc, ImageReference, Instruction, Mount, Stage
from hullproof.dockerfile.parse import parse
from hullproof.dockerfile.variables import Scope, expand

__all__ = [
    "Command",
    "Contract",
    "Dockerfile",
    "Heredoc",
    "ImageReference",
    "Instruction",
    "Mount",
    "Port",
    "Scope",
    "Stage",
    "Value",
    "Variable",
    "Workdir",
    "contract",
    "expand",
    "parse",
]
