"""A run of starts is conclusive only where it saw what it judges."""

from __future__ import annotations

import pytest

from harness.checkers.starting import coverage_of_starts
from harness.model.canary import FIRST_PLANTED_FIELD
from harness.model.coverage import Coverage
from harness.model.event import Channel, Unseen
from tests.checkers.starts import OPEN, Start

A, B = 0, 1


def covered(start: Start) -> Coverage:
    return coverage_of_starts(start.history())


def floor(start: Start) -> dict[str, str]:
    return {gap.what: gap.reason for gap in covered(start).below_floor}


def test_a_start_that_served_each_tenant_once_it_was_initialised_is_covered() -> None:
    start = Start()
    for tenant in (A, B):
        start.opens(tenant)
        start.serves(tenant)
    start.stops()

    assert covered(start).covered == ("eager, 2 tenants",)
    assert floor(start) == {}


def test_a_start_that_did_not_serve_a_tenant_is_not_covered() -> None:
    start = Start()
    start.opens(A)
    start.serves(A)
    start.serves(B, failure="503")

    assert covered(start).covered == ()


def test_an_initialiser_that_is_never_called_is_a_gap_of_the_floor() -> None:
    start = Start()
    start.serves(A)
    start.stops()

    assert floor(start) == {
        f"initialiser {OPEN}": "was never seen to be called for a tenant"
    }


def test_one_that_requests_need_not_wait_for_is_only_listed() -> None:
    start = Start(awaited=False)
    start.serves(A)
    start.stops()

    assert floor(start) == {}
    assert f"initialiser {OPEN}" in {gap.what for gap in covered(start).gaps}


def test_calls_that_name_nobody_are_told_of_with_what_they_said() -> None:
    start = Start()
    start.opens(None)

    assert "what it says of it, '', names none" in floor(start)[f"initialiser {OPEN}"]


def test_a_tenant_that_was_served_without_its_initialiser_is_named() -> None:
    start = Start()
    start.opens(A)
    start.serves(A)
    start.serves(B)

    assert "not seen to be called for B" in floor(start)[f"initialiser {OPEN}"]


def test_what_could_not_be_done_counts_from_the_first_start_on() -> None:
    start = Start()
    start.opens(A)
    start.serves(A)
    start.stops()
    start.events.insert(0, Unseen("unseen", "seed notes", "answered 422"))
    assert floor(start) == {}

    start.add(Unseen("unseen", "read a log line", "broken"))
    assert floor(start) == {"read a log line": "broken"}


def test_a_target_without_initialisers_is_told_that_nothing_judges_them() -> None:
    start = Start()
    del start.events[0]
    start.serves(A)

    gaps = {gap.what: gap for gap in covered(start).gaps}
    assert not gaps["initialisers"].floor


def test_a_start_of_which_a_process_did_not_come_through_its_shutdown_is_a_gap() -> (
    None
):
    start = Start(workers=2)
    start.opens(A)
    start.serves(A)
    start.stops(worker=1)
    assert "1 of 2 processes did not come through it" in floor(start)["shutdown"]

    start.stops(worker=2)
    assert floor(start) == {}


def test_an_end_of_one_start_does_not_stand_for_another() -> None:
    start = Start()
    for number in (1, 2):
        if number > 1:
            start.boots(number)
        start.opens(A)
        start.serves(A)
    start.stops()

    assert "trial 1" in floor(start)["shutdown"]


@pytest.mark.parametrize(
    ("watched", "unwatched"),
    [
        ((Channel.BODY, Channel.LOG), set()),
        ((Channel.LOG,), {"channel body"}),
        ((Channel.BODY,), {"channel log"}),
        ((), {"channel body", "channel log"}),
    ],
)
def test_body_and_log_must_be_watched(
    watched: tuple[Channel, ...], unwatched: set[str]
) -> None:
    start = Start(watched=watched)
    start.opens(A)
    start.serves(A)
    start.stops()

    assert set(floor(start)) == unwatched
    assert covered(start).channels == watched


def test_a_channel_that_need_not_be_watched_is_only_listed() -> None:
    start = Start(watched=())
    start.opens(A)
    start.serves(A)
    start.stops()

    found = coverage_of_starts(start.history(), channels=(Channel.LOG,))

    assert [(gap.what, gap.floor) for gap in found.gaps] == [
        ("channel log", True),
        ("channel body", False),
    ]


def test_what_came_while_the_world_was_made_proves_nothing_of_its_starts() -> None:
    start = Start(watched=())
    made = Start().events[2:]
    start.events[:0] = made
    start.opens(A)
    start.serves(A)
    start.stops()

    assert set(floor(start)) == {"channel body", "channel log"}


def test_one_start_whose_beacon_is_lost_leaves_the_log_unwatched() -> None:
    start = Start()
    for number in (1, 2):
        if number > 1:
            start.watched = (Channel.BODY,)
            start.boots(number)
        start.opens(A)
        start.serves(A)
        start.stops()

    assert "through harness.beacon" in floor(start)["channel log"]


def test_names_that_any_answer_may_carry_are_no_planted_value() -> None:
    start = Start(watched=(Channel.LOG,))
    start.sees(A, field=FIRST_PLANTED_FIELD - 1)
    start.opens(A)
    start.serves(A)
    start.stops()

    assert set(floor(start)) == {"channel body"}
