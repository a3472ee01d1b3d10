"""From the events of a schedule to an order that a reader can follow."""

from __future__ import annotations

from harness.exploring.diagram import interleaving_of
from harness.model.event import Event
from harness.model.race import ActorCame, ActorRole, Interleaving, Moved, Movement
from harness.scheduling.choice import Key
from harness.scheduling.tape import Deviation, Tape


def came(actor: str, tenant: int | None, about: str) -> ActorCame:
    return ActorCame("actor", 0.0, 1, actor, ActorRole.REQUEST, tenant, 1, about)


def moved(
    actor: str,
    sequence: int,
    movement: Movement,
    *,
    label: str = "select 1",
    outcome: str = "",
    deviates: bool = False,
    lane: str = "",
) -> Moved:
    return Moved(
        "moved",
        0.0,
        1,
        actor,
        sequence,
        "query",
        label,
        movement,
        outcome,
        deviates,
        lane=lane or actor,
    )


def drawn(*events: Event, tape: Tape = ()) -> Interleaving:
    return interleaving_of(
        events, scenario="first use", token="r1.x", tape=tape, minimal=True
    )


def test_who_did_something_has_a_column_in_the_order_in_which_they_came() -> None:
    shown = drawn(
        came("request 1", 0, "GET /a"),
        came("request 2", 1, "GET /b"),
        came("request 3", None, "GET /c"),
        moved("request 3", 0, Movement.WENT),
        moved("request 1", 0, Movement.WENT, lane="request 1 opens A"),
        moved("request 1", 0, Movement.WENT),
    )

    assert shown.actors == (
        ("request 1", "A: GET /a"),
        ("request 3", "GET /c"),
        ("request 1 opens A", ""),
    )


def test_an_answer_right_after_its_question_is_one_line_with_it() -> None:
    shown = drawn(
        moved("one", 0, Movement.WENT),
        moved("one", 0, Movement.CAME),
        moved("one", 1, Movement.WENT),
        moved("two", 0, Movement.WENT, deviates=True),
        moved("two", 0, Movement.FAILED),
        moved("one", 1, Movement.CAME),
    )

    assert [(line.actor, line.text) for line in shown.lines] == [
        ("one", "query select 1"),
        ("one", "query select 1 (…)"),
        ("two", "query select 1 (failed)"),
        ("one", "query select 1 (answered)"),
    ]
    assert [line.deviates for line in shown.lines] == [False, False, True, False]


def test_what_becomes_of_an_operation_is_told() -> None:
    shown = drawn(
        moved("one", 0, Movement.WENT, outcome="hang"),
        moved("one", 1, Movement.WENT, outcome="cancel sent"),
        moved("one", 1, Movement.LEFT, outcome="cancel sent"),
        moved("one", 1, Movement.CANCELLED, outcome="cancel sent"),
    )

    assert [line.text for line in shown.lines] == [
        "query select 1 (hang)",
        "query select 1 (cancel sent, …)",
        "query select 1 (cancel sent, the client leaves)",
        "query select 1 (cancel sent, cancelled)",
    ]


def test_each_deviation_of_the_tape_is_named_by_what_it_is_about() -> None:
    tape = (
        Deviation(Key("two", 0), ahead_of=Key("one", 1)),
        Deviation(Key("one", 1, "raise")),
        Deviation(Key("clock", 4), ahead_of=Key("three", 7)),
    )

    shown = drawn(
        moved("two", 0, Movement.WENT, label="insert"),
        moved("one", 1, Movement.WENT, label="update"),
        tape=tape,
    )

    assert shown.deviations == (
        "two: query insert, ahead of one: query update",
        "one: query update (raise)",
        "clock: #4, ahead of three: #7",
    )
    assert (shown.scenario, shown.token, shown.minimal) == ("first use", "r1.x", True)


def test_nothing_is_drawn_of_nothing() -> None:
    shown = drawn(came("request 1", 0, "GET /a"))

    assert not shown.lines
    assert not shown.actors
