"""What was decided in a run, and from what: the result in the making."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from harness.model.event import Note
from harness.model.result import Result

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.model.coverage import Coverage
    from harness.model.explored import Explored
    from harness.model.finding import Finding
    from harness.model.history import History
    from harness.model.measurement import Measurement
    from harness.model.tenant import Tenant
    from harness.model.verdict import Verdict
    from harness.run.directory import RunDirectory
    from harness.run.order import Order

PACKAGES = (
    "tenant-harness",
    "hypothesis",
    "locust",
    "asyncpg",
    "fastapi",
    "starlette",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was decided, and from what.

    Attributes:
        exercise: Name of the exercise.
        history: What happened.
        tenants: Who took part.
        verdict: The decision.
        findings: Worst first.
        coverage: What was seen.
        measurements: Figures.
        surroundings: How the app was run, beside what any run says of that.
        explored: Which schedules were run, for each scenario of races.
    """

    exercise: str
    history: History
    tenants: tuple[Tenant, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    coverage: Coverage
    measurements: tuple[Measurement, ...]
    surroundings: Mapping[str, str] = field(default_factory=dict)
    explored: tuple[Explored, ...] = ()

    def result(
        self, order: Order, pg: Postgres | None, directory: RunDirectory
    ) -> Result:
        """Put together all that the run has to say."""
        notes = dict.fromkeys(note.text for note in self.history.of(Note))
        return Result(
            id=directory.id,
            exercise=self.exercise,
            target=order.settings.target,
            variant=order.settings.variant,
            command=order.command,
            seed=order.settings.seed,
            started=directory.started.isoformat(timespec="seconds"),
            versions=_versions(pg),
            environment={**_surroundings(order, pg), **self.surroundings},
            tenants={tenant.alias: tenant.name for tenant in self.tenants},
            fields=dict(self.history.fields),
            verdict=self.verdict,
            findings=self.findings,
            coverage=self.coverage,
            measurements=self.measurements,
            notes=tuple(notes),
            explored=self.explored,
        )


def _surroundings(order: Order, pg: Postgres | None) -> dict[str, str]:
    """Return how the app was run: a replay runs it the same way."""
    settings = order.settings
    how = {"hosting": settings.hosting, "workers": str(settings.workers)}
    return {**how, "postgres": pg.reason} if pg else how


def _versions(pg: Postgres | None) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    if pg is not None:
        versions["postgres"] = pg.version
    return versions
