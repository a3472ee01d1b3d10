"""Before it is stopped an app has time to close what nobody needs, if there is any."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from harness.exploring.grounds import Grounds
from harness.exploring.resting import rest
from harness.exploring.stage import Stage as Scene
from harness.model.boot import Stage
from harness.model.event import Event
from harness.model.holdings import Holding
from harness.model.race import Keeps, Removed, Rested
from harness.scheduling.kernel import Kernel
from tests.checkers.plays import OPEN, A, B, Play
from tests.races.plays import play
from tests.scheduling.ground import play as run

HOUR = 3600.0


def rested(
    told: Play,
    *,
    closes_after: float = HOUR,
    alone: Mapping[Holding, int] | None = None,
) -> tuple[float, Mapping[Holding, int]]:
    """Return how long an app was left alone, and what it has open then."""
    events: list[Event] = []
    passed: list[float] = []
    held: dict[Holding, int] = {}

    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        events.extend(told.events)

        def close() -> None:
            told.closes(A, 1)
            events.extend(told.events[len(events) :])

        loop.call_later(closes_after, close)
        held.update(await rest(lambda: events, alone or {}))
        passed.append(loop.time() - began)

    run(scenario)
    return passed[0], held


def test_an_app_that_has_nothing_to_close_is_stopped_at_once() -> None:
    told = Play()
    for tenant in (A, B):
        told.opens(tenant)

    assert rested(told) == (0.0, {(OPEN, A, 1): 1, (OPEN, B, 1): 1})


def test_an_app_has_a_minute_to_close_what_is_a_removed_tenants() -> None:
    told = Play()
    told.opens(A)
    told.removes(A)

    passed, held = rested(told)

    assert 60.0 <= passed < HOUR
    assert held == {(OPEN, A, 1): 1}


def test_once_it_is_closed_there_is_nothing_to_wait_for() -> None:
    told = Play()
    told.opens(A)
    told.removes(A)

    passed, held = rested(told, closes_after=2.0)

    assert 2.0 <= passed < 10.0
    assert held == {}


def test_an_app_has_as_long_to_close_the_older_of_two() -> None:
    told = Play()
    for _ in range(2):
        told.opens(A)

    passed, held = rested(told, closes_after=2.0)

    assert 2.0 <= passed < 10.0
    assert held == {(OPEN, A, 1): 1}


def test_what_stays_open_also_where_nobody_interferes_is_not_waited_for() -> None:
    told = Play()
    told.opens(A)
    told.removes(A)

    assert rested(told, alone={(OPEN, A, 1): 1}) == (0.0, {(OPEN, A, 1): 1})


def test_one_that_each_process_has_is_no_older_of_two() -> None:
    told = Play()
    told.opens(A)
    told.opens(A, worker=2)

    assert rested(told) == (0.0, {(OPEN, A, 1): 1, (OPEN, A, 2): 1})


def test_what_begins_to_be_closed_is_open_until_it_is() -> None:
    told = Play()
    run_of_it = told.opens(A)
    told.removes(A)
    told.tells(Stage.CLOSING, A, run_of_it)

    _, held = rested(told)

    assert held == {(OPEN, A, 1): 1}


def kinds(grounds: Grounds, mark: int) -> list[type]:
    wanted = (Removed, Rested, Keeps)
    events = grounds.scene.recorder.since(mark)
    return [type(one) for one in events if isinstance(one, wanted)]


def test_a_scenario_notes_who_is_gone_for_good_and_that_the_app_has_rested(
    grounds: Grounds,
) -> None:
    async def act(stage: Scene) -> None:
        await stage.tenant(0).does("restock")
        await stage.tenant(1).does("restock", for_good=True)

    assert kinds(grounds, play(grounds, act).mark) == [Removed, Rested]


def test_who_was_refused_to_remove_a_tenant_has_not_removed_it(
    grounds: Grounds,
) -> None:
    async def act(stage: Scene) -> None:
        await stage.tenant(1).does("complain", for_good=True)

    assert kinds(grounds, play(grounds, act).mark) == [Rested]


def test_an_app_that_the_scenario_itself_stops_does_not_rest(grounds: Grounds) -> None:
    async def act(stage: Scene) -> None:
        await stage.tenant(0).read()
        await stage.shutdown()

    assert kinds(grounds, play(grounds, act).mark) == []
