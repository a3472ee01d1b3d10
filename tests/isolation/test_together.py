"""What takes two tenants' requests at once, in an app that both have used before."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.model.result import Result
from harness.model.verdict import Outcome
from harness.run.isolation import isolation
from harness.run.order import Order
from harness.run.orders import replay_orders
from harness.settings import Settings
from tests.isolation.crossing import RIGHT, WRONG

AT_ONCE = 15
"""Schedules: five courses of each kind, of the three operations that there are."""


@pytest.fixture
def order(server_dsn: str, tmp_path: Path) -> Order:
    """What is asked for: three tenants of the crossing, one request after another."""
    settings = Settings(
        target="tests.isolation.crossing:target",
        postgres="dsn",
        dsn=SecretStr(server_dsn),
        tenants=3,
        machine=False,
        together=0,
        runs=tmp_path / "runs",
    )
    return Order(settings, "harness isolation", Path.cwd(), lambda _: None)


def gaps(result: Result) -> dict[str, str]:
    return {one.what: one.reason for one in result.coverage.gaps}


@pytest.mark.parametrize("variant", WRONG)
def test_one_request_after_another_shows_nothing_of_these_mistakes(
    order: Order, variant: str
) -> None:
    result = isolation(order.changed(variant=variant))

    assert result.verdict.outcome is Outcome.PASS, result.findings
    assert gaps(result)["requests at once"].startswith("not explored")


@pytest.mark.parametrize("variant", WRONG)
def test_a_leak_that_takes_two_requests_at_once_is_found_and_replayed(
    order: Order, variant: str
) -> None:
    result = isolation(order.changed(variant=variant, together=AT_ONCE))

    assert result.verdict.outcome is Outcome.FAIL, gaps(result)
    leak = result.findings[0]
    assert (leak.oracle, leak.owner != leak.receiver) == ("canary", True)
    assert leak.operation in {"GET /notes", "GET /notes/{note_id}"}
    assert leak.interleaving is not None
    assert not result.coverage.below_floor

    again = replay_orders(order, {leak.interleaving.token: leak.fingerprint})

    assert again.result.verdict.outcome is Outcome.FAIL
    assert [one.fingerprint for one in again.result.findings] == [leak.fingerprint]


@pytest.mark.parametrize("variant", RIGHT)
def test_the_same_done_rightly_is_clean(order: Order, variant: str) -> None:
    result = isolation(order.changed(variant=variant, together=AT_ONCE))

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    assert "requests at once" not in gaps(result)
    (explored,) = result.explored
    assert (explored.scenario, explored.schedules) == ("together", AT_ONCE)
    assert explored.uncontrolled == 0


def test_what_an_app_of_its_own_process_does_at_once_is_said_to_be_unseen(
    order: Order,
) -> None:
    result = isolation(order.changed(hosting="served", together=AT_ONCE))

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    assert "processes of its own" in gaps(result)["requests at once"]
    assert not result.explored


def test_an_app_that_refuses_a_loop_under_control_leaves_that_part_unseen(
    order: Order,
) -> None:
    result = isolation(order.changed(variant="one-loop-only", together=AT_ONCE))

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    assert "not explored" in gaps(result)["requests at once"]
    assert "GatedLoop" in gaps(result)["requests at once"]


def test_operations_that_no_schedule_came_to_are_said_to_be_unseen(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.isolation.meetings.ROUNDS", 2)

    result = isolation(order.changed(variant=RIGHT[0], together=1))

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    assert gaps(result)["requests at once"].startswith("met no other request: ")


def test_schedules_that_are_left_out_once_enough_was_found_are_told_of(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.isolation.together.ENOUGH", 1)

    result = isolation(order.changed(variant=WRONG[0], together=AT_ONCE))

    assert result.verdict.outcome is Outcome.FAIL
    stopped = gaps(result)["requests at once"]
    (explored,) = result.explored
    assert stopped.startswith(f"stopped after {explored.schedules} of {AT_ONCE} ")
