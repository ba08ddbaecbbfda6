"""Reads Dockerfiles: stages, instructions, what an image will be, and which commands a RUN step runs."""

from __future__ import annotations

from hullproof.dockerfile.contract import Command, Contract, Port, Value, Workdir, contract
from hullproof.dockerfile.disclosure import SecretMention, mentions_of_secrets
from hullproof.dockerfile.expansion import expand
from hullproof.dockerfile.graph import Dockerfile
from hullproof.dockerfile.installs import Install, install_commands
from hullproof.dockerfile.model import Heredoc, ImageReference, Instruction, Mount, Stage
from hullproof.dockerfile.parse import parse
from hullproof.dockerfile.release import Release
from hullproof.dockerfile.resolution import Place, Resolution
from hullproof.dockerfile.shell import ShellCommand, ShellProgram, commands, simple_words
from hullproof.dockerfile.testruns import TASK_RUNNERS, script_runs_tests, test_commands
from hullproof.dockerfile.variables import Scope

__all__ = [
    "TASK_RUNNERS",
    "Command",
    "Contract",
    "Dockerfile",
    "Heredoc",
    "ImageReference",
    "Install",
    "Instruction",
    "Mount",
    "Place",
    "Port",
    "Release",
    "Resolution",
    "Scope",
    "SecretMention",
    "ShellCommand",
    "ShellProgram",
    "Stage",
    "Value",
    "Workdir",
    "commands",
    "contract",
    "expand",
    "install_commands",
    "mentions_of_secrets",
    "parse",
    "script_runs_tests",
    "simple_words",
    "test_commands",
]
