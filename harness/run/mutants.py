"""A run over the variants of a target: what do the detectors find?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from harness.errors import AppFailed, EnvironmentFailure, HarnessError, UsageError
from harness.model.progress import Progress
from harness.model.verdict import Outcome
from harness.races.shelf import find_scenarios
from harness.run.bytecode import kept_bytecode
from harness.run.grounds import open_venue
from harness.run.isolation import probe
from harness.run.loading import load_target, with_variant
from harness.run.outer import held, surrounded
from harness.run.races import explore_at
from harness.run.session import server

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.model.result import Result
    from harness.run.grounds import Venue
    from harness.run.order import Order
    from harness.run.outer import Around
    from harness.target.target import Target


Exercise: TypeAlias = Literal["isolation", "races"]
Kind: TypeAlias = Literal["all", "bugs", "equivalents"]


@dataclass(frozen=True, slots=True)
class MutantOutcome:
    """How a variant fared.

    Attributes:
        name: Of the variant.
        harmless: Whether it must stay silent.
        result: Of its run; None if there is none.
        error: Why there is none; "" otherwise.
        seconds: That its run took.
    """

    name: str
    harmless: bool
    result: Result | None
    error: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether a bug was found, or a harmless variant passed."""
        if self.result is None:
            return False
        wanted = Outcome.PASS if self.harmless else Outcome.FAIL
        return self.result.verdict.outcome is wanted


def mutants(
    order: Order,
    names: Sequence[str],
    *,
    exercise: Exercise = "isolation",
    kind: Kind = "all",
) -> list[MutantOutcome]:
    """Try variants, each up to its first finding.

    Args:
        order: What was asked for.
        names: Of the variants; if empty, all those of the exercise but such as are
            known to be beyond it.
        exercise: What shows them.
        kind: Which of them are tried if none is named.

    Raises:
        UsageError: There is no variant of a name, or another exercise shows it.
        EnvironmentFailure: The server went away.
    """
    target = load_target(order.settings.target, root=order.root)
    exercises = {name: one.exercise for name, one in target.variants.items()}
    chosen = list(names) or _expected(target, order, exercise, kind)
    for name in chosen:
        with_variant(target, name)
        if exercises[name] != exercise:
            raise UsageError(
                f"The variant {name!r} is shown by the {exercises[name]} exercise.",
                hint=f"Try `harness {exercises[name]} --variant {name}`.",
            )
    if exercise == "races":
        with kept_bytecode():
            return _raced(target, order, chosen)
    return _mutants(target, order, chosen)


def _expected(
    target: Target, order: Order, exercise: Exercise, kind: Kind
) -> list[str]:
    """Return the variants that must come out right, and say which are left out."""
    harmless = {"all": (True, False), "bugs": (False,), "equivalents": (True,)}[kind]
    ours = {
        name: one
        for name, one in target.variants.items()
        if one.exercise == exercise and one.harmless in harmless
    }
    for name, variant in ours.items():
        if variant.beyond:
            detail = f"{name} is not tried: {variant.beyond}"
            order.listener(Progress("mutants", detail=detail))
    return [name for name, variant in ours.items() if not variant.beyond]


def _mutants(target: Target, order: Order, names: list[str]) -> list[MutantOutcome]:
    if not names:
        return []
    outcomes = []
    with surrounded() as around, held(around.outer, server(order)) as pg:
        for done, name in enumerate(names):
            order.listener(Progress("mutants", done, len(names), name))
            outcomes.append(_mutant(target, order.changed(variant=name), pg, around))
    return outcomes


def _raced(target: Target, order: Order, names: list[str]) -> list[MutantOutcome]:
    """Explore variants, all scenarios of each until something is found.

    A start that fails is the variant's own doing here, and ends nothing but its run.
    """
    outcomes = []
    for done, name in enumerate(names):
        order.listener(Progress("mutants", done, len(names), name))
        one, began = order.changed(variant=name), time.perf_counter()
        result, error = None, ""
        try:
            preferred = target.variants[name].scenarios
            with open_venue(with_variant(target, name), one) as venue:
                result = first_finding(venue, one, preferred)
        except AppFailed as failure:
            error = failure.message
        except EnvironmentFailure:
            raise
        except HarnessError as failure:
            error = failure.message
        outcomes.append(_outcome(target, name, result, error, began))
    return outcomes


def first_finding(venue: Venue, order: Order, preferred: Sequence[str] = ()) -> Result:
    """Explore all scenarios until one has a finding, which is not shortened.

    Args:
        venue: Where.
        order: What was asked for.
        preferred: Scenarios that are explored before the others.

    Raises:
        UsageError: There is no scenario of such a name.
        HarnessError: It could not be done.
    """
    first = find_scenarios(preferred) if preferred else ()
    names = {one.name for one in first}
    others = [one for one in find_scenarios([]) if one.name not in names]
    if first:
        result = explore_at(venue, order, first, only_first=True, tries=0)
        if result.findings:
            return result
    return explore_at(venue, order, others, only_first=True, tries=0)


def _mutant(
    target: Target, order: Order, pg: Postgres, around: Around
) -> MutantOutcome:
    began = time.perf_counter()
    name = order.settings.variant
    result, error = None, ""
    try:
        variant = with_variant(target, name)
        result = probe(variant, order, pg, around, only_first=True)
    except EnvironmentFailure:
        raise
    except HarnessError as failure:
        error = failure.message
    return _outcome(target, name, result, error, began)


def _outcome(
    target: Target, name: str, result: Result | None, error: str, began: float
) -> MutantOutcome:
    harmless = target.variants[name].harmless
    seconds = time.perf_counter() - began
    return MutantOutcome(name, harmless, result, error, seconds)
