"""Figures are put together from what each worker counted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hdrh.histogram import HdrHistogram

from harness.model.load import Tally
from harness.swarm.figures import ENOUGH, Moments, measurements
from harness.swarm.latencies import DIGITS, LONGEST

MOMENTS = Moments(spawned=0.0, ready=0.0, began=100.0, ended=110.0)


def encoded(milliseconds: Sequence[float]) -> str:
    histogram = HdrHistogram(1, LONGEST, DIGITS, word_size=4)
    for one in milliseconds:
        histogram.record_value(int(one * 1000))
    return str(histogram.encode().decode())


def tally(
    worker: str,
    milliseconds: Sequence[float],
    *,
    tenant: int = 0,
    failures: int = 0,
    arrived: float = 100.0,
    served: float = 100.5,
    reasons: tuple[tuple[str, int], ...] = (),
    operation: str = "",
) -> Tally:
    return Tally(
        kind="tally",
        worker=worker,
        tenant=-1 if operation else tenant,
        operation=operation,
        requests=len(milliseconds) + failures,
        failures=failures,
        throttled=0,
        sighted=1,
        arrived=arrived,
        served=served,
        reasons=reasons,
        latencies=encoded(milliseconds) if milliseconds else "",
    )


def figures(
    *tallies: Tally, moments: Moments = MOMENTS
) -> dict[tuple[str, str], float]:
    return {
        (one.name, "".join(one.labels.values())): one.value
        for one in measurements(tallies, moments)
    }


def test_quantiles_are_of_all_workers_together() -> None:
    found = figures(tally("1", [10.0] * 98), tally("2", [10.0] + [500.0] * 2))

    assert found["p50", "A"] == pytest.approx(0.010, rel=0.02)
    assert found["p99", "A"] == pytest.approx(0.500, rel=0.02)
    assert found["max", "A"] == pytest.approx(0.500, rel=0.02)
    assert found["requests", "A"] == 101


def test_a_quantile_needs_enough_requests() -> None:
    few, enough = [5.0] * 99, [5.0] * 100

    assert ("p99", "A") not in figures(tally("1", few))
    assert ("p99", "A") in figures(tally("1", enough))
    assert ("p95", "A") in figures(tally("1", few))


def test_the_whole_is_the_sum_of_the_tenants() -> None:
    found = figures(
        tally("1", [1.0] * 50),
        tally("1", [9.0] * 150, tenant=1, failures=2),
        tally("1", [5.0] * 7, operation="GET /notes"),
    )

    assert found["requests", ""] == 202
    assert found["failed", ""] == 2
    assert found["failures", ""] == pytest.approx(2 / 202)
    assert found["rate", ""] == pytest.approx(20.2)
    assert found["max", ""] == pytest.approx(0.009, rel=0.02)
    assert found["operation_requests", "GET /notes"] == 7


def test_a_share_of_failures_is_one_tenants_only_after_enough_requests() -> None:
    few = figures(tally("1", [1.0] * (ENOUGH - 2), failures=1))
    enough = figures(tally("1", [1.0] * (ENOUGH - 1), failures=1))

    assert ("failures", "A") not in few
    assert enough["failures", "A"] == 1 / ENOUGH
    assert few["failures", ""] == 1 / (ENOUGH - 1)


def test_a_first_success_counts_from_the_start_or_from_when_the_user_came() -> None:
    cold = Moments(spawned=101.0, ready=103.0, began=100.0, ended=120.0)

    found = figures(
        tally("1", [1.0], arrived=100.0, served=103.5),
        tally("2", [1.0], arrived=100.2, served=103.2),
        tally("1", [1.0], tenant=1, arrived=104.0, served=104.2),
        moments=cold,
    )

    assert found["first_success", "A"] == pytest.approx(2.2)
    assert found["first_success", "B"] == pytest.approx(0.2)
    assert found["ready", ""] == pytest.approx(2.0)
    assert found["rate", ""] == pytest.approx(3 / 17)


def test_where_the_app_was_there_before_nobody_waited_for_it() -> None:
    assert ("first_success", "A") not in figures(tally("1", [1.0]))


def test_reasons_of_failures_are_counted_per_operation() -> None:
    found = figures(
        tally("1", [], failures=3, reasons=(("status 500", 3),), operation="GET /n"),
        tally(
            "2",
            [],
            failures=5,
            reasons=(("status 500", 1), ("TimeoutError", 4)),
            operation="GET /n",
        ),
    )

    assert found["failure", "GET /nstatus 500"] == 4
    assert found["failure", "GET /nTimeoutError"] == 4


def test_a_tenant_without_any_success_has_no_latency() -> None:
    found = figures(tally("1", [], failures=4, served=-1.0))

    assert found["failed", "A"] == 4
    assert ("max", "A") not in found
