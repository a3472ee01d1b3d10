"""Who ends worse than alone through no fault of theirs is found, and nobody else."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.checkers.outcomes import outcomes
from harness.checkers.schedules import schedules_of
from harness.model.boot import Phase, Stage
from harness.model.finding import Finding
from harness.model.race import ActorRole, Ending, Movement
from tests.checkers.plays import OPERATOR, READ, WRITE, A, B, Play

READINESS = "GET /readyz"


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def only(play: Play) -> Finding:
    (finding,) = lifecycle(play.history())
    return finding


@pytest.mark.parametrize(("status", "shapes"), [(500, ["other outcome"]), (200, [])])
def test_what_is_asked_after_a_restart_is_judged_as_after_the_start(
    status: int, shapes: list[str]
) -> None:
    play = Play()
    play.asks("request 1", A)
    play.reaches(Phase.STOPPED)
    play.reaches(Phase.STARTED)
    play.comes("request 2", A)
    play.ends("request 2", status)
    play.over()

    assert [one.shape for one in lifecycle(play.history())] == shapes


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_nobody_listens_before_a_start_or_from_a_stop_on(when: str) -> None:
    play = Play()
    play.events.clear()
    play.begins(started=False)
    for now in ("before", "between", "after"):
        if now == when:
            play.comes("request 1", A)
            play.ends("request 1", 0)
        if now != "after":
            play.reaches(Phase.STARTED)
            play.asks(f"request {now}", A)
            play.stops()
    play.over(stopped=False)

    assert found(play) == []


@pytest.mark.parametrize("life", [1, 2, 3])
def test_whoever_is_dropped_while_the_app_runs_is_found_in_each_of_its_lives(
    life: int,
) -> None:
    play = Play()
    for number in (1, 2, 3):
        if number > 1:
            play.reaches(Phase.STARTED)
        play.comes(f"request {number}", A)
        play.ends(f"request {number}", 0 if number == life else 200)
        play.stops()
    play.over(stopped=False)

    assert found(play) == [(READ, "other outcome", A)]


@pytest.mark.parametrize(
    ("asked_again", "shapes"), [(False, []), (True, ["refused after ready"])]
)
def test_that_the_app_was_ready_before_a_restart_promises_nothing_after_it(
    *, asked_again: bool, shapes: list[str]
) -> None:
    play = Play(ready="/readyz")
    play.asks("probe 1", None, READINESS)
    play.stops()
    play.reaches(Phase.STARTED)
    if asked_again:
        play.asks("probe 2", None, READINESS)
    play.comes("request 1", A)
    play.ends("request 1", 503)
    play.over()

    assert [one.shape for one in outcomes(tuple(schedules_of(play.history())))] == (
        shapes
    )


@pytest.mark.parametrize(("process", "shapes"), [(1, ["refused after ready"]), (2, [])])
def test_that_one_process_is_ready_promises_nothing_of_another(
    process: int, shapes: list[str]
) -> None:
    play = Play(ready="/readyz")
    play.reaches(Phase.STARTED, 2)
    play.asks("probe", None, READINESS)
    play.comes("request 1", A, process=process)
    play.ends("request 1", 503)
    play.over()

    assert [one.shape for one in outcomes(tuple(schedules_of(play.history())))] == (
        shapes
    )


@pytest.mark.parametrize(("process", "shapes"), [(1, []), (2, ["other outcome"])])
def test_while_one_process_is_stopped_another_still_listens(
    process: int, shapes: list[str]
) -> None:
    play = Play()
    play.reaches(Phase.STARTED, 2)
    play.stops()
    play.comes("request 1", A, process=process)
    play.ends("request 1", 0)
    play.stops(2)
    play.over(stopped=False)

    assert [one.shape for one in lifecycle(play.history())] == shapes


def test_requests_that_end_as_alone_are_fine() -> None:
    play = Play()
    play.asks("request 1", A)
    play.asks("request 2", B)
    play.over()

    assert found(play) == []


@pytest.mark.parametrize("status", [500, 502, 0])
def test_a_request_that_fails_for_no_reason_is_found(status: int) -> None:
    play = Play()
    play.asks("request 1", A)
    play.comes("request 2", A)
    play.ends("request 2", status)
    play.over()

    finding = only(play)
    assert (finding.operation, finding.shape, finding.owner) == (
        READ,
        "other outcome",
        A,
    )
    assert "though it is answered 200 if nobody interferes" in finding.summary
    assert "scenario cold_stampede" in finding.summary
    assert finding.evidence[0].exchange == 2


def test_a_request_that_fails_alone_too_is_fine() -> None:
    play = Play()
    play.comes("request 1", A, expected=500)
    play.ends("request 1", 502)
    play.over()

    assert found(play) == []


def test_a_request_of_which_nobody_knows_how_it_ends_alone_is_not_judged() -> None:
    play = Play()
    play.comes("request 1", A, expected=None)
    play.ends("request 1", 500)
    play.over()

    assert found(play) == []


def test_a_request_that_is_never_answered_is_found() -> None:
    play = Play()
    play.comes("request 1", A)
    play.over()

    assert found(play) == [(READ, "other outcome", A)]


@pytest.mark.parametrize("kind", ["stop", "lifespan"])
@pytest.mark.parametrize("arrives", [True, False])
def test_one_that_the_shutdown_was_quicker_than_is_fine(
    *, arrives: bool, kind: str
) -> None:
    play = Play()
    play.asks("request 1", B)
    play.comes("request 2", A, arrives=False)
    play.moves("lifespan", Movement.WENT, kind=kind)
    if arrives:
        play.arrives("request 2")
    play.ends("request 2", 0)
    play.over()

    assert found(play) == []


def test_one_that_reached_the_app_before_the_shutdown_must_be_answered() -> None:
    play = Play()
    play.comes("request 1", A)
    play.moves("lifespan", Movement.WENT, kind="lifespan")
    play.ends("request 1", 0)
    play.over()

    assert found(play) == [(READ, "other outcome", A)]


def test_one_that_the_client_left_is_fine() -> None:
    play = Play()
    play.comes("request 1", A)
    play.leaves("request 1")
    play.over()

    assert found(play) == []


def test_a_waiter_that_fails_because_another_client_left_is_found() -> None:
    play = Play()
    play.comes("request 1", A)
    play.comes("request 2", A)
    play.leaves("request 1")
    play.ends("request 2", 500)
    play.over()

    finding = only(play)
    assert finding.shape == "fails with another"
    assert "the client of request 1, not its own, had left" in finding.summary


def test_a_waiter_that_goes_on_when_another_client_left_is_fine() -> None:
    play = Play()
    play.comes("request 1", A)
    play.comes("request 2", A)
    play.leaves("request 1")
    play.ends("request 2")
    play.over()

    assert found(play) == []


def test_all_who_wait_for_an_initialisation_that_fails_may_fail() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.comes("request 2", A)
    play.fails("request 1")
    play.tells(Stage.FAILED, A, run, exchange=first)
    play.ends("request 1", 500)
    play.ends("request 2", 500)
    play.over()

    assert found(play) == []


def test_another_tenant_may_not_fail_with_it() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.comes("request 2", B)
    play.fails("request 1")
    play.tells(Stage.FAILED, A, run, exchange=first)
    play.ends("request 1", 500)
    play.ends("request 2", 500)
    play.over()

    assert found(play) == [(READ, "another tenant's failure", B)]


def fails_once(play: Play, then: int) -> None:
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.fails("request 1", "cut off")
    play.tells(Stage.FAILED, A, run, exchange=first)
    play.ends("request 1", 500)
    second = play.comes("request 2", A)
    if then == 200:
        run = play.opens(A, exchange=second)
        play.closes(A, run)
    play.ends("request 2", then)
    play.over()


def test_a_failure_that_the_next_request_still_meets_is_found() -> None:
    play = Play()
    fails_once(play, 500)

    finding = only(play)
    assert finding.shape == "failure remembered"
    assert any("cut off" in fact.text for fact in finding.evidence)


def test_a_failure_after_which_the_next_request_succeeds_is_fine() -> None:
    play = Play()
    fails_once(play, 200)

    assert found(play) == []


@pytest.mark.parametrize("opening", [A, None])
def test_an_initialisation_in_the_background_that_fails_concerns_its_tenant(
    opening: int | None,
) -> None:
    play = Play()
    run = play.opening(A)
    play.fails("lifespan", opening=opening)
    play.comes("request 1", A)
    play.comes("request 2", B)
    play.tells(Stage.FAILED, A, run)
    play.ends("request 1", 500)
    play.ends("request 2", 500)
    play.over()

    assert found(play) == [(READ, "another tenant's failure", B)]


def test_a_failure_of_the_lifespan_of_which_nobody_knows_whom_it_concerns() -> None:
    play = Play()
    play.fails("lifespan")
    play.comes("request 1", A)
    play.ends("request 1", 500)
    play.over()

    assert found(play) == []


def test_of_initialisations_side_by_side_only_the_one_that_failed_is_concerned() -> (
    None
):
    play = Play()
    runs = {tenant: play.opening(tenant) for tenant in (A, B)}
    play.fails("lifespan", opening=A)
    play.comes("request 1", B)
    play.tells(Stage.FAILED, A, runs[A])
    play.tells(Stage.READY, B, runs[B])
    play.ends("request 1", 500)
    play.closes(B, runs[B])
    play.over()

    assert found(play) == [(READ, "another tenant's failure", B)]


def test_what_an_error_of_work_in_anothers_name_does_is_like_a_failure() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.comes("request 2", A)
    for movement in (Movement.WENT, Movement.LEFT, Movement.FAILED):
        play.moves("request 1", movement, "cancel undone")
    play.tells(Stage.FAILED, A, run, exchange=first)
    play.ends("request 2", 500)
    play.over()

    # Who left has no end, so that nobody can tell when all of it is over.
    assert found(play) == []


def test_a_rate_limit_may_depend_on_the_order() -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1", 429)
    play.over()

    assert found(play) == []


def test_a_refusal_that_nobody_had_a_hand_in_is_found() -> None:
    play = Play()
    play.asks("request 1", A)
    play.comes("request 2", A)
    play.ends("request 2", 404)
    play.over()

    assert found(play) == [(READ, "other outcome", A)]


def test_a_refusal_where_somebody_changes_what_the_tenant_has_is_fine() -> None:
    play = Play()
    play.comes("request 1", A, WRITE)
    play.comes("request 2", A)
    play.ends("request 2", 404)
    play.ends("request 1")
    play.over()

    assert found(play) == []


@pytest.mark.parametrize(
    ("goes", "status", "shapes"),
    [
        (False, 200, []),
        (False, 503, ["refused after ready"]),
        (True, 503, []),
        (True, 500, ["other outcome"]),
    ],
)
def test_only_a_tenant_that_an_operator_has_go_may_be_refused_as_not_ready(
    status: int, shapes: list[str], *, goes: bool
) -> None:
    play = Play()
    play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    play.comes("request 1", A)
    play.ends("request 1", status)
    play.ends("operator 1")
    play.comes("request 2", A, expected=404 if goes else 200)
    play.ends("request 2", 404 if goes else 200)
    play.over()

    assert [shape for _, shape, _ in found(play)] == shapes


@pytest.mark.parametrize(
    ("whom", "after", "status", "shapes"),
    [
        (A, False, 503, []),
        (None, False, 503, []),
        (B, False, 503, ["refused after ready"]),
        (A, True, 503, ["refused after ready"]),
        (A, False, 500, ["other outcome"]),
    ],
)
def test_who_is_under_way_while_an_operator_acts_may_be_told_when_to_come_again(
    whom: int | None, status: int, shapes: list[str], *, after: bool
) -> None:
    play = Play()
    play.comes("operator 1", whom, OPERATOR, role=ActorRole.OPERATOR)
    if after:
        play.ends("operator 1")
        play.goes("operator 1")
    play.comes("request 1", A)
    play.ends("request 1", status, retry_after=5.0)
    if not after:
        play.ends("operator 1")
        play.goes("operator 1")
    play.over()

    assert [shape for _, shape, _ in found(play)] == shapes


def test_what_an_operator_only_reads_lets_nobody_be_refused() -> None:
    play = Play()
    play.comes("operator 1", A, "GET flags", role=ActorRole.OPERATOR)
    play.comes("request 1", A)
    play.ends("request 1", 503, retry_after=5.0)
    play.goes("operator 1")
    play.over()

    assert found(play) == [(READ, "refused after ready", A)]


def test_who_is_refused_before_the_app_is_ready_is_fine() -> None:
    play = Play(ready="/readyz")
    play.comes("request 1", A)
    play.ends("request 1", 503)
    play.comes("probe", None, READINESS, expected=None)
    play.ends("probe")
    play.over()

    assert found(play) == []


def test_who_is_refused_after_the_app_said_that_it_is_ready_is_found() -> None:
    play = Play(ready="/readyz")
    play.comes("probe", None, READINESS, expected=None)
    play.ends("probe")
    play.comes("request 1", A)
    play.ends("request 1", 503)
    play.over()

    assert found(play) == [(READ, "refused after ready", A)]


def test_an_app_that_says_nothing_of_it_is_ready_once_it_has_started() -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1", 503)
    play.over()

    assert found(play) == [(READ, "refused after ready", A)]


def test_a_start_that_fails_by_itself_is_found() -> None:
    play = Play()
    play.over()
    play.begins(started=False)
    play.comes("request 1", A, arrives=False)
    play.over(stopped=False)

    assert found(play) == [("lifespan", "not started", None)]


@pytest.mark.parametrize("interfered", ["fails", "leaves"])
def test_a_start_that_was_interfered_with_may_fail(interfered: str) -> None:
    play = Play()
    play.over()
    play.begins(started=False)
    play.comes("request 1", A, arrives=False)
    getattr(play, interfered)("lifespan")
    play.over(stopped=False)

    assert found(play) == []


@pytest.mark.parametrize("interfered", [False, True])
def test_a_shutdown_that_fails_by_itself_is_found(*, interfered: bool) -> None:
    play = Play()
    play.comes("request 1", A)
    if interfered:
        play.fails("request 1")
    play.ends("request 1")
    play.over(failure="RuntimeError in the lifespan")

    shapes = [] if interfered else [("lifespan", "not stopped", None)]
    assert found(play) == shapes


def test_nothing_is_said_of_requests_where_all_stood_still() -> None:
    play = Play()
    play.comes("request 1", A)
    play.over(Ending.STUCK)

    assert found(play) == []
    assert Phase.STOPPED not in {getattr(one, "phase", None) for one in play.events}


@pytest.mark.parametrize(
    ("says", "passed", "expected"),
    [
        (5.0, 0.0, []),
        (5.0, 29.0, []),
        (5.0, 31.0, [(READ, "failure remembered", A)]),
        (0.0, 0.0, [(READ, "failure remembered", A)]),
    ],
)
def test_who_has_failed_may_rest_for_a_moment_if_the_answer_says_so(
    says: float, passed: float, expected: list[tuple[str, str, int]]
) -> None:
    play = Play()
    play.comes("request 1", A)
    play.fails("request 1")
    play.ends("request 1", 503)
    play.waits(passed)
    play.comes("request 2", A)
    play.ends("request 2", 503, retry_after=says)
    play.over()

    assert found(play) == expected


def test_one_tenant_s_failure_lets_no_other_rest() -> None:
    play = Play()
    play.comes("request 1", A)
    play.fails("request 1")
    play.ends("request 1", 503)
    play.comes("request 2", B)
    play.ends("request 2", 503, retry_after=5.0)
    play.over()

    assert found(play) == [(READ, "another tenant's failure", B)]


@pytest.mark.parametrize(
    ("others", "through", "expected"),
    [
        (["onboard"], True, [(READ, "other outcome", A)]),
        (["onboard", "onboard"], True, [(READ, "other outcome", A)]),
        (["onboard", "offboard"], True, []),
        (["onboard"], False, []),
    ],
)
def test_what_was_done_before_a_request_excuses_it_only_if_its_order_matters(
    others: list[str], through: bool, expected: list[tuple[str, str, int]]
) -> None:
    play = Play()
    for number, what in enumerate(others, 1):
        play.comes(f"operator {number}", A, what, role=ActorRole.OPERATOR)
    for number in range(1, len(others) + 1):
        if through:
            play.goes(f"operator {number}")
    play.comes("request 1", A)
    play.ends("request 1", 404)
    play.over()

    assert found(play) == expected


def test_what_is_done_after_a_request_excuses_nothing() -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1", 404)
    play.comes("operator 1", A, "offboard", role=ActorRole.OPERATOR)
    play.goes("operator 1")
    play.over()

    assert found(play) == [(READ, "other outcome", A)]


def test_what_a_request_waited_for_only_by_luck_excuses_it() -> None:
    play = Play()
    play.comes("operator 1", A, "rotate keys", role=ActorRole.OPERATOR)
    play.comes("request 1", A, arrives=False)
    play.goes("operator 1")
    play.arrives("request 1")
    play.ends("request 1", 401)
    play.over()

    assert found(play) == []


def test_an_action_that_was_disturbed_may_leave_anything_behind() -> None:
    play = Play()
    play.comes("operator 1", A, "onboard", role=ActorRole.OPERATOR)
    play.fails("operator 1")
    play.goes("operator 1")
    play.comes("request 1", A)
    play.ends("request 1", 404)
    play.over()

    assert found(play) == []


def test_an_app_that_nobody_asks_whether_it_is_ready_is_so_once_it_has_started() -> (
    None
):
    play = Play(ready="/readyz")
    play.comes("request 1", A)
    play.ends("request 1", 503)
    play.over()

    assert found(play) == [(READ, "refused after ready", A)]
