"""The figures of a swarm are told as tables, the worst rows first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.model.measurement import Measurement
from harness.model.result import Result
from harness.reports.terminal import render
from tests.reports.results import HOSTILE, a_result


def figures(label: str, value: str, **named: float) -> list[Measurement]:
    labels = {label: value} if label else {}
    return [Measurement(name, figure, labels=labels) for name, figure in named.items()]


def with_load(*measured: Sequence[Measurement], names: int = 3) -> Result:
    flat = tuple(one for group in measured for one in group)
    tenants = {chr(ord("A") + n): f"name-{n}" for n in range(names)}
    total = figures("", "", requests=600.0, failed=6.0, failures=0.01, p50=0.004)
    return replace(a_result(), measurements=(*total, *flat), tenants=tenants)


def tenant(alias: str, **named: float) -> list[Measurement]:
    usual = {"requests": 200.0, "failed": 0.0, "p50": 0.003, "max": 0.9}
    return figures("tenant", alias, **{**usual, **named})


def rows(result: Result, *, full: bool = False) -> list[str]:
    """Return the first word of each line."""
    lines = render(result, full=full).splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def test_a_result_without_load_has_no_table() -> None:
    assert "LOAD" not in render(a_result())


def test_the_slowest_tenants_come_first() -> None:
    result = with_load(
        tenant("A", p99=0.020), tenant("B", p99=0.900), tenant("C", p99=0.100)
    )

    found = [word for word in rows(result) if word in {"A", "B", "C"}]

    assert found == ["B", "C", "A"]


def test_a_figure_that_no_tenant_has_gets_no_column() -> None:
    assert " p99 " in render(with_load(tenant("A", p99=0.020), tenant("B")))
    assert "p99" not in render(with_load(tenant("A"), tenant("B")))


def test_in_a_cold_start_those_who_waited_longest_come_first() -> None:
    result = with_load(
        tenant("A", p99=0.9, first_success=1.0), tenant("B", p99=0.1, first_success=4.0)
    )

    found = [word for word in rows(result) if word in {"A", "B"}]

    assert found == ["B", "A"]
    assert "first success" in render(result)


def test_a_tenant_that_only_failed_comes_before_all_others() -> None:
    broken = figures("tenant", "C", requests=50.0, failed=50.0)
    result = with_load(tenant("A", p99=0.9), broken)

    found = [word for word in rows(result) if word in {"A", "C"}]

    assert found == ["C", "A"]


def test_only_the_worst_ten_are_shown_unless_all_are_asked_for() -> None:
    many = [tenant(f"T{number}", p99=number / 100) for number in range(26, 40)]
    result = with_load(*many)

    shown = [word for word in rows(result) if word[:1] == "T" and word[1:].isdigit()]

    assert shown == [f"T{number}" for number in range(39, 29, -1)]
    assert "and 4 tenants with a lower p99" in render(result)
    assert "T26" in rows(result, full=True)


def test_the_whole_is_summed_up_in_a_line() -> None:
    text = render(with_load(figures("", "", rate=19.95, ready=1.25, throttled=3.0)))

    assert "600 requests · 19.9/s · 6 failed (1.00%) · 3 throttled (429)" in text
    assert "p50 4.0 ms" in text
    assert "ready after 1250 ms" in text


def test_operations_have_a_table_of_their_own() -> None:
    slow = figures("operation", "GET /slow", operation_p99=2.0, operation_requests=9.0)
    fast = figures("operation", "GET /fast", operation_p99=0.1, operation_requests=9.0)

    text = render(with_load(fast, slow))

    assert text.index("GET /slow") < text.index("GET /fast")


def test_reasons_of_failures_are_counted_the_most_frequent_first() -> None:
    reasons = [
        Measurement("failure", count, labels={"operation": "GET /n", "reason": reason})
        for reason, count in (("status 404", 2.0), ("status 500", 40.0))
    ]

    text = render(with_load(reasons))

    assert "40 times  status 500  GET /n" in text
    assert text.index("status 500") < text.index("status 404")


def test_nothing_of_the_app_steers_the_terminal() -> None:
    reason = [
        Measurement("failure", 1.0, labels={"operation": HOSTILE, "reason": HOSTILE})
    ]
    result = replace(with_load(tenant("A"), reason), tenants={"A": HOSTILE})

    assert "\x1b" not in render(result)
    assert "\x07" not in render(result)
