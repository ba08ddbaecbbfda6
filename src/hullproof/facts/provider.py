"""How a fact is had: by a function that bears its name, whose parameters are what it needs.

    @fact
    def base(project: Project, bases: BaseSet) -> BaseFacts:
        '''The image that the release stage starts from.'''

What it returns is annotated, and so is what it needs: other facts, means (what facts are gathered with, which no check
may ask for), and what a proof is given. A parameter `X | None` is None where that fact cannot be had; for any other, the
function is not called and the fact cannot be had for the same reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from graphlib import TopologicalSorter
from types import ModuleType
from typing import Protocol, TypeVar, get_type_hints

from hullproof.errors import Unobservable
from hullproof.text import nearest

_Function = TypeVar("_Function", bound=Callable[..., object])
_MARK = "_is_provided_by_hullproof_as"


class Kind(Enum):
    """What a provider's result is for."""

    FACT = "fact"
    EXPERIMENT = "experiment"
    MEANS = "means"


def fact(function: _Function) -> _Function:
    """Make a function the provider of a fact, which checks may ask for."""
    return _marked(function, Kind.FACT)


def experiment(function: _Function) -> _Function:
    """Make a function the provider of a fact that takes rebuilds of the project."""
    return _marked(function, Kind.EXPERIMENT)


def means(function: _Function) -> _Function:
    """Make a function the provider of what facts are gathered with."""
    return _marked(function, Kind.MEANS)


def _marked(function: _Function, kind: Kind) -> _Function:
    setattr(function, _MARK, kind)
    return function


class Facts(Protocol):
    """Facts by name. A look-up may take its time, and raises Unobservable for what cannot be had."""

    def __getitem__(self, name: str, /) -> object:
        """Return a fact."""


@dataclass(frozen=True)
class Need:
    """A fact that a function asks for by the name of a parameter; `is_optional`: None will do where it cannot be had."""

    name: str
    is_optional: bool


def needs_of(function: Callable[..., object], known: Mapping[str, object]) -> tuple[Need, ...]:
    """Read off a function's parameters what it needs; `known` has the types of all that there is, by name.

    Raises TypeError for a parameter that is not among them, or takes one for something of another type.
    """
    hints = get_type_hints(function)
    return tuple(
        _need(function, name, hints.get(name), known) for name in inspect.signature(function).parameters
    )


def _need(function: Callable[..., object], name: str, taken: object, known: Mapping[str, object]) -> Need:
    asking = f"{function.__module__}.{function.__name__}"
    given = known.get(name)
    if given is None:
        raise TypeError(f"{asking} asks for {name}, which is no fact; {nearest(name, known)}")
    optional = given | None  # type: ignore[operator] # of types, which an annotation is
    if taken not in (given, optional):
        raise TypeError(f"{asking} takes {name} for {taken}, which is {given}")
    return Need(name, is_optional=taken != given)


def handed(needs: Iterable[Need], facts: Facts) -> dict[str, object]:
    """Look up what is needed. Raises Unobservable for what cannot be had, unless None will do."""
    found: dict[str, object] = {}
    for need in needs:
        try:
            found[need.name] = facts[need.name]
        except Unobservable:  # noqa: PERF203 - each fact can be had or not by itself
            if not need.is_optional:
                raise
            found[need.name] = None
    return found


@dataclass(frozen=True)
class Provider:
    """How the fact `name` is had. `gives` is its type, as it was annotated."""

    name: str
    kind: Kind
    gives: object
    needs: tuple[Need, ...]
    function: Callable[..., object]


def providers(modules: Iterable[ModuleType], given: Mapping[str, object]) -> dict[str, Provider]:
    """Collect the providers of some modules; `given` has the types of what a proof is given, by name.

    Raises TypeError for one that asks for what nobody provides, or for something of another type, and
    graphlib.CycleError for those that need each other.
    """
    functions = [
        each
        for module in modules
        for each in vars(module).values()
        if getattr(each, _MARK, None) and each.__module__ == module.__name__
    ]
    gives = {each.__name__: get_type_hints(each)["return"] for each in functions}
    known = {**given, **gives}
    found = {
        each.__name__: Provider(
            each.__name__, getattr(each, _MARK), gives[each.__name__], needs_of(each, known), each
        )
        for each in functions
    }
    TopologicalSorter({name: [need.name for need in each.needs] for name, each in found.items()}).prepare()
    return found
