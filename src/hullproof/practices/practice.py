"""A practice as the rest of Hullproof sees it: its texts, what facts it needs, and how it is judged."""

from __future__ import annotations

import inspect
import re
import textwrap
import time
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from hullproof.errors import HullproofError
from hullproof.facts import EXPERIMENTS, FACTS, Unobservable, learn
from hullproof.facts.provider import Facts, Need, handed, needs_of
from hullproof.model import Evidence, Explanation, Proof, Verdict
from hullproof.practices.checks import Check, Observation, is_check, sentence, unproven

_MOST_EVIDENCE = 1_000
_MOST_FIXES = 12
_HEADINGS = {"Why": "why", "Proven by": "proven_by", "Broken by": "broken_by", "Fix": "fix"}
_HEADING = re.compile(r"(?m)^(Why|Proven by|Broken by|Fix):[ \n]")


@dataclass(frozen=True)
class Practice:
    """One thing a good image does.

    `why`, `proven_by`, `broken_by` and `fix` are paragraphs, divided by blank lines; an indented one is code.
    `profiles` are those that it stands in, none for all; `contradicts` names practices that cannot hold beside it.
    """

    id: str
    family: str
    title: str
    why: str
    proven_by: str
    broken_by: str
    fix: str
    checks: tuple[Check, ...]
    profiles: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()

    @property
    def usual_fix(self) -> str:
        """How to fix it, in one paragraph: the first of `fix`."""
        first = self.fix.split("\n\n", 1)[0]
        return f"{first[:-1]}." if first.endswith(":") else first  # it leads over to what it shows

    @property
    def skeleton(self) -> str | None:
        """Where to read how it is written, if `fix` shows that; for the end of a fix."""
        return f"See `hullproof explain {self.id}`." if "\n\n    " in self.fix else None

    @property
    def explanation(self) -> Explanation:
        """Its texts, as reports carry them."""
        return Explanation(self.why, self.proven_by, self.broken_by, self.fix)

    @cached_property
    def asks(self) -> tuple[tuple[Check, tuple[Need, ...]], ...]:
        """Its checks, each with what it needs. Raises TypeError where one asks for what is no fact, or for another type."""
        return tuple((each, needs_of(each, FACTS)) for each in self.checks)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The names of the facts that its checks ask for."""
        return tuple(dict.fromkeys(need.name for _, needs in self.asks for need in needs))

    @property
    def needs_experiment(self) -> bool:
        """Whether it cannot be proven without an experiment: one that a check does without sees more with it."""
        return any(
            need.name in EXPERIMENTS and not need.is_optional for _, needs in self.asks for need in needs
        )


def from_module(module: ModuleType) -> Practice:
    """Read a practice off its module: its id and family from the name, its texts from the docstring, its checks.

    Raises TypeError where the module has no check, or one asks for what is no fact or for another type of it.
    """
    checks = tuple(
        each for each in vars(module).values() if is_check(each) and each.__module__ == module.__name__
    )
    if not checks:
        raise TypeError(f"{module.__name__} has no check: decorate a function with @check")
    learn(module)
    package, _, name = module.__name__.rpartition(".")
    practice = Practice(
        id=name.replace("_", "-"),
        family=getattr(module, "FAMILY", package.rpartition(".")[2]),
        checks=checks,
        profiles=tuple(getattr(module, "PROFILES", ())),
        contradicts=tuple(getattr(module, "CONTRADICTS", ())),
        **_texts(inspect.cleandoc(module.__doc__ or module.__name__)),
    )
    _ = practice.asks  # refused now, not once it is judged
    return practice


def judge(practice: Practice, facts: Facts) -> Proof:
    """Put a practice's checks to the facts, and make one proof of what they observe.

    One check that is broken makes it broken, whatever else could not be seen; else one that does not concern the
    project makes it not applicable; else one that is unproven leaves it unproven: unknown is not good, and nothing
    observed is unknown. Errors that end the whole command (`HullproofError`: the engine is gone) pass through.
    """
    started = time.perf_counter()
    seen = [each for function, needs in practice.asks for each in _observed(function, needs, facts)]
    observations = [each for each in seen if isinstance(each, Observation)]
    shown = tuple(each for each in seen if isinstance(each, Evidence))
    verdict = next(
        (each for each in _DECIDES if any(it.verdict is each for it in observations)), Verdict.UNPROVEN
    )
    deciding = [each for each in observations if each.verdict is verdict] or [
        unproven("nothing was observed")
    ]
    return Proof(
        id=practice.id,
        family=practice.family,
        title=practice.title,
        verdict=verdict,
        summary=sentence(*(each.clause for each in deciding)),
        evidence=_ordered([each.evidence for each in deciding], shown),
        remedy=_fix(practice, deciding),
        duration_s=time.perf_counter() - started,
        explanation=practice.explanation,
    )


_DECIDES = (Verdict.BROKEN, Verdict.NOT_APPLICABLE, Verdict.UNPROVEN, Verdict.PROVEN)


def _observed(function: Check, needs: tuple[Need, ...], facts: Facts) -> list[Observation | Evidence]:
    """Run one check; what it cannot have or stumbles over leaves it unproven, and hides no other."""
    seen: list[Observation | Evidence] = []
    try:
        seen.extend(function(**handed(needs, facts)))
    except Unobservable as error:
        seen.append(unproven(str(error)))
    except HullproofError:
        raise
    except Exception as error:  # noqa: BLE001 - one check's fault must hide no other's verdict
        seen.append(unproven(f"judging it failed with {type(error).__name__}: {error}"))
    return seen


def _fix(practice: Practice, deciding: list[Observation]) -> str | None:
    """Join the fixes that were given, the first dozen; a fault without one of its own gets the usual one, before them.

    What is broken ends with the command that shows how it is written, where the practice has a skeleton.
    """
    given = dict.fromkeys(each.fix for each in deciding if each.fix)
    if deciding[0].verdict is Verdict.BROKEN:
        usual = {} if all(each.fix for each in deciding) else {practice.usual_fix: None}
        given = {**usual, **given}
    every = [
        each
        for each in given
        if each and not any(each in other for other in given if other not in (None, each))
    ]
    named, more = every[:_MOST_FIXES], len(every) - _MOST_FIXES
    if more > 0:
        named.append(f"And {more} more like it: each line of the evidence needs its own.")
    if deciding[0].verdict is Verdict.BROKEN and practice.skeleton:
        named.append(practice.skeleton)
    return " ".join(named) or None


def _ordered(groups: list[tuple[Evidence, ...]], shown: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Put each observation's first evidence first, then the rest, each once; so many that a report can be sent."""
    firsts = [group[0] for group in groups if group]
    rest = [each for group in groups for each in group[1:]]
    every = list(dict.fromkeys((*firsts, *rest, *shown)))
    if len(every) > _MOST_EVIDENCE:
        last, more = every[_MOST_EVIDENCE - 1], len(every) - _MOST_EVIDENCE + 1
        every[_MOST_EVIDENCE - 1 :] = [Evidence(last.source, last.where, f"and {more} more like it")]
    return tuple(every)


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
