"""Scenarios keep streams and sockets open, and run in several processes."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.exploring.grounds import Grounds
from harness.exploring.schedules import Played
from harness.exploring.stage import Stage
from harness.model.boot import Initialised
from harness.model.boot import Stage as Made
from harness.model.event import Event, Exchange, Heard
from harness.model.race import ActorCame, ActorRole, Ending, FlowEnded, FlowEnding
from harness.model.verdict import Outcome
from tests.races import kiosk
from tests.races.conftest import Explore
from tests.races.plays import at, cold_stampede, play

RIGHT = kiosk.RIGHT[0]


def events_of(grounds: Grounds, played: Played) -> tuple[Event, ...]:
    return grounds.scene.recorder.since(played.mark)


def test_a_stream_and_a_socket_stay_open_until_the_app_is_stopped(
    grounds: Grounds,
) -> None:
    statuses: list[int] = []

    async def act(stage: Stage) -> None:
        one = stage.tenant(0)
        opened = await stage.gather(
            one.stream("/news"), one.socket("/chat", says=("hello",))
        )
        statuses.extend(answer.status for answer in opened)
        statuses.append((await one.get("/items")).status)
        await stage.shutdown()

    played = play(grounds, act)

    events = events_of(grounds, played)
    assert played.ran.ending is Ending.ENDED, played.ran.waiting
    assert statuses[-3:] == [200, 101, 200]
    ids = {one.operation: one.id for one in events if isinstance(one, Exchange)}
    endings = [one for one in events if isinstance(one, FlowEnded)]
    assert {one.exchange: one.ending for one in endings} == {
        ids["GET /news"]: FlowEnding.CUT,
        ids["GET /chat"]: FlowEnding.ENDED,
    }
    # Each tells whose it is: what comes over it is scanned.
    heard = [one for one in events if isinstance(one, Heard)]
    assert {one.listener for one in heard} == set(ids.values()) - {ids["GET /items"]}
    assert {hit.owner for one in heard for hit in one.hits} == {0}


def test_what_cannot_be_cut_off_is_found_and_what_can_is_not(explore: Explore) -> None:
    async def stubborn(stage: Stage) -> None:
        await stage.tenant(0).socket("/deaf")

    async def patient(stage: Stage) -> None:
        await stage.tenant(0).stream("/news")

    result = explore(at(RIGHT, stubborn), schedules=2)
    assert [(one.operation, one.shape) for one in result.findings] == [
        ("GET /deaf", "outlives the shutdown")
    ]
    assert explore(at(RIGHT, patient), schedules=2).findings == ()


async def both(stage: Stage) -> None:
    """First requests to one tenant come to two processes."""
    there = stage.process(1)
    await stage.gather(
        stage.tenant(0).read(), there.tenant(0).read(), there.tenant(0).read()
    )


def test_each_process_makes_what_it_needs(grounds: Grounds) -> None:
    played = play(grounds, both, processes=2)

    events = events_of(grounds, played)
    ready = {
        (one.worker, one.tenant)
        for one in events
        if isinstance(one, Initialised) and one.stage is Made.READY
    }
    assert ready == {(1, 0), (2, 0)}
    lives = [
        one.actor
        for one in events
        if isinstance(one, ActorCame) and one.role is ActorRole.LIFESPAN
    ]
    assert lives == ["lifespan", "lifespan 2"]


def test_that_two_processes_make_it_is_not_twice(explore: Explore) -> None:
    result = explore(at(RIGHT, both, processes=2), schedules=15)

    assert result.findings == ()
    assert result.verdict.outcome is Outcome.PASS, result.verdict


def test_what_a_process_makes_twice_is_found_in_the_second_one_too(
    explore: Explore,
) -> None:
    async def act(stage: Stage) -> None:
        await cold_stampede(stage.process(1))

    result = explore(at(kiosk.WRONG, act, processes=2), schedules=20)

    assert any(one.shape == "twice" for one in result.findings), result.findings


def test_a_process_that_is_not_there_is_the_scenarios_mistake(
    grounds: Grounds,
) -> None:
    async def act(stage: Stage) -> None:
        assert stage.process(0) is stage
        stage.process(2)

    with pytest.raises(UsageError, match="process 2, and there are 2, from 0"):
        play(grounds, act, processes=2)
