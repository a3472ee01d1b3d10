"""A run over the variants of a target: what do the detectors find?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import EnvironmentFailure, HarnessError
from harness.model.progress import Progress
from harness.model.verdict import Outcome
from harness.run.isolation import probe
from harness.run.loading import load_target, with_variant
from harness.run.session import server

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.model.progress import Listener
    from harness.model.result import Result
    from harness.settings import Settings
    from harness.target.target import Target


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
    settings: Settings, names: Sequence[str], *, command: str, listener: Listener
) -> list[MutantOutcome]:
    """Probe variants, each up to its first finding.

    Args:
        settings: What the user chose.
        names: Of the variants; all of them if empty.
        command: Command line that repeats the run.
        listener: Hears of progress.

    Raises:
        UsageError: There is no variant of a name.
        EnvironmentFailure: The server went away.
    """
    target = load_target(settings.target)
    chosen = list(names) or list(target.variants)
    for name in chosen:
        with_variant(target, name)
    return asyncio.run(_mutants(target, settings, chosen, command, listener))


async def _mutants(
    target: Target,
    settings: Settings,
    names: list[str],
    command: str,
    listener: Listener,
) -> list[MutantOutcome]:
    if not names:
        return []
    outcomes = []
    async with server(settings, listener) as pg:
        for done, name in enumerate(names):
            listener(Progress("mutants", done, len(names), name))
            outcomes.append(
                await _mutant(target, settings, name, pg, command, listener)
            )
    return outcomes


async def _mutant(
    target: Target,
    settings: Settings,
    name: str,
    pg: Postgres,
    command: str,
    listener: Listener,
) -> MutantOutcome:
    began = time.perf_counter()
    chosen = settings.model_copy(update={"variant": name})
    result, error = None, ""
    try:
        result = await probe(
            with_variant(target, name),
            chosen,
            pg,
            command=command,
            listener=listener,
            only_first=True,
        )
    except EnvironmentFailure:
        raise
    except HarnessError as failure:
        error = failure.message
    harmless = target.variants[name].harmless
    seconds = time.perf_counter() - began
    return MutantOutcome(name, harmless, result, error, seconds)
