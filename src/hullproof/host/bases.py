"""Make sure that every image a build starts from is there: present, pulled, or stood in for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from hullproof.engine.image import find_image
from hullproof.engine.registry import NotInRegistryError, pull, why_not_pullable
from hullproof.errors import EngineError
from hullproof.host.standin import GOT, provide_stand_in
from hullproof.host.standinplan import Reference, parse_reference, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hullproof.engine.connection import Engine
    from hullproof.engine.image import KnownImage

Origin = Literal["present", "pulled", "stand-in"]


class NoBaseError(EngineError):
    """An image, named by `reference`, can neither be found, pulled nor stood in for."""

    def __init__(self, text: str, reference: str) -> None:
        """Take the line and the reference as it was asked for."""
        super().__init__(text)
        self.reference = reference


@dataclass(frozen=True)
class Base:
    """An image that a build starts from: asked for by `reference`, had by the name `image`.

    `got` says what a stand-in is made of.
    """

    reference: str
    image: str
    origin: Origin
    known: KnownImage
    got: str | None = None

    @property
    def stand_in(self) -> bool:
        """Whether it is a look-alike."""
        return self.origin == "stand-in"

    @property
    def note(self) -> str | None:
        """What was asked for and got, where the two differ."""
        if not self.stand_in:
            return None
        return f"asked for {self.reference}, got {self.got} (stand-in made from Debian's packages)"


@dataclass(frozen=True)
class BaseSet:
    """All bases of one build."""

    bases: tuple[Base, ...]

    @property
    def build_contexts(self) -> dict[str, str]:
        """What to hand to `docker buildx build --build-context`, by name: the stand-ins only."""
        return {
            parse_reference(base.reference).familiar: f"docker-image://{base.image}"
            for base in self.bases
            if base.stand_in
        }

    def get(self, reference: str) -> Base | None:
        """Return the base for a reference, however it is spelled."""
        wanted = parse_reference(reference).familiar
        return next((base for base in self.bases if parse_reference(base.reference).familiar == wanted), None)


def provide_bases(
    engine: Engine,
    references: Iterable[str],
    *,
    say: Callable[[str], None],
    may_install: bool = False,
    owner: str = "",
) -> BaseSet:
    """Provide every external image reference of a Dockerfile; `scratch` is nobody's image and passed over.

    On one connection, each is provided once, however many projects start from it. `may_install` lets a missing mmdebstrap be installed for a stand-in; `owner` is the run that this ends with. Raises
    NoBaseError for the first one that can neither be found, pulled nor stood in for, EngineError where the engine is gone.
    """
    engine.require_own_platform()
    bases: dict[str, Base] = {}
    for text in references:
        reference = parse_reference(text)
        if text != "scratch" and reference.familiar not in bases:
            bases[reference.familiar] = _present(engine, reference) or engine.shared.once(
                ("base", reference.familiar),
                partial(_provide, engine, reference, say, may_install=may_install, owner=owner),
                holds=lambda base: find_image(engine, base.image) == base.known,
            )
    return BaseSet(tuple(bases.values()))


def _present(engine: Engine, reference: Reference) -> Base | None:
    known = find_image(engine, reference.text)
    return Base(reference.text, reference.text, "present", known) if known else None


def _provide(
    engine: Engine,
    reference: Reference,
    say: Callable[[str], None],
    *,
    may_install: bool,
    owner: str,
) -> Base:
    try:
        why = why_not_pullable(engine, reference.registry, reference.text)
    except NotInRegistryError as error:
        raise NoBaseError(str(error), reference.text) from error
    if why is not None:
        return _stand_in(engine, reference, why, say, may_install=may_install, owner=owner)
    say(f"pulling {reference.text}")
    pull(engine, reference.text)
    known = find_image(engine, reference.text)
    if known is None:
        raise EngineError(f"{reference.text} was pulled, and the engine does not have it for its platform")
    return Base(reference.text, reference.text, "pulled", known)


def _stand_in(
    engine: Engine,
    reference: Reference,
    why: str,
    say: Callable[[str], None],
    *,
    may_install: bool,
    owner: str,
) -> Base:
    try:
        chosen = plan(reference)
    except EngineError as error:
        raise NoBaseError(str(error), reference.text) from error
    say(f"stand-in base: {reference.text} is not present and not pullable ({why})")
    name = provide_stand_in(engine, chosen, say=say, may_install=may_install, owner=owner)
    known = find_image(engine, name)
    if known is None:
        raise EngineError(f"the stand-in base {name} was made, and has gone again: run the command once more")
    base = Base(reference.text, name, "stand-in", known, known.labels.get(GOT, chosen.got))
    say(f"stand-in base: {base.note}")
    return base
