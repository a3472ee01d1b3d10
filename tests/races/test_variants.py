"""Variants that only an order of events shows are tried by exploring orders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from harness.errors import UsageError
from harness.model.verdict import Outcome
from harness.run import Order, mutants
from harness.settings import Settings


@pytest.fixture
def order(server_dsn: str, tmp_path: Path) -> Order:
    settings = Settings(
        target="tests.races.kiosk_variants:target",
        postgres="dsn",
        dsn=SecretStr(server_dsn),
        tenants=2,
        schedules=6,
        runs=tmp_path,
    )
    return Order(settings, "harness mutants", Path.cwd(), lambda _: None)


def test_a_race_is_found_a_twin_is_silent_and_a_failed_start_ends_only_its_own_run(
    order: Order,
) -> None:
    outcomes = mutants(order, ["startless", "twice", "locked"], exercise="races")

    startless, twice, locked = outcomes
    assert not startless.ok
    assert "the till is locked" in startless.error
    assert twice.ok
    assert twice.result is not None
    assert [one.summary[:23] for one in twice.result.findings] == [
        "A was initialised twice"
    ]
    assert locked.harmless
    assert locked.result is not None
    assert locked.result.findings == ()
    assert locked.result.verdict.outcome is not Outcome.FAIL


def test_what_shows_it_soonest_is_explored_first_and_all_else_if_it_does_not(
    order: Order,
) -> None:
    outcomes = mutants(order, ["tipped", "mistipped"], exercise="races")

    tipped, mistipped = (one.result for one in outcomes)
    assert tipped is not None
    assert mistipped is not None
    assert [one.scenario for one in tipped.explored] == ["cold_tenants"]
    assert tipped.findings
    assert "start_is_cancelled" not in {one.scenario for one in mistipped.explored}
    assert mistipped.findings


@pytest.mark.parametrize(
    ("kind", "harmless"), [("bugs", {False}), ("equivalents", {True})]
)
def test_of_all_variants_those_of_a_kind_can_be_tried(
    order: Order, kind: Literal["bugs", "equivalents"], harmless: set[bool]
) -> None:
    one = order.changed(schedules=1)

    assert {
        each.harmless for each in mutants(one, [], exercise="races", kind=kind)
    } == (harmless)


def test_a_variant_of_another_exercise_is_refused_and_says_where_to_try_it(
    order: Order,
) -> None:
    with pytest.raises(UsageError) as refused:
        mutants(order, ["other"], exercise="races")

    assert "harness isolation --variant other" in refused.value.hint
