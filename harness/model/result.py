"""A result: all that a run has to say; what reports are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.coverage import Coverage
from harness.model.explored import Explored
from harness.model.finding import Finding
from harness.model.history import Field
from harness.model.measurement import Measurement
from harness.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """What one run found, measured and decided.

    Attributes:
        id: Name of the run's directory.
        exercise: ``isolation``, …
        target: Import string of the target.
        variant: Variant of the app that ran; "" for the app itself.
        command: Command line that repeats the run.
        seed: Seed of everything random.
        started: ISO 8601, UTC.
        versions: Of what took part: python, harness, postgres, …
        environment: Facts such as which Postgres was taken and why.
        tenants: Aliases of the tenants and the names they had.
        fields: What each field number of a canary stands for.
        verdict: The decision.
        findings: Worst first.
        coverage: What was seen, and the gaps.
        measurements: Figures.
        notes: What a reader should know.
        explored: Which schedules were run, for each scenario of races.
    """

    id: str
    exercise: str
    target: str
    variant: str
    command: str
    seed: int
    started: str
    versions: Mapping[str, str]
    environment: Mapping[str, str]
    tenants: Mapping[str, str]
    fields: Mapping[int, Field]
    verdict: Verdict
    findings: tuple[Finding, ...]
    coverage: Coverage
    measurements: tuple[Measurement, ...]
    notes: tuple[str, ...] = ()
    explored: tuple[Explored, ...] = ()
