"""A practice as the rest of Hullproof sees it: its texts, what facts it needs, and how it is judged."""

from __future__ import annotations

import inspect
import re
import textwrap
import time
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol, get_args

from hullproof.errors import HullproofError
from hullproof.facts import EXPERIMENTS, Unobservable
from hullproof.practices._finding import Finding, MissingFact, unproven
from hullproof.report.model import Explanation, Proof, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_HEADINGS = {"Why": "why", "Proven by": "proven_by", "Broken by": "broken_by", "Fix": "mend"}
_HEADING = re.compile(r"(?m)^(Why|Proven by|Broken by|Fix):[ \n]")


@dataclass(frozen=True)
class Practice:
    """One thing a good image does.

    `why`, `proven_by`, `broken_by` and `mend` are paragraphs, divided by blank lines; an indented one is code.
    `needs` names the facts that `function` takes; those in `optional` may be handed as None.
    """

    id: str
    family: str
    title: str
    why: str
    proven_by: str
    broken_by: str
    mend: str
    function: Callable[..., Finding]
    needs: tuple[str, ...]
    optional: frozenset[str] = frozenset()

    @property
    def remedy(self) -> str:
        """How to fix it, in one paragraph: the first of `mend`."""
        return self.mend.split("\n\n", 1)[0]

    @property
    def explanation(self) -> Explanation:
        """Its texts, as reports carry them."""
        return Explanation(self.why, self.proven_by, self.broken_by, self.mend)

    @property
    def needs_experiment(self) -> bool:
        """Whether it cannot be proven without an experiment."""
        return bool(EXPERIMENTS & set(self.needs))


def from_module(module: ModuleType) -> Practice:
    """Read a practice off its module: name, docstring, and the function `judge`."""
    function: Callable[..., Finding] = module.judge
    parameters = inspect.signature(function).parameters
    optional = {name for name, parameter in parameters.items() if _may_be_none(parameter.annotation)}
    return Practice(
        id=module.__name__.rpartition(".")[2].replace("_", "-"),
        family=getattr(module, "FAMILY", "guide"),
        function=function,
        needs=tuple(parameters),
        optional=frozenset(optional),
        **_texts(inspect.cleandoc(module.__doc__ or module.__name__)),
    )


class Facts(Protocol):
    """Facts by name. A look-up may take its time, and raises Unobservable for what cannot be had."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - what a fact is depends on its name
        """Return a fact."""


def judge(practice: Practice, facts: Facts) -> Proof:
    """Judge one practice. `facts` may be lazy: a look-up that raises Unobservable is a fact not to be had.

    A crash of the practice is `unproven` with the error as its reason. Errors that end the whole command
    (`HullproofError`: the engine is gone) pass through.
    """
    started = time.perf_counter()
    try:
        finding = _found(practice, facts)
    except HullproofError:
        raise
    except Exception as error:  # noqa: BLE001 - one practice's fault must hide no other's verdict
        finding = unproven(f"judging it failed with {type(error).__name__}: {error}")
    remedy = finding.remedy
    if finding.verdict is Verdict.BROKEN:
        usual = practice.remedy if finding.usual_too or not remedy else None
        remedy = " ".join(filter(None, (usual, remedy)))
    return Proof(
        id=practice.id,
        family=practice.family,
        title=practice.title,
        verdict=finding.verdict,
        summary=finding.summary,
        evidence=finding.evidence,
        remedy=None if finding.verdict.is_good else remedy,
        duration_s=time.perf_counter() - started,
        explanation=practice.explanation,
    )


def _found(practice: Practice, facts: Facts) -> Finding:
    handed: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for name in practice.needs:
        try:
            handed[name] = facts[name]
        except Unobservable as error:  # noqa: PERF203 - each fact fails or not by itself
            if name not in practice.optional:
                return unproven(str(error))
            handed[name], reasons[name] = None, str(error)
    try:
        return practice.function(**handed)
    except Unobservable as error:
        return unproven(str(error))
    except MissingFact as error:
        fact = str(error)
        return unproven(reasons.get(fact, f"there is nothing known of: {fact}"))


def _may_be_none(annotation: Any) -> bool:  # noqa: ANN401 - an annotation can be anything
    if isinstance(annotation, str):
        return "None" in [part.strip() for part in annotation.split("|")] or annotation.startswith("Optional")
    return NoneType in get_args(annotation)


def _texts(doc: str) -> dict[str, str]:
    """Divide a module's docstring: the first line is the title, then a text under each heading."""
    title, _, rest = doc.partition("\n")
    pieces = _HEADING.split("\n" + rest)
    found = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    texts = {field: _paragraphs(found.get(heading, "")) for heading, field in _HEADINGS.items()}
    return {"title": title.strip().rstrip("."), **texts}


def _paragraphs(text: str) -> str:
    """Join the lines of each paragraph, except where they are code, which is indented."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip("\n")) if block.strip()]
    return "\n\n".join(
        textwrap.indent(textwrap.dedent(block), "    ")
        if block.startswith("    ")
        else " ".join(block.split())
        for block in blocks
    )
