from __future__ import annotations

from harness.checkers.together import gaps_together
from harness.model.history import History
from harness.model.race import Ending, Scheduled, ScheduleEnded, Waiting

FOREIGN = "request 1: Stream.read was woken from outside (Protocol)"


def schedule(
    number: int, *, foreign: int = 0, ending: Ending = Ending.ENDED
) -> tuple[Scheduled, ScheduleEnded]:
    waiting = (Waiting("request 2", "Lock.acquire", ()),) if ending != "ended" else ()
    return (
        Scheduled("scheduled", 0.0, number, "together", "crossings"),
        ScheduleEnded(
            kind="schedule ended",
            at=1.0,
            schedule=number,
            ending=ending,
            waiting=waiting,
            deviations=(),
            choices=9,
            operations=10 - foreign,
            uncontrolled=(FOREIGN,) * foreign,
            digest="",
        ),
    )


def test_what_was_explored_under_control_leaves_no_gap() -> None:
    assert not list(gaps_together(History((*schedule(1), *schedule(2, foreign=1)))))


def test_too_much_that_is_not_under_control_was_not_seen_and_decides_nothing() -> None:
    events = (*schedule(1), *schedule(2, foreign=3))

    (gap,) = gaps_together(History(events))

    assert (
        gap.reason
        == f"not seen: 15.0% of the wake-ups were not under control ({FOREIGN})"
    )
    assert not gap.floor


def test_schedules_that_stood_still_are_told_with_who_waited() -> None:
    events = (*schedule(1), *schedule(2, ending=Ending.DEADLOCK))

    (gap,) = gaps_together(History(events))

    assert "in 1 of 2 schedules" in gap.reason
    assert "request 2: Lock.acquire" in gap.reason


def test_what_took_no_part_is_named() -> None:
    gaps = list(
        gaps_together(History(), unexplored="it is served", left_out=["GET /a"])
    )

    assert [(one.what, one.reason, one.floor) for one in gaps] == [
        ("requests at once", "not explored: it is served", False),
        ("requests at once: GET /a", "does not work for two tenants", False),
    ]


def test_operations_that_met_no_other_request_are_named_in_one_line() -> None:
    few = ["GET /a", "GET /b"]
    many = [f"GET /{number}" for number in range(11)]

    (named,) = gaps_together(History(schedule(1)), unmet=few)
    (folded,) = gaps_together(History(schedule(1)), unmet=many)

    assert (named.reason, named.floor) == (
        "met no other request: GET /a, GET /b",
        False,
    )
    assert folded.reason.startswith("met no other request: GET /0, GET /1, ")
    assert folded.reason.endswith("GET /7 and 3 more")


def test_schedules_that_were_left_out_are_told_of() -> None:
    (gap,) = gaps_together(History(schedule(1)), stopped="stopped after 1 of 9")

    assert (gap.what, gap.reason, gap.floor) == (
        "requests at once",
        "stopped after 1 of 9",
        False,
    )
