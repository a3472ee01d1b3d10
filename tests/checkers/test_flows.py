"""What goes on after the shutdown is found; what ends, or can be cut off, is not."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.race import FlowEnded, FlowEnding
from tests.checkers.plays import READ, A, Play

STREAM = "GET /events"


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def becomes(play: Play, exchange: int, ending: FlowEnding) -> None:
    play.add(FlowEnded("flow ended", play.now, play.schedule, exchange, ending))


def test_a_stream_that_goes_on_after_the_shutdown_is_found() -> None:
    play = Play()
    play.asks("request 1", A)
    exchange = play.asks("request 2", A, STREAM)
    becomes(play, exchange, FlowEnding.OUTLIVED)
    play.over()

    assert found(play) == [(STREAM, "outlives the shutdown", A)]


@pytest.mark.parametrize("ending", [FlowEnding.ENDED, FlowEnding.CUT])
def test_one_that_ends_or_is_cut_off_is_fine(ending: FlowEnding) -> None:
    play = Play()
    exchange = play.asks("request 1", A, STREAM)
    becomes(play, exchange, ending)
    play.over()

    assert found(play) == []


def test_a_socket_that_the_server_refuses_as_it_stops_is_fine() -> None:
    play = Play()
    exchange = play.comes("request 1", A, "WEBSOCKET /socket", expected=101)
    becomes(play, exchange, FlowEnding.REFUSED)
    play.ends("request 1", 500)
    play.over()

    assert found(play) == []


def test_only_the_one_that_the_server_refused_is_excused() -> None:
    play = Play()
    exchange = play.comes("request 1", A, "WEBSOCKET /socket", expected=101)
    play.comes("request 2", A)
    becomes(play, exchange, FlowEnding.REFUSED)
    play.ends("request 1", 500)
    play.ends("request 2", 500)
    play.over()

    assert found(play) == [(READ, "other outcome", A)]
