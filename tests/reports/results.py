"""Results written by hand, with names that a report must not take literally."""

from __future__ import annotations

from dataclasses import replace

from harness.gates import Gates, judge_run
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel
from harness.model.finding import Evidence, Finding, Severity
from harness.model.history import Field
from harness.model.measurement import Measurement
from harness.model.result import Result
from harness.model.step import Principal, Role, Step

READ = "GET /documents/{document_id}"
HOSTILE = '[red]O\'Neill[/red], "quoted" & <Sons>\x07\x1b[31m\r\n\u202e\ufffe'


def a_finding(
    operation: str = READ,
    *,
    severity: Severity = Severity.CRITICAL,
    shape: str = "mixed",
    what: str = "POST /documents body.title",
) -> Finding:
    return Finding(
        oracle="access",
        severity=severity,
        channel=Channel.BODY,
        operation=operation,
        owner=0,
        receiver=1,
        what=what,
        shape=shape,
        summary="B reads A's document: its title came out in B's answer.",
        evidence=(
            Evidence(42, f"GET /documents/1 answered 200 with {HOSTILE}"),
            Evidence(0, "A reads it too"),
        ),
        count=3,
        script=(
            Step("POST /documents", Principal(0, 0), 0, Role.CONTROL),
            Step(operation, Principal(1, 0), 0, Role.PROBE),
        ),
    )


def an_unlabelled_line() -> Finding:
    return Finding(
        oracle="label",
        severity=Severity.MINOR,
        channel=Channel.LOG,
        operation="app.access",
        owner=None,
        receiver=None,
        what="the tenant's label",
        shape="missing",
        summary="A log line of a request names no tenant.",
        evidence=(),
    )


def a_coverage(*gaps: Gap) -> Coverage:
    return Coverage(
        covered=("GET /documents", READ),
        operations_required=18,
        operations_known=20,
        fields_seen=11,
        fields_planted=12,
        channels=("body", "log"),
        probes=240,
        gaps=gaps,
    )


def a_result(*findings: Finding, gaps: tuple[Gap, ...] = ()) -> Result:
    coverage = a_coverage(*gaps)
    return Result(
        id="20260101-120000-abcd",
        exercise="isolation",
        target="package.module:target",
        variant="",
        command="harness isolation --seed 7",
        seed=7,
        started="2026-01-01T12:00:00.123456+00:00",
        versions={"python": "3.11.7"},
        environment={"postgres": "the embedded one: no Docker engine answered"},
        tenants={"A": "Acme", "B": HOSTILE},
        fields={7: Field(7, "POST /documents body.title")},
        verdict=judge_run(findings, coverage, (), gates=Gates()),
        findings=findings,
        coverage=coverage,
        measurements=(Measurement("duration", 12.34, "s"),),
    )


def with_notes(result: Result, *notes: str) -> Result:
    return replace(result, notes=notes)
