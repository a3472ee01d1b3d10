"""Whom the app counts as ready it serves; who is left out, or failed since, waits."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.checkers.readiness import readiness
from harness.checkers.schedules import schedules_of
from harness.model.boot import Phase, Stage
from harness.model.race import ActorRole, Counted, Movement
from tests.checkers.plays import READ, A, B, Play

READINESS = "/readyz"
OFFBOARD = "DELETE /operator/tenants"


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [
        (one.operation, one.shape, one.owner)
        for one in readiness(tuple(schedules_of(play.history())))
    ]


def asks(
    play: Play, actor: str = "request 1", *, status: int = 200, process: int = 1
) -> int:
    exchange = play.comes(actor, None, f"GET {READINESS}", process=process)
    play.ends(actor, status)
    return exchange


def counts(
    play: Play, exchange: int, tenants: int, named: tuple[int, ...] = ()
) -> None:
    event = Counted("counted", play.now, play.schedule, exchange, tenants, named)
    play.add(event)


def refused(
    play: Play, actor: str, tenant: int, *, status: int = 503, process: int = 1
) -> None:
    # Also where it is refused if nobody interferes.
    play.comes(actor, tenant, expected=status, process=process)
    play.ends(actor, status, retry_after=5.0)


REFUSED = (READ, "refused after ready", A)


@pytest.mark.parametrize("status", [425, 503])
def test_who_is_refused_after_a_bare_yes_is_found(status: int) -> None:
    play = Play(ready=READINESS)
    asks(play)
    refused(play, "request 2", A, status=status)
    play.over()

    assert found(play) == [REFUSED]
    (finding,) = lifecycle(play.history())
    assert "though the app had said that it was ready" in finding.summary


@pytest.mark.parametrize("status", [200, 403, 404, 429, 500])
def test_what_is_no_refusal_as_not_ready_is_not_judged(status: int) -> None:
    play = Play(ready=READINESS)
    asks(play)
    refused(play, "request 2", A, status=status)
    play.over()

    assert found(play) == []


def test_who_came_before_the_yes_may_be_refused() -> None:
    play = Play(ready=READINESS)
    play.comes("request 2", A)
    asks(play)
    play.ends("request 2", 503)
    play.over()

    assert found(play) == []


def test_a_no_is_no_promise_and_takes_an_earlier_one_back() -> None:
    play = Play(ready=READINESS)
    asks(play, status=503)
    refused(play, "request 2", A)
    asks(play, "request 3")
    asks(play, "request 4", status=503)
    refused(play, "request 5", A)
    play.comes("request 6", A)
    asks(play, "request 7", status=503)
    play.ends("request 6", 503)
    play.over()

    assert found(play) == []


@pytest.mark.parametrize(("process", "findings"), [(1, []), (2, [REFUSED])])
def test_a_promise_is_that_of_one_process(process: int, findings: list[object]) -> None:
    play = Play(ready=READINESS)
    play.reaches(Phase.STARTED, 2)
    asks(play, process=2)
    refused(play, "request 2", A, process=process)
    play.over()

    assert found(play) == findings


def test_a_promise_is_taken_back_by_the_same_process_only() -> None:
    play = Play(ready=READINESS)
    play.reaches(Phase.STARTED, 2)
    asks(play, "request 1")
    asks(play, "request 2", status=503, process=2)
    refused(play, "request 3", A)
    refused(play, "request 4", A, process=2)
    play.over()

    (finding,) = readiness(tuple(schedules_of(play.history())))
    assert "request 3" in finding.evidence[0].text
    assert finding.count == 1


def test_a_promise_ends_where_the_app_is_stopped() -> None:
    play = Play(ready=READINESS)
    asks(play)
    play.stops()
    refused(play, "request 2", A)
    play.reaches(Phase.STARTED)
    refused(play, "request 3", A)
    play.over()

    assert found(play) == []


def test_a_promise_holds_until_the_app_is_stopped_though_it_is_started_again() -> None:
    play = Play(ready=READINESS)
    asks(play)
    refused(play, "request 2", A)
    play.stops()
    play.reaches(Phase.STARTED)
    play.over()

    assert found(play) == [REFUSED]


def test_an_app_that_is_not_asked_has_promised_nothing() -> None:
    play = Play(ready=READINESS)
    refused(play, "request 1", A)
    play.over()

    assert found(play) == []


@pytest.mark.parametrize("outcome", ["raise", "hang"])
def test_a_bare_yes_counts_nobody_whose_resource_had_failed(outcome: str) -> None:
    play = Play(ready=READINESS)
    run = play.opening(A)
    play.fails("lifespan", outcome, opening=A)
    play.tells(Stage.FAILED, A, run)
    asks(play)
    refused(play, "request 2", A)
    play.over()

    assert found(play) == []


def test_a_failure_of_anothers_resource_excuses_nobody() -> None:
    play = Play(ready=READINESS)
    run = play.opening(B)
    play.fails("lifespan", opening=B)
    play.tells(Stage.FAILED, B, run)
    asks(play)
    refused(play, "request 2", A)
    play.over()

    assert found(play) == [REFUSED]


@pytest.mark.parametrize(("tenants", "named"), [(2, ()), (1, (A,))])
def test_who_hangs_and_is_counted_all_the_same_is_found(
    tenants: int, named: tuple[int, ...]
) -> None:
    play = Play(ready=READINESS)
    play.opening(A)
    play.moves("lifespan", Movement.WENT, "hang", opening=A)
    counts(play, asks(play), tenants, named)
    refused(play, "request 2", A)
    play.over()

    assert found(play) == [REFUSED]


@pytest.mark.parametrize(("tenants", "named"), [(1, ()), (1, (B,)), (0, ())])
def test_who_hangs_and_is_left_out_may_be_refused(
    tenants: int, named: tuple[int, ...]
) -> None:
    play = Play(ready=READINESS)
    play.opening(A)
    play.moves("lifespan", Movement.WENT, "hang", opening=A)
    counts(play, asks(play), tenants, named)
    refused(play, "request 2", A)
    refused(play, "request 3", A)
    play.over()

    assert found(play) == []


def test_no_more_tenants_may_be_refused_than_were_left_out() -> None:
    play = Play(ready=READINESS)
    counts(play, asks(play), 1)
    refused(play, "request 2", B)
    refused(play, "request 3", A)
    play.over()

    assert found(play) == [REFUSED]


def test_a_newcomer_may_be_the_one_that_is_counted() -> None:
    play = Play(ready=READINESS)
    play.comes("operator 1", 2, "POST /tenants", role=ActorRole.OPERATOR)
    play.goes("operator 1")
    counts(play, asks(play), 2)
    refused(play, "request 2", A)
    play.over()

    assert found(play) == []


def test_what_fails_after_it_was_counted_excuses() -> None:
    play = Play(ready=READINESS)
    counts(play, asks(play), 2)
    play.comes("request 2", A)
    run = play.opening(A)
    play.fails("request 2", opening=A)
    play.tells(Stage.FAILED, A, run)
    play.ends("request 2", 503)
    refused(play, "request 3", A)
    play.over()

    assert found(play) == []


def test_a_client_that_left_excuses_itself_and_nobody_else() -> None:
    play = Play(ready=READINESS)
    counts(play, asks(play), 2)
    play.comes("request 2", A)
    play.comes("request 3", A)
    play.leaves("request 2")
    play.ends("request 2", 503)
    play.over()
    assert found(play) == []

    play.ends("request 3", 503)
    assert found(play) == [REFUSED]


def test_who_is_offboarded_and_who_comes_after_the_stop_may_be_refused() -> None:
    play = Play(ready=READINESS)
    counts(play, asks(play), 2)
    play.comes("operator 1", A, OFFBOARD, role=ActorRole.OPERATOR)
    play.goes("operator 1")
    play.comes("request 2", A, expected=404)
    play.ends("request 2", 503)
    play.moves("lifespan", Movement.WENT, kind="stop")
    refused(play, "request 3", B)
    play.over()

    assert found(play) == []


def test_a_tenant_that_the_app_did_not_know_is_not_judged() -> None:
    play = Play(ready=READINESS)
    asks(play)
    refused(play, "request 2", 2)
    play.over()

    assert found(play) == []
