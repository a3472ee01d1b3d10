"""A run of the start-up exercise."""

from __future__ import annotations

import asyncio
import difflib
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.checkers.starting import coverage_of_starts
from harness.environment.activity import activity, foreign_databases, read_limits
from harness.errors import HarnessError, Inconclusive, SettingsError, UsageError
from harness.gates import Gates, judge_run
from harness.hosting.boot_watch import Names, watching_of
from harness.model.event import Unseen
from harness.model.history import Field, History
from harness.model.measurement import Measurement
from harness.model.progress import Progress
from harness.run.directory import RunDirectory
from harness.run.hosts import watched_host
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.provisioned import Provisioned, provisioned
from harness.run.session import new_key, new_recorder, while_alive
from harness.startup.arithmetic import refuse_if_too_many
from harness.startup.arrivals import logs_in_by_request
from harness.startup.boots import Grounds, Plan, boot
from harness.startup.figures import FIGURES, figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environment.server import Postgres
    from harness.model.result import Result
    from harness.model.tenant import Tenant
    from harness.recording.recorder import Recorder
    from harness.run.order import Order
    from harness.target.target import Target

EXERCISE: Final = "startup"
AS_IT_IS: Final = "default"
"""Name of the only strategy of a target that names none."""
SEEDED: Final = 2
"""Tenants that own something when the app is started."""


def startup(order: Order) -> Result:
    """Start an app with many tenants, again and again.

    Raises:
        UsageError: It may take more connections than there are, or what was asked
            for does not exist.
        HarnessError: The run could not be made, and nothing was proven.
    """
    target = load_target(order.settings.target, root=order.root)
    target = with_variant(target, order.settings.variant)
    if target.url or target.fresh == "keep":
        raise UsageError(
            "This target's app cannot be started again and again.",
            hint="It needs Target.app, and an app whose tenants outlive a restart.",
        )
    _check_budgets(order)
    strategies = _chosen(target, order.settings.strategy)
    order = order.changed(hosting="served")
    recorder = new_recorder(new_key(target, order))
    return asyncio.run(_Run(target, order, strategies, recorder).result())


def _check_budgets(order: Order) -> None:
    for budget in order.settings.budget:
        unit = FIGURES.get(budget.name)
        if unit is None:
            near = difflib.get_close_matches(budget.name, FIGURES, n=1, cutoff=0)
            raise SettingsError(
                f"The budget {budget} is of nothing that a start-up run measures; the "
                f"nearest is {near[0]}.",
                hint=f"There are: {', '.join(FIGURES)}.",
            )
        if not budget.comparable(unit):
            example = {"s": "2s", "B": "300MB"}.get(unit, "50")
            raise SettingsError(
                f"The budget {budget} has the wrong unit.",
                hint=f"Write it as {budget.name}={example}.",
            )


def _chosen(target: Target, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the strategies that were asked for.

    Raises:
        SettingsError: The target has no such strategy.
    """
    known = dict(target.strategies) or {AS_IT_IS: {}}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise SettingsError(
                f"The target has no strategy {name!r}.{guess}",
                hint=f"Target.strategies has: {', '.join(known)}.",
            )
    return {name: known[name] for name in names} if names else known


@dataclass(slots=True)
class _Run:
    """One run, and what it has come to so far."""

    target: Target
    order: Order
    strategies: Mapping[str, Mapping[str, str]]
    recorder: Recorder
    fields: dict[int, Field] = field(default_factory=dict)
    tenants: tuple[Tenant, ...] = ()
    postgres: Postgres | None = None
    foreign: Sequence[str] = ()
    origins: list[str] = field(default_factory=list)

    async def result(self) -> Result:
        """Do it, and judge what came of it.

        Raises:
            HarnessError: It could not be done, and nothing was proven.
        """
        settings = self.order.settings
        directory = RunDirectory.make(settings.runs, EXERCISE, keep=settings.keep_runs)
        began = time.perf_counter()
        boots = itertools.count(1)
        try:
            for tenants in dict.fromkeys(settings.startup_tenants):
                await self._with_tenants(tenants, boots, directory)
        except Inconclusive as error:
            self.recorder.add(Unseen("unseen", error.message, error.hint))
        except UsageError:
            raise
        except HarnessError as error:
            directory.write_history(self.recorder.since())
            if not check(self._history()):
                raise
            # What is proven stands, whatever ended the run.
            text = f"The run ended early: {error.message}"
            self.recorder.add(Unseen("unseen", text, error.hint))
        directory.write_history(self.recorder.since())
        result = self._judged(time.perf_counter() - began).result(
            self.order, self.postgres, directory
        )
        directory.write_report(result)
        return result

    async def _with_tenants(
        self, tenants: int, boots: itertools.count[int], directory: RunDirectory
    ) -> None:
        async with provisioned(
            self.target,
            self.order,
            tenants=tenants,
            seeded=SEEDED,
            logins=not logs_in_by_request(self.target),
            inspect=self._inspect,
            recorder=self.recorder,
        ) as made:
            self.origins.append(f"{tenants} tenants {made.origin}")
            directory.write_world(made.world)
            self.tenants = max(self.tenants, made.world.tenants, key=len)
            try:
                await while_alive(made.postgres, self._boots(made, boots))
            finally:
                self.fields |= made.scene.fields.table

    async def _inspect(self, pg: Postgres) -> None:
        """Refuse what the server cannot take, before anything is started on it."""
        self.postgres = pg
        self.foreign = await foreign_databases(pg)
        limits = await read_limits(pg)
        for tenants in self.order.settings.startup_tenants:
            for name in self.strategies:
                plan = self.target.plan_of(name)
                if plan is not None:
                    refuse_if_too_many(
                        plan,
                        limits,
                        strategy=name,
                        tenants=tenants,
                        workers=self.order.settings.workers,
                    )

    async def _boots(self, made: Provisioned, boots: itertools.count[int]) -> None:
        """Start the app in each way, as often as was asked for.

        The ways take turns, so that what grows warm or full does so for all.
        """
        scene, settings = made.scene, self.order.settings
        for one in self.target.initialisers:
            scene.recorder.add(watching_of(one))
        tenants = len(made.world.tenants)
        phase = f"start {tenants} tenants"
        total, done = settings.trials * len(self.strategies), 0
        if made.postgres is None:
            return
        watched = activity(
            made.postgres, scene.dsn, self.foreign, patterns=self.target.databases
        )
        async with watched as connections:
            grounds = Grounds(
                scene=scene,
                catalogue=made.catalogue,
                world=made.world,
                names=Names(made.world.tenants),
                activity=connections,
                workers=settings.workers,
            )
            for trial in range(1, settings.trials + 1):
                for name, variables in self.strategies.items():
                    detail = f"{name}, trial {trial}"
                    self.order.listener(Progress(phase, done, total, detail))
                    host = watched_host(scene, self.order, variables)
                    await boot(Plan(next(boots), name, trial, host), grounds)
                    done += 1
            self.order.listener(Progress(phase, done, total))

    def _history(self) -> History:
        return History(
            self.recorder.since(),
            fields=self.fields,
            knows={tenant.index: tenant.knows for tenant in self.tenants},
            labelled_loggers=frozenset(self.target.labelled_loggers),
        )

    def _judged(self, seconds: float) -> Judged:
        history, settings = self._history(), self.order.settings
        findings = tuple(one for one in check(history) if not one.circumstantial)
        covered = coverage_of_starts(history, channels=settings.floor_channels)
        measured = (Measurement("duration", seconds, "s"), *figures(history))
        gates = Gates(fail_on=settings.fail_on, budgets=settings.budget)
        return Judged(
            exercise=EXERCISE,
            history=history,
            tenants=self.tenants,
            verdict=judge_run(findings, covered, measured, gates=gates),
            findings=findings,
            coverage=covered,
            measurements=measured,
            surroundings={
                "strategies": ", ".join(self.strategies),
                "tenants": ", ".join(map(str, settings.startup_tenants)),
                "worlds": "; ".join(self.origins),
            },
        )
