"""Uses of what is another's, not ready or closed are found; the others are not."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Condition, Stage
from harness.model.finding import Severity
from tests.checkers.plays import OPEN, READ, A, B, Play

GONE = {
    Condition.CLOSED: "used after close",
    Condition.TORN: "closed in use",
    Condition.ABANDONED: "left behind",
}


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def test_a_request_that_uses_its_own_ready_resource_is_fine() -> None:
    play = Play()
    exchange = play.comes("request 1", A)
    run = play.opens(A, exchange=exchange)
    play.uses(exchange, A, run)
    play.ends("request 1")
    play.closes(A, run)
    play.over()

    assert found(play) == []


def uses_anothers(play: Play, *, during: int | None = None) -> None:
    runs = [play.opens(tenant) for tenant in (A, B)]
    exchange = play.comes("request 1", B)
    if during is not None:
        play.uses(exchange, A, runs[0], during=during)
    play.uses(exchange, A, runs[0])
    play.ends("request 1")
    for tenant, run in zip((A, B), runs, strict=True):
        play.closes(tenant, run)
    play.over()


def test_a_request_that_holds_another_tenants_resource_is_found() -> None:
    play = Play()
    uses_anothers(play)

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.shape) == (OPEN, "another tenant's")
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.CRITICAL


def test_what_anothers_initialiser_uses_too_is_shared_on_purpose() -> None:
    play = Play()
    uses_anothers(play, during=B)

    assert found(play) == []


def test_what_is_made_for_no_other_tenant_is_shared_on_purpose() -> None:
    play = Play()
    run = play.opens(A)
    exchange = play.comes("request 1", B)
    play.uses(exchange, A, run)
    play.ends("request 1")
    play.closes(A, run)
    play.over()

    assert found(play) == []


def test_work_that_a_request_leaves_behind_may_be_for_others() -> None:
    play = Play()
    runs = [play.opens(tenant) for tenant in (A, B)]
    exchange = play.asks("request 1", B)
    play.uses(exchange, A, runs[0])
    for tenant, run in zip((A, B), runs, strict=True):
        play.closes(tenant, run)
    play.over()

    assert found(play) == []


def uses_early(play: Play, *, during: int | None) -> None:
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    second = play.comes("request 2", A)
    play.uses(second, A, run, Condition.OPENING, during=during)
    play.tells(Stage.READY, A, run, exchange=first)
    play.ends("request 1")
    play.ends("request 2")
    play.closes(A, run)
    play.over()


def test_a_resource_that_is_used_before_it_is_ready_is_found() -> None:
    play = Play()
    uses_early(play, during=None)

    assert found(play) == [(OPEN, "used too early", A)]


def test_what_the_initialiser_itself_uses_is_its_business() -> None:
    play = Play()
    uses_early(play, during=A)

    assert found(play) == []


def test_nobody_has_to_wait_for_an_initialiser_that_is_not_awaited() -> None:
    play = Play(awaited=False)
    uses_early(play, during=None)

    assert found(play) == []


def uses_gone(play: Play, state: Condition, status: int) -> None:
    run = play.opens(A)
    exchange = play.comes("request 1", A)
    play.closes(A, run)
    play.uses(exchange, A, run, state)
    play.ends("request 1", status)
    play.over()


@pytest.mark.parametrize("state", GONE)
def test_a_request_that_fails_over_a_resource_that_is_gone_is_found(
    state: Condition,
) -> None:
    play = Play()
    uses_gone(play, state, 500)

    assert (OPEN, GONE[state], A) in found(play)


@pytest.mark.parametrize("state", GONE)
def test_a_request_that_notices_and_takes_another_is_fine(state: Condition) -> None:
    play = Play()
    uses_gone(play, state, 200)

    assert found(play) == []


@pytest.mark.parametrize(
    ("state", "shapes"),
    [(Condition.CLOSED, ["used after close"]), (Condition.READY, [])],
)
def test_background_work_may_not_go_on_with_what_is_closed(
    state: Condition, shapes: list[str]
) -> None:
    play = Play()
    run = play.opens(A)
    play.closes(A, run)
    play.uses(0, A, run, state)
    play.over()

    assert [shape for _, shape, _ in found(play)] == shapes


def holds_anothers(
    play: Play, *, has_its_own: bool = True, during: int | None = None
) -> None:
    """Have B's request use a connection that names A, opened by no initialiser."""
    if has_its_own:
        play.holds(play.asks("request 1", B), B, 2)
    if during is not None:
        play.holds(0, A, 1, during=during)
    exchange = play.comes("request 2", B)
    play.holds(exchange, A, 1)
    play.ends("request 2")
    play.over()


def test_a_request_that_holds_a_connection_that_names_another_is_found() -> None:
    play = Play()
    holds_anothers(play)

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.shape) == ("connection", "another tenant's")
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.CRITICAL
    assert "a connection that names A" in finding.summary


def test_what_names_a_tenant_though_no_other_has_its_own_is_only_called_so() -> None:
    play = Play()
    holds_anothers(play, has_its_own=False)

    assert found(play) == []


def test_a_connection_that_anothers_initialiser_uses_too_is_shared_on_purpose() -> None:
    play = Play()
    holds_anothers(play, during=B)

    assert found(play) == []


@pytest.mark.parametrize("tenant", [A, None])
def test_its_own_tenant_and_nobodys_request_may_hold_what_names_a_tenant(
    tenant: int | None,
) -> None:
    play = Play()
    play.holds(play.asks("request 1", B), B, 2)
    exchange = play.comes("request 2", tenant)
    play.holds(exchange, A, 1)
    play.ends("request 2")
    play.over()

    assert found(play) == []


@pytest.mark.parametrize(
    ("status", "shapes"),
    [(500, {"used after close", "other outcome"}), (200, set())],
)
def test_a_connection_that_names_its_tenant_may_not_be_closed_in_use(
    status: int, shapes: set[str]
) -> None:
    play = Play()
    exchange = play.comes("request 1", A)
    play.holds(exchange, A, 1, Condition.CLOSED)
    play.ends("request 1", status)
    play.over()

    assert {shape for _, shape, _ in found(play)} == shapes


def test_what_belongs_to_no_known_tenant_is_not_judged() -> None:
    play = Play()
    play.opens(B)
    exchange = play.comes("request 1", B)
    play.uses(exchange, None, 7, Condition.OPENING)
    play.ends("request 1")
    play.closes(B, 1)
    play.over()

    assert found(play) == []


def is_served(play: Play, *, ready: bool, in_request: bool, first: str = READ) -> None:
    """Have A served while its initialisation goes on, or after it ended."""
    exchange = play.comes("request 1", A, first)
    play.comes("request 2", A)
    run = play.opening(A, exchange=exchange if in_request else 0)
    if ready:
        play.tells(Stage.READY, A, run)
    play.ends("request 2")
    if not ready:
        play.tells(Stage.READY, A, run)
    play.ends("request 1")
    play.closes(A, run)
    play.over()


@pytest.mark.parametrize("in_request", [True, False])
def test_a_request_that_is_served_before_its_resource_is_ready_is_found(
    *, in_request: bool
) -> None:
    play = Play()
    is_served(play, ready=False, in_request=in_request)

    assert found(play) == [(OPEN, "too early", A)]


@pytest.mark.parametrize("in_request", [True, False])
def test_a_request_that_is_served_once_it_is_ready_is_fine(*, in_request: bool) -> None:
    play = Play()
    is_served(play, ready=True, in_request=in_request)

    assert found(play) == []


def test_where_two_operations_are_served_either_may_have_had_it_made() -> None:
    play = Play()
    is_served(play, ready=False, in_request=False, first="GET /flags")

    assert found(play) == []


def test_what_is_made_though_nobody_asked_says_nothing_of_who_asks() -> None:
    play = Play()
    play.closes(B, play.opens(B))
    is_served(play, ready=False, in_request=False)

    assert found(play) == []


def test_a_request_that_is_served_from_what_was_cancelled_is_found() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.leaves("request 1")
    play.tells(Stage.CANCELLED, A, run, exchange=first)
    play.asks("request 2", A)
    play.over()

    assert found(play) == [(OPEN, "too early", A)]


def test_an_answer_may_be_kept_from_when_the_resource_was_ready() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opens(A, exchange=first)
    play.ends("request 1")
    play.closes(A, run)
    play.asks("request 2", A)
    play.over()

    assert found(play) == []


def test_operations_in_which_nothing_was_ever_made_may_not_need_it() -> None:
    play = Play()
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.asks("request 2", A, "GET /me")
    play.tells(Stage.READY, A, run, exchange=first)
    play.ends("request 1")
    play.closes(A, run)
    play.over()

    assert found(play) == []


@pytest.mark.parametrize(
    ("status", "outside", "found_shapes"),
    [
        (500, False, {"used after close", "other outcome"}),
        (200, False, set()),
        (200, True, {"used after close"}),
    ],
)
def test_a_closed_pool_of_nobodys_may_not_be_used_either(
    status: int, found_shapes: set[str], *, outside: bool
) -> None:
    play = Play()
    exchange = play.comes("request 1", A)
    play.uses_nobodys(0 if outside else exchange)
    play.ends("request 1", status)
    play.over()

    assert {shape for _, shape, _ in found(play)} == found_shapes


def test_work_that_a_request_leaves_behind_may_not_use_what_is_closed() -> None:
    play = Play()
    run = play.opens(A)
    exchange = play.asks("request 1", A)
    play.closes(A, run)
    play.uses(exchange, A, run, Condition.CLOSED)
    play.over()

    assert found(play) == [(OPEN, "used after close", A)]
