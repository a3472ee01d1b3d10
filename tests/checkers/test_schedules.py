"""What is judged of starts is judged of each schedule too."""

from __future__ import annotations

import pytest

from harness.checkers.canary import canary
from harness.checkers.label import label
from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Stage
from harness.model.race import ActorRole, Ending
from tests.checkers.histories import body, hit
from tests.checkers.plays import OPEN, OPERATOR, WRITE, A, B, Play


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def meet(play: Play) -> tuple[int, int]:
    """Have two first uses of a tenant both initialise it."""
    runs = play.opening(A), play.opening(A)
    for run in runs:
        play.tells(Stage.READY, A, run)
    return runs


def test_two_first_uses_that_both_initialise_a_tenant_are_found() -> None:
    play = Play()
    for run in meet(play):
        play.closes(A, run)
    play.over()

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.shape, finding.owner) == (OPEN, "twice", A)
    assert "scenario cold_stampede, strategy lazy, 2 tenants" in finding.summary


def test_what_is_declared_to_do_no_harm_twice_is_fine() -> None:
    play = Play(again=True)
    for run in meet(play):
        play.closes(A, run)
    play.over()

    assert found(play) == []


def test_the_same_tenant_in_the_next_schedule_is_another_start() -> None:
    play = Play()
    for _ in range(2):
        play.closes(A, play.opens(A))
        play.over()
        play.begins()
    play.over()

    assert found(play) == []


def reloads(play: Play, *, closes_old: bool, role: ActorRole | None) -> None:
    old = play.opens(A)
    exchange = 0
    if role is not None:
        exchange = play.comes("operator 1", A, OPERATOR, role=role)
    new = play.opens(A, exchange=exchange)
    if closes_old:
        play.closes(A, old)
    if role is not None:
        play.ends("operator 1")
    play.closes(A, new)
    play.over()


@pytest.mark.parametrize("role", [ActorRole.OPERATOR, ActorRole.REQUEST])
def test_a_reload_that_opens_the_new_before_it_closes_the_old_is_fine(
    role: ActorRole,
) -> None:
    play = Play()
    reloads(play, closes_old=True, role=role)

    assert found(play) == []


def test_a_reload_that_never_closes_the_old_is_found() -> None:
    play = Play()
    reloads(play, closes_old=False, role=ActorRole.OPERATOR)

    assert found(play) == [(OPEN, "not closed", A), (OPEN, "twice", A)]


def test_a_second_initialisation_that_nobody_asked_for_is_found() -> None:
    play = Play()
    reloads(play, closes_old=True, role=None)

    assert found(play) == [(OPEN, "twice", A)]


def test_first_uses_that_meet_are_found_also_amid_a_reload() -> None:
    play = Play()
    play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    for run in meet(play):
        play.closes(A, run)
    play.ends("operator 1")
    play.over()

    assert found(play) == [(OPEN, "twice", A)]


def starts_half_way(play: Play, *, closes: bool) -> None:
    """Have the start-up fail at the second tenant."""
    play.over()
    play.begins(started=False)
    run = play.opens(A)
    play.connects(100, A, is_open=True)
    play.fails("lifespan")
    if closes:
        play.closes(A, run)
        play.connects(100, A, is_open=False)
    else:
        play.leaves_open(100)
    play.over(stopped=False)


def test_a_start_that_fails_and_closes_nothing_is_found() -> None:
    play = Play()
    starts_half_way(play, closes=False)

    assert found(play) == [
        (OPEN, "not closed", A),
        ("connection", "left open", A),
    ]


def test_a_start_that_fails_and_closes_what_it_opened_is_fine() -> None:
    play = Play()
    starts_half_way(play, closes=True)

    assert found(play) == []


def test_an_app_that_stood_still_could_not_close_anything() -> None:
    play = Play()
    play.opens(A)
    play.connects(100, A, is_open=True)
    play.leaves_open(100)
    play.over(Ending.STUCK)

    assert found(play) == []


@pytest.mark.parametrize(
    ("began", "left"), [(True, []), (False, [(OPEN, "not closed", A)])]
)
def test_an_end_that_is_cut_off_is_excused_and_a_start_is_not(
    left: list[tuple[str, str, int]], *, began: bool
) -> None:
    play = Play()
    play.over()
    play.begins(started=began)
    play.opens(A)
    play.leaves("lifespan")
    play.over(stopped=False)

    assert found(play) == left


def test_a_canary_belongs_to_the_request_that_was_answered_with_it() -> None:
    play = Play()
    play.comes("request 1", A)
    second = play.comes("request 2", B)
    play.ends("request 1", found=body(hit(A)))
    play.ends("request 2", found=body(hit(A)))
    play.over()

    (finding,) = canary(play.history())
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.evidence[0].exchange == second


def writes_and_reads(play: Play, writer: int) -> None:
    """Have B read what holds A's canary before the one who writes it is answered."""
    play.comes("request 1", writer, WRITE)
    play.comes("request 2", B)
    play.ends("request 2", found=body(hit(A)))
    play.ends("request 1", sent=frozenset({(A, hit(A).field)}))
    play.over()


def test_who_reads_its_own_writing_before_that_is_answered_may() -> None:
    play = Play()
    writes_and_reads(play, B)

    assert canary(play.history()) == []


def test_who_reads_anothers_writing_before_that_is_answered_is_found() -> None:
    play = Play()
    writes_and_reads(play, A)

    (finding,) = canary(play.history())
    assert (finding.owner, finding.receiver) == (A, B)


@pytest.mark.parametrize(("crossed", "shapes"), [(True, ["wrong"]), (False, [])])
def test_a_label_is_compared_with_the_tenant_of_its_own_request(
    shapes: list[str], *, crossed: bool
) -> None:
    play = Play()
    for tenant in (A, B):
        exchange = play.asks(f"request {tenant}", tenant)
        play.logs(exchange, tenant)
    play.over()
    play.begins()
    exchanges = [play.comes(f"request {tenant}", tenant) for tenant in (A, B)]
    play.logs(exchanges[1], A if crossed else B)
    play.logs(exchanges[0], A)
    for tenant in (B, A):
        play.ends(f"request {tenant}")
    play.over()

    assert [one.shape for one in label(play.history())] == shapes


def logs_nothing(play: Play, status: int, *, before: bool) -> list[str]:
    """Have one of A's requests log a line that names nobody."""
    for status_now, lines in ((200, [A]), (status, [A, None] if before else [None])):
        exchange = play.comes("request 1", A)
        for tenant in lines:
            play.logs(exchange, tenant)
        play.ends("request 1", status_now)
        play.over()
        play.begins()
    return [one.shape for one in label(play.history())]


@pytest.mark.parametrize(
    ("status", "before", "shapes"),
    [(200, False, ["missing"]), (503, False, []), (503, True, ["missing"])],
)
def test_a_line_of_who_failed_before_its_tenant_was_known_may_name_nobody(
    status: int, shapes: list[str], *, before: bool
) -> None:
    assert logs_nothing(Play(), status, before=before) == shapes
