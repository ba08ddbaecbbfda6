"""What can be wrong with evidence, and with the registry that holds it."""

from __future__ import annotations

from hullproof.errors import HullproofError


class EvidenceError(HullproofError):
    """A piece of evidence does not hold. The text says why, as the end of a sentence: `its signature is not of this key`."""

    exit_code = 1


class RegistryError(HullproofError):
    """A registry cannot be reached, refuses, or does not answer as registries do."""

    exit_code = 3


class UnusableError(RegistryError):
    """One thing that a registry has is of no use: too large, or other content than its digest says. Others may be."""


class NotThereError(UnusableError):
    """The registry does not have what was asked for."""
