"""What an app raises after an answer is found, unless it does so alone too."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Phase
from harness.model.race import ActorRole
from tests.checkers.plays import OPERATOR, READ, A, B, Play

FOUND = [(READ, "raised after its answer", A)]


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


@pytest.mark.parametrize("first", ["answer", "error"])
def test_what_is_raised_after_an_answer_is_found_however_it_is_told(first: str) -> None:
    play = Play()
    play.comes("request 1", A)
    if first == "error":
        play.raises("request 1")
    play.ends("request 1")
    if first == "answer":
        play.raises("request 1")
    play.over()

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.shape, finding.owner) == FOUND[0]
    assert (
        "A's GET /documents was answered 200, and then the app raised RuntimeError: "
        "too late, which it does not if nobody interferes" in finding.summary
    )


@pytest.mark.parametrize(("raises", "findings"), [(True, []), (False, FOUND)])
def test_what_is_raised_alone_too_is_the_apps_way(
    findings: list[object], *, raises: bool
) -> None:
    play = Play()
    play.comes("request 1", A, raises=raises)
    play.ends("request 1")
    play.raises("request 1")
    play.over()

    assert found(play) == findings


@pytest.mark.parametrize("status", [0, 409, 500])
def test_where_the_answer_tells_of_it_the_answer_is_judged(status: int) -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1", status)
    play.raises("request 1")
    play.over()

    assert found(play) == [(READ, "other outcome", A)]


def test_of_whom_nobody_knows_how_it_ends_alone_is_not_judged() -> None:
    play = Play()
    play.comes("request 1", A, expected=None)
    play.ends("request 1")
    play.raises("request 1")
    play.over()

    assert found(play) == []


@pytest.mark.parametrize(("whose", "findings"), [(A, []), (B, FOUND)])
def test_a_failure_of_its_own_tenants_meanwhile_excuses_it(
    whose: int, findings: list[object]
) -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1")
    play.comes("request 2", whose)
    play.fails("request 2")
    play.ends("request 2")
    play.raises("request 1")
    play.over()

    assert found(play) == findings


@pytest.mark.parametrize(
    ("leaver", "findings"), [("request 1", []), ("request 2", FOUND)]
)
def test_only_its_own_client_that_leaves_excuses_it(
    leaver: str, findings: list[object]
) -> None:
    play = Play()
    play.comes("request 1", A)
    play.comes("request 2", A)
    play.leaves(leaver)
    play.ends("request 1")
    play.raises("request 1")
    play.ends("request 2")
    play.over()

    assert found(play) == findings


@pytest.mark.parametrize(("alone", "findings"), [(404, []), (200, FOUND)])
def test_a_tenant_that_an_operator_has_go_may_miss_something_afterwards(
    alone: int, findings: list[object]
) -> None:
    play = Play()
    play.comes("request 1", A)
    play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    play.ends("request 1")
    play.goes("operator 1")
    play.raises("request 1")
    play.comes("request 2", A, expected=alone)
    play.ends("request 2", alone)
    play.over()

    assert found(play) == findings


def test_what_is_raised_when_the_schedule_is_over_is_the_end_of_its_loop() -> None:
    play = Play()
    play.comes("request 1", A)
    play.ends("request 1")
    play.over()
    play.raises("request 1")

    assert found(play) == []


def test_it_is_found_in_each_life_of_the_app() -> None:
    play = Play()
    play.asks("request 1", A)
    play.stops()
    play.reaches(Phase.STARTED)
    play.comes("request 2", A)
    play.ends("request 2")
    play.raises("request 2")
    play.over()

    assert found(play) == FOUND
