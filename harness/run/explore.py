"""Races as a call: for scripts, and for tests of a team's own."""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, final

from harness.errors import Inconclusive
from harness.exploring.scenario import Scenario
from harness.model.progress import silent
from harness.model.verdict import Outcome
from harness.races.shelf import find_scenarios, shelf
from harness.reports.terminal import render
from harness.run.grounds import Venue, open_venue
from harness.run.loading import load_target, with_variant
from harness.run.order import Order
from harness.run.races import explore_at
from harness.scheduling.fresh import refuse_running_loop
from harness.settings import load_settings
from harness.target.target import Target

if TYPE_CHECKING:
    from harness.model.explored import Explored
    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.model.verdict import Verdict

Played: TypeAlias = Scenario | str
"""A scenario, the name of one that comes along, or a file with some."""

_COLUMNS = 100


@final
@dataclass(frozen=True, slots=True)
class Exploration:
    """What came of exploring scenarios.

    Attributes:
        result: All that the run has to say; also in its ``report.json``.
    """

    result: Result

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, the worst first."""
        return self.result.findings

    @property
    def verdict(self) -> Verdict:
        """Pass, fail or inconclusive, with the reasons."""
        return self.result.verdict

    @property
    def explored(self) -> tuple[Explored, ...]:
        """How many schedules of each scenario were run, and how deep."""
        return self.result.explored

    def check(self) -> Self:
        """Return this if all schedules held.

        Raises:
            AssertionError: Something was found; its message is the report, with the
                order of events and the token that replays it.
            Inconclusive: Too little was seen to say so.
        """
        __tracebackhide__ = True
        if self.verdict.outcome is Outcome.FAIL:
            raise AssertionError(str(self))
        if self.verdict.outcome is Outcome.INCONCLUSIVE:
            raise Inconclusive("; ".join(self.verdict.reasons), hint=str(self))
        return self

    def __str__(self) -> str:
        """Return the report as a terminal shows it."""
        return f"\n{render(self.result, width=_COLUMNS)}"


@final
class Explorer:
    """Explores scenarios in one world, one call after the other.

    Args:
        venue: The world.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def __call__(
        self,
        *scenarios: Played,
        schedules: int | None = None,
        only_first: bool = False,
    ) -> Exploration:
        """Explore scenarios.

        Args:
            scenarios: What happens; all that come along if there are none.
            schedules: How many of each are run; as the settings say if left out.
            only_first: Whether to stop at the first finding.

        Raises:
            UsageError: An event loop runs here already, or nobody knows a scenario.
            HarnessError: It could not be done, and nothing was proven.
        """
        refuse_running_loop()
        played = _played(scenarios)
        order = self._venue.order
        if schedules is not None:
            order = order.changed(schedules=schedules)
        order = Order(
            order.settings,
            _command(played, order.settings.schedules),
            order.root,
            order.listener,
        )
        with _quiet_leaks():
            result = explore_at(self._venue, order, played, only_first=only_first)
        return Exploration(result)


@contextlib.contextmanager
def explorer(target: Target | str = "", **settings: Any) -> Iterator[Explorer]:
    """Have one world for any number of explorations.

    Args:
        target: The app and how to talk to it, or its import string; that of the
            settings if left out.
        settings: In the place of those of ``[tool.harness]`` and of ``HARNESS_*``.

    Raises:
        SettingsError: A setting is unknown or has a bad value.
        HarnessError: The world could not be made.
    """
    named = target if isinstance(target, str) else ""
    given = {**settings, **({"target": named} if named else {})}
    here = Path.cwd()
    loaded = load_settings(given, cwd=here, environ=os.environ)
    root = loaded.pyproject.parent if loaded.pyproject else here
    chosen = loaded.settings
    found = target if isinstance(target, Target) else None
    found = found or load_target(chosen.target, root=root)
    found = with_variant(found, chosen.variant)
    with open_venue(found, Order(chosen, "", root, silent)) as venue:
        yield Explorer(venue)


def explore(
    target: Target | str,
    *scenarios: Played,
    schedules: int | None = None,
    only_first: bool = False,
    **settings: Any,
) -> Exploration:
    """Explore in which orders what a scenario does can happen, on a Postgres.

    It is no coroutine, and runs no schedule inside of one: each has an event loop of
    its own.

        @harness.scenario
        async def cold_stampede(stage):
            await stage.gather(*(stage.tenant(0).get("/documents") for _ in range(4)))

        harness.explore(target, cold_stampede, schedules=50).check()

    Args:
        target: The app and how to talk to it, or its import string.
        scenarios: What happens; all that come along if there are none.
        schedules: How many of each are run; as the settings say if left out.
        only_first: Whether to stop at the first finding.
        settings: In the place of those of ``[tool.harness]`` and of ``HARNESS_*``, such
            as ``seed``, ``tenants`` or ``variant``.

    Raises:
        UsageError: An event loop runs here already, or something that is named does not
            exist.
        HarnessError: It could not be done, and nothing was proven.
    """
    refuse_running_loop()
    with explorer(target, **settings) as explores:
        return explores(*scenarios, schedules=schedules, only_first=only_first)


@contextlib.contextmanager
def _quiet_leaks() -> Iterator[None]:
    """Have what an app leaves behind collected here, without a word.

    That it was left is a finding; a `ResourceWarning` would come at any later time, and
    be taken for another test's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


def _played(scenarios: Sequence[Played]) -> list[Scenario]:
    if not scenarios:
        return list(find_scenarios([]))
    return [
        found
        for one in scenarios
        for found in ([one] if isinstance(one, Scenario) else find_scenarios([one]))
    ]


def _command(scenarios: Sequence[Scenario], schedules: int) -> str:
    """Return the command line that explores the same."""
    named = " ".join(_name(one) for one in scenarios)
    return f"harness races {named} --schedules {schedules}"


def _name(scenario: Scenario) -> str:
    """Return how a scenario is named on the command line."""
    file = inspect.getsourcefile(scenario.act)
    if file is None or Path(file).parent == shelf():
        return scenario.name
    path, here = Path(file), Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}:{scenario.name}"
