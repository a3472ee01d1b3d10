"""What a start does wrong is found; what only looks like it is not."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.checkers.starting import coverage_of_starts
from harness.model.boot import Stage
from harness.model.coverage import Gap
from harness.model.event import Channel
from harness.model.finding import Finding, Severity
from tests.checkers.histories import Story
from tests.checkers.starts import Start

A, B = 0, 1


def found(start: Start) -> list[tuple[str, int | None]]:
    return [(one.shape, one.owner) for one in lifecycle(start.history())]


def gaps(start: Start) -> tuple[Gap, ...]:
    return coverage_of_starts(start.history()).gaps


def only(start: Start) -> Finding:
    (finding,) = lifecycle(start.history())
    return finding


def test_a_start_that_opens_each_tenant_once_serves_and_closes_it_is_fine() -> None:
    start = Start(planned=4)
    runs = [start.opens(tenant) for tenant in (A, B)]
    start.connects(100, tenant=A)
    start.takes(4)
    start.serves(A)
    start.serves(B)
    start.asks_provider(A, 1)
    for tenant, run in zip((A, B), runs, strict=True):
        start.closes(tenant, run)
    start.stops()

    assert found(start) == []


def test_a_tenant_that_is_initialised_twice_is_found_and_named() -> None:
    start = Start()
    start.opens(A)
    start.opens(B)
    start.opens(B)

    finding = only(start)
    assert (finding.shape, finding.owner) == ("twice", B)
    assert finding.oracle == "lifecycle"
    assert finding.severity is Severity.MAJOR
    assert finding.channel is Channel.PROCESS
    assert finding.operation == "app.tenants:open_tenant"
    assert finding.summary == (
        "B was initialised twice in one process by open_tenant, and not closed in "
        "between (strategy eager, 2 tenants)"
    )
    assert finding.evidence[0].text == (
        "B: worker 1 was through with it at 0.500 s and again at 0.700 s"
    )


def test_two_calls_at_the_same_time_that_both_get_through_are_twice() -> None:
    start = Start()
    for stage in (Stage.BEGUN, Stage.READY):
        for run in (1, 2):
            start.tells(stage, A, run=run)

    assert found(start) == [("twice", A)]


@pytest.mark.parametrize("ends", [Stage.FAILED, Stage.CANCELLED])
def test_an_attempt_that_failed_and_one_that_did_not_are_once(ends: Stage) -> None:
    start = Start()
    start.opens(A, ends=ends)
    start.opens(A)

    assert found(start) == []


def test_an_attempt_that_failed_between_two_that_did_not_hides_nothing() -> None:
    start = Start()
    start.opens(A)
    start.opens(A, ends=Stage.FAILED)
    start.opens(A)

    assert found(start) == [("twice", A)]


def test_a_tenant_opened_again_after_it_was_closed_is_another_generation() -> None:
    start = Start()
    start.closes(A, start.opens(A))
    start.opens(A)

    assert found(start) == []


def test_a_tenant_opened_again_while_the_old_one_is_still_being_closed_is_too() -> None:
    start = Start()
    old = start.opens(A)
    start.tells(Stage.CLOSING, A, run=old)
    start.opens(A)
    start.tells(Stage.CLOSED, A, run=old)

    assert found(start) == []


def test_closing_one_tenant_does_not_excuse_opening_another_twice() -> None:
    start = Start()
    start.opens(A)
    start.closes(B, start.opens(B))
    start.opens(A)

    assert found(start) == [("twice", A)]


def test_a_resource_closed_by_another_function_is_another_generation_too() -> None:
    start = Start()
    start.opens(A)
    start.closes(A)
    start.opens(A)

    assert found(start) == []


def opens_with_connections(start: Start, *backends: int, closes: bool = False) -> None:
    run = 100 + len(start.events)
    start.tells(Stage.BEGUN, A, run=run, closes=closes)
    for backend in backends:
        start.connects(backend, tenant=A)
    start.tells(Stage.READY, A, run=run, closes=closes)


def test_a_plain_function_whose_connections_were_closed_may_be_called_again() -> None:
    start = Start()
    opens_with_connections(start, 100, 101)
    start.connects(100, open_=False)
    start.connects(101, open_=False)
    opens_with_connections(start, 102)

    assert found(start) == []
    assert not any("closed_by" in gap.reason for gap in gaps(start))


def test_a_plain_function_whose_connections_are_still_open_is_twice() -> None:
    start = Start()
    opens_with_connections(start, 100, 101)
    opens_with_connections(start, 102)
    start.connects(100, open_=False)
    start.connects(101, open_=False)

    assert found(start) == [("twice", A)]


@pytest.mark.parametrize("backends", [(), (100, 101)])
def test_where_nobody_can_tell_what_was_closed_that_is_said_and_no_finding(
    backends: tuple[int, ...],
) -> None:
    start = Start()
    opens_with_connections(start, *backends)
    start.connects(100, open_=False)
    opens_with_connections(start, 102)

    assert found(start) == []
    (gap,) = [gap for gap in gaps(start) if "closed_by" in gap.reason]
    assert gap.what == "initialiser app.tenants:open_tenant"
    assert "called again for A" in gap.reason
    assert not gap.floor


def test_a_plain_function_that_is_called_while_it_runs_is_twice() -> None:
    start = Start()
    for stage in (Stage.BEGUN, Stage.READY):
        for run in (1, 2):
            start.tells(stage, A, run=run, closes=False)

    assert found(start) == [("twice", A)]


def test_each_process_may_initialise_each_tenant_once() -> None:
    start = Start(workers=2)
    start.opens(A, worker=1)
    start.opens(A, worker=2)

    assert found(start) == []


def test_each_start_may_initialise_each_tenant_once() -> None:
    start = Start()
    start.opens(A)
    start.boots(2)
    start.opens(A)

    assert found(start) == []


def test_several_initialisers_may_each_initialise_a_tenant_once() -> None:
    start = Start()
    start.opens(A)
    start.opens(A, what="app.tenants:open_context")

    assert found(start) == []


def test_calls_for_nobody_known_are_no_tenants_second() -> None:
    start = Start()
    start.opens(None)
    start.opens(None)

    assert found(start) == []


def test_events_that_came_out_of_order_through_pipes_are_sorted_by_their_times() -> (
    None
):
    start = Start()
    start.closes(A, start.opens(A))
    start.opens(A)
    late = [event for event in start.events if getattr(event, "stage", "") == "closing"]
    for event in late:
        start.events.remove(event)
        start.events.append(event)

    assert found(start) == []


def test_a_tenant_that_is_served_before_it_is_initialised_is_found() -> None:
    start = Start()
    start.serves(A)
    start.opens(A)

    assert found(start) == [("too early", A)]
    assert "POST /token succeeded at 0.200 s" in only(start).evidence[0].text


def test_a_tenant_that_is_initialised_by_the_request_that_is_served_is_fine() -> None:
    start = Start()
    start.opens(A)
    start.serves(A)

    assert found(start) == []


def test_a_tenant_that_one_process_has_ready_may_be_served_before_the_other() -> None:
    start = Start(workers=2)
    start.opens(A, worker=2)
    start.serves(A)
    start.opens(A, worker=1)

    assert found(start) == []


def test_what_requests_need_not_wait_for_may_come_later() -> None:
    start = Start(awaited=False)
    start.serves(A)
    start.opens(A)

    assert found(start) == []


def test_a_request_that_failed_was_not_served_too_early() -> None:
    start = Start()
    start.serves(A, failure="503")
    start.opens(A)

    assert found(start) == [("not served", A)]


def test_a_resource_that_the_shutdown_does_not_close_is_found() -> None:
    start = Start()
    start.closes(A, start.opens(A))
    start.opens(B)
    start.stops()

    assert found(start) == [("not closed", B)]


def test_a_resource_whose_closing_does_not_end_is_not_closed() -> None:
    start = Start()
    run = start.opens(A)
    start.tells(Stage.CLOSING, A, run=run)
    start.stops()

    assert found(start) == [("not closed", A)]


def test_nobody_asks_for_the_end_of_what_cannot_be_seen_to_end() -> None:
    start = Start()
    start.opens(A, closes=False)
    start.stops()

    assert found(start) == []


def test_a_process_that_did_not_stop_by_itself_left_nothing_open_on_purpose() -> None:
    start = Start(workers=2)
    start.opens(A, worker=2)
    start.stops(worker=1)

    assert found(start) == []


def test_a_connection_that_is_left_open_is_found_and_traced_to_its_tenant() -> None:
    start = Start()
    start.connects(100, tenant=B)
    start.connects(101, tenant=A)
    start.stops()
    start.leaves(100)

    finding = only(start)
    assert (finding.shape, finding.owner) == ("left open", B)
    assert finding.operation == "connection opened at app/pools.py:7"
    assert "backend 100 of role 'app'" in finding.evidence[0].text
    assert "opened for B's resource" in finding.evidence[0].text


def test_a_connection_that_nobody_saw_being_opened_is_found_as_well() -> None:
    start = Start()
    start.leaves(100)

    assert found(start) == [("left open", None)]
    assert only(start).operation == "connection"


def test_a_connection_that_the_server_let_go_of_is_not_left_open() -> None:
    start = Start()
    start.connects(100, tenant=B)
    start.stops()

    assert found(start) == []


def test_many_connections_left_by_one_place_are_one_finding() -> None:
    start = Start()
    for backend in range(100, 110):
        start.connects(backend)
        start.leaves(backend)

    assert only(start).count == 10


def test_more_connections_than_the_target_accounts_for_are_found() -> None:
    start = Start(planned=4)
    start.takes(5)

    assert found(start) == [("too many", None)]
    assert "5 connections to Postgres at once" in only(start).summary


def test_without_an_account_any_number_of_connections_will_do() -> None:
    start = Start(planned=0)
    start.takes(500)

    assert found(start) == []


def test_a_tenant_that_is_never_served_is_found_with_its_reason() -> None:
    start = Start()
    start.serves(A)
    start.serves(B, failure="POST /token ended with status 503")

    assert found(start) == [("not served", B)]
    assert "status 503" in only(start).evidence[0].text


def test_a_key_that_is_used_more_often_than_allowed_is_found() -> None:
    start = Start()
    start.asks_provider(A, 1)
    start.asks_provider(B, 2)

    assert found(start) == [("called too often", B)]
    assert "2 times with B's key; the target allows 1" in only(start).summary


def test_each_process_may_call_as_often_as_allowed() -> None:
    start = Start(workers=2)
    start.asks_provider(A, 2)

    assert found(start) == []


def test_calls_that_nobody_limits_are_fine() -> None:
    start = Start()
    start.asks_provider(A, 20, most=-1)

    assert found(start) == []


def test_a_start_of_any_exercise_may_call_as_often_as_the_target_allows() -> None:
    story = Story()
    story.boots((A, 1), (B, 1), most=1)
    story.boots((A, 1), (B, 2), most=1)

    (finding,) = lifecycle(story.history())

    assert (finding.shape, finding.owner) == ("called too often", B)
    assert finding.summary == (
        "The start called the model provider 2 times with B's key; the target allows 1"
    )


def test_starts_of_which_the_target_says_nothing_may_call_at_will() -> None:
    story = Story()
    story.boots((A, 20), (None, 3))

    assert lifecycle(story.history()) == []


def test_each_start_counts_for_itself() -> None:
    story = Story()
    for _ in range(3):
        story.boots((A, 1), (B, 1), most=1)

    assert lifecycle(story.history()) == []


def test_a_target_may_allow_no_call_at_all() -> None:
    story = Story()
    story.boots((A, 1), most=0)

    assert [one.shape for one in lifecycle(story.history())] == ["called too often"]
