"""A generation that is older than one seen before is found."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.race import ActorRole
from tests.checkers.plays import READ, WRITE, A, Play


def shapes(play: Play) -> list[tuple[str, str]]:
    play.over()
    return [(one.operation, one.shape) for one in lifecycle(play.history())]


def reads(play: Play, actor: str, generation: int, *, fresh: bool = False) -> None:
    exchange = play.asks(actor, A)
    play.saw(exchange, generation, fresh=fresh)


def test_an_older_generation_after_a_newer_one_is_found() -> None:
    play = Play()
    reads(play, "request 1", 2)
    reads(play, "request 2", 1)

    assert shapes(play) == [(READ, "older generation")]
    (finding,) = lifecycle(play.history())
    assert finding.summary.startswith(
        "A saw generation 1 of flag in GET /documents, after request 1 had seen "
        "generation 2"
    )


@pytest.mark.parametrize("second", [2, 3])
def test_the_same_or_a_newer_one_is_fine(second: int) -> None:
    play = Play()
    reads(play, "request 1", 2)
    reads(play, "request 2", second)

    assert shapes(play) == []


def test_readings_that_overlap_may_come_in_any_order() -> None:
    play = Play()
    second = play.comes("request 2", A)
    reads(play, "request 1", 2)
    play.ends("request 2")
    play.saw(second, 1)

    assert shapes(play) == []


def test_a_reading_counts_from_when_it_reached_the_app() -> None:
    play = Play()
    second = play.comes("request 2", A, arrives=False)
    reads(play, "request 1", 2)
    play.arrives("request 2")
    play.ends("request 2")
    play.saw(second, 1)

    assert shapes(play) == [(READ, "older generation")]


@pytest.mark.parametrize(
    ("fresh", "found"), [(True, [(READ, "older than written")]), (False, [])]
)
def test_what_was_written_must_be_seen_where_that_is_promised(
    found: list[tuple[str, str]], *, fresh: bool
) -> None:
    play = Play()
    exchange = play.asks("request 1", A, WRITE)
    play.wrote(exchange, 1)
    reads(play, "request 2", 0, fresh=fresh)

    assert shapes(play) == found


def test_each_schedule_has_generations_of_its_own() -> None:
    play = Play()
    reads(play, "request 1", 2)
    play.over()
    play.begins()
    reads(play, "request 1", 1)

    assert shapes(play) == []


@pytest.mark.parametrize(
    ("fresh", "overlaps", "expected"),
    [
        (True, False, [("flag", "older than written")]),
        (True, True, []),
        (False, False, []),
    ],
)
def test_who_takes_several_requests_has_seen_and_written_when_it_is_through(
    fresh: bool, overlaps: bool, expected: list[tuple[str, str]]
) -> None:
    play = Play()
    writer, reader = "operator 1", "operator 2"
    play.comes(writer, A, "PUT flag", role=ActorRole.OPERATOR)
    if overlaps:
        play.comes(reader, A, "GET flag", role=ActorRole.OPERATOR)
    play.wrote(0, 1, actor=writer)
    play.goes(writer)
    if not overlaps:
        play.comes(reader, A, "flag", role=ActorRole.OPERATOR)
    play.saw(0, 0, fresh=fresh, actor=reader)
    play.goes(reader)

    assert shapes(play) == expected
