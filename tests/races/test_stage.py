"""What a scenario acts with: who asks, what is skipped, what may fail, who leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from harness.errors import AppFailed, Inconclusive, UsageError
from harness.exploring.grounds import Grounds, Inputs
from harness.exploring.scenario import scenario
from harness.exploring.schedules import Played, Schedules
from harness.exploring.stage import Stage
from harness.model.boot import LeftOpen
from harness.model.event import Exchange
from harness.model.race import ActorCame, ActorRole, Ending, Moved, Scheduled
from harness.run.grounds import Venue
from harness.scheduling.choice import Operation
from tests.races import kiosk
from tests.races.conftest import Explore
from tests.races.plays import PLAIN, at, cold_stampede, play
from tests.scheduling.ground import Takes

Wanted = Callable[[Operation], bool]


def came(grounds: Grounds, played: Played) -> list[tuple[str, int | None]]:
    events = grounds.scene.recorder.since(played.mark)
    return [
        (one.actor, one.tenant)
        for one in events
        if isinstance(one, ActorCame) and one.role is not ActorRole.LIFESPAN
    ]


def statuses(grounds: Grounds, played: Played) -> list[int]:
    events = grounds.scene.recorder.since(played.mark)
    return [one.status for one in events if isinstance(one, Exchange)]


def test_each_request_has_an_actor_and_is_its_tenants(grounds: Grounds) -> None:
    played = play(grounds, cold_stampede)

    assert came(grounds, played) == [
        ("request 1", 0),
        ("request 2", 1),
        ("request 3", 0),
    ]
    assert statuses(grounds, played) == [200, 200, 200]
    assert played.ran.ending is Ending.ENDED
    assert not played.ran.uncontrolled


def test_another_cast_has_others_play_the_parts(grounds: Grounds) -> None:
    played = play(grounds, cold_stampede, inputs=Inputs((1, 0)))

    assert [tenant for _, tenant in came(grounds, played)] == [1, 0, 1]


def test_what_is_skipped_leaves_the_numbers_of_others_as_they_are(
    grounds: Grounds,
) -> None:
    inputs = Inputs((0, 1), skipped=frozenset({1}))

    played = play(grounds, cold_stampede, inputs=inputs)

    assert came(grounds, played) == [("request 2", 1), ("request 3", 0)]
    assert played.asked == ("request 2", "request 3")


def test_what_is_awaited_twice_is_asked_once(grounds: Grounds) -> None:
    answers = []

    async def act(stage: Stage) -> None:
        ask = stage.tenant(0).get("/visits")
        answers.extend([await ask, await ask, *await stage.gather(ask, ask)])

    played = play(grounds, act)

    assert statuses(grounds, played) == [200]
    assert len(set(answers[-4:])) == 1


def test_meanwhile_goes_on_at_once_and_is_awaited_in_the_end(grounds: Grounds) -> None:
    seen = []

    async def act(stage: Stage) -> None:
        ask = stage.tenant(0).read()
        stage.meanwhile(ask)
        seen.append(ask.begin().done())

    played = play(grounds, act)

    assert set(seen) == {False}
    assert statuses(grounds, played) == [200]


def test_gathering_nothing_is_nothing(grounds: Grounds) -> None:
    async def act(stage: Stage) -> None:
        assert await stage.gather() == []

    assert play(grounds, act).ran.ending is Ending.ENDED


def test_a_scenario_that_never_awaits_has_nothing_to_choose(explore: Explore) -> None:
    async def idle(stage: Stage) -> None:
        stage.tenant(0).read()

    result = explore(at("single-flight", idle), schedules=5)

    assert result.findings == ()
    assert any("nothing to choose" in gap.reason for gap in result.coverage.gaps)


def test_an_operator_does_what_the_target_knows(grounds: Grounds) -> None:
    async def act(stage: Stage) -> None:
        await stage.act("restock", 1)
        answer = await stage.tenant(1).get("/items")
        assert [item["text"] for item in answer.json()][-1] == "more"

    played = play(grounds, act)

    assert came(grounds, played) == [("operator 1", 1), ("request 2", 1)]
    assert statuses(grounds, played) == [201, 200]


def test_an_operator_who_is_refused_leaves_the_run_open(explore: Explore) -> None:
    async def act(stage: Stage) -> None:
        await stage.gather(stage.act("complain"), stage.tenant(0).read())

    result = explore(at("single-flight", act), schedules=5)

    [gap] = [gap for gap in result.coverage.gaps if gap.floor]
    assert "complain" in gap.reason
    assert "404" in gap.reason


def test_a_scenario_whose_every_request_is_refused_leaves_the_run_open(
    explore: Explore,
) -> None:
    async def act(stage: Stage) -> None:
        await stage.gather(*(stage.tenant(0).get("/nowhere") for _ in range(2)))

    result = explore(at("single-flight", act), schedules=5)

    gaps = [gap for gap in result.coverage.gaps if gap.what.startswith("use the app")]
    assert [gap.floor for gap in gaps] == [True]
    assert "404" in gaps[0].reason


@pytest.mark.parametrize("part", [2, -1])
def test_asking_for_a_tenant_that_is_not_there_is_an_error(
    grounds: Grounds, part: int
) -> None:
    async def act(stage: Stage) -> None:
        await stage.tenant(part).read()

    with pytest.raises(UsageError, match=f"asks for tenant {part}, and there are 2"):
        play(grounds, act)


def test_a_scenario_that_needs_more_tenants_is_left_out_and_that_is_said(
    explore: Explore,
) -> None:
    async def crowd(stage: Stage) -> None:
        await stage.tenant(4).read()

    result = explore(scenario(tenants=5)(crowd))

    assert result.explored == ()
    assert any("crowd is left out: it needs 5 tenants" in one for one in result.notes)


def test_an_action_that_the_target_lacks_is_named(grounds: Grounds) -> None:
    async def act(stage: Stage) -> None:
        await stage.act("demolish")

    with pytest.raises(UsageError, match="no 'demolish'") as refusal:
        play(grounds, act)
    assert "restock" in refusal.value.hint


async def solitary(stage: Stage) -> None:
    raise LookupError("no such luck")


async def impatient(stage: Stage) -> None:
    answer = await stage.tenant(0).read()
    answer.json()["text"]


async def grouped(stage: Stage) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(solitary(stage))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (solitary, "solitary raised LookupError: no such luck"),
        (impatient, "impatient raised TypeError"),
        (grouped, "grouped raised LookupError"),
    ],
)
def test_what_a_scenario_raises_is_its_own_error_with_its_place(
    explore: Explore, venue: Venue, act: object, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        explore(at("single-flight", act), schedules=5)  # type: ignore[arg-type]
    assert "(test_stage.py, line " in refusal.value.message
    assert "where nobody interferes" in refusal.value.message


def test_only_the_initialiser_of_the_tenant_that_may_fail_fails(
    grounds: Grounds,
) -> None:
    asked: list[Operation] = []

    async def act(stage: Stage) -> None:
        stage.may_fail(1, ("raise",))
        await cold_stampede(stage)

    def noted(option: Operation) -> bool:
        if option.outcome == "raise":
            asked.append(option)
        return False

    play(grounds, act, Takes(noted), faults=1)

    assert {one.actor for one in asked} == {"request 2 opens B"}
    assert {one.kind for one in asked} >= {"connect", "query"}


def test_a_failure_takes_place_once_and_meets_who_waits_for_it(
    grounds: Grounds,
) -> None:
    async def act(stage: Stage) -> None:
        stage.may_fail(0, ("raise",))
        await cold_stampede(stage)

    def fails(option: Operation) -> bool:
        return option.outcome == "raise" and option.kind == "query"

    played = play(grounds, act, Takes(fails, fails), way=kiosk.RIGHT[1], faults=1)

    assert sorted(statuses(grounds, played)) == [200, 200, 500]


def test_a_client_leaves_only_if_it_may(grounds: Grounds) -> None:
    async def act(stage: Stage) -> None:
        await stage.gather(stage.tenant(0).read(leaves=True), stage.tenant(0).read())

    asked = set()

    def noted(option: Operation) -> bool:
        if option.outcome:
            asked.add((option.actor, option.outcome))
        return False

    play(grounds, act, Takes(noted))

    assert {outcome for _, outcome in asked} >= {"disconnect", "cancel before"}
    assert not any(actor.startswith("request 2") for actor, _ in asked)


def test_who_waits_for_a_client_that_left_is_served(grounds: Grounds) -> None:
    async def act(stage: Stage) -> None:
        await stage.gather(stage.tenant(0).read(leaves=True), stage.tenant(0).read())

    def leaves(option: Operation) -> bool:
        return option.outcome == "cancel before" and option.actor.startswith("request")

    played = play(grounds, act, Takes(leaves), way=kiosk.RIGHT[1])

    assert statuses(grounds, played) == [0, 200]


def test_each_schedule_begins_with_the_same_rows_and_sequences(
    grounds: Grounds,
) -> None:
    seen = []

    async def act(stage: Stage) -> None:
        number = (await stage.tenant(0).get("/visits")).json()
        await stage.act("restock")
        items = (await stage.tenant(0).get("/items")).json()
        seen.append((number, items))

    for _ in range(3):
        play(grounds, act)

    assert len(seen) == 6
    assert seen[1:] == seen[:-1]


@pytest.mark.parametrize("reimport", [True, False])
def test_what_lives_in_a_module_is_new_each_time_only_if_it_is_imported_afresh(
    grounds: Grounds, reimport: bool
) -> None:
    seen = []

    async def act(stage: Stage) -> None:
        seen.append((await stage.tenant(0).get("/boots")).json())

    specs = {
        name: spec if reimport else replace(spec, reimport=())
        for name, spec in grounds.specs.items()
    }
    schedules = Schedules(replace(grounds, specs=specs))
    for _ in range(2):
        schedules.play(at("single-flight", act), PLAIN, Takes(), strategy="a test")

    steps = {later - earlier for earlier, later in pairwise(seen)}
    assert steps == ({0} if reimport else {1})


def test_each_event_of_a_schedule_bears_its_number(grounds: Grounds) -> None:
    schedules = Schedules(grounds)
    numbers = []
    for _ in range(2):
        one = schedules.play(
            at("single-flight", cold_stampede), PLAIN, Takes(), strategy="a test"
        )
        events = grounds.scene.recorder.since(one.mark)
        numbers.append({e.schedule for e in events if isinstance(e, Scheduled | Moved)})
        assert numbers[-1] == {one.number}
    assert numbers[0] != numbers[1]


def test_what_one_schedule_leaves_open_is_not_found_in_the_next(
    grounds: Grounds,
) -> None:
    left = []
    for way in (kiosk.UNCLOSED, "single-flight"):
        played = play(grounds, cold_stampede, way=way)
        events = grounds.scene.recorder.since(played.mark)
        left.append([one.boot for one in events if isinstance(one, LeftOpen)])
        assert set(left[-1]) <= {played.number}

    assert [bool(one) for one in left] == [True, False]


def test_nothing_is_explored_with_logins_that_have_expired(grounds: Grounds) -> None:
    def until(seconds: float) -> Grounds:
        last = replace(grounds.world.credentials[0], expires_at=time.time() + seconds)
        credentials = (last, *grounds.world.credentials[1:])
        return replace(grounds, world=replace(grounds.world, credentials=credentials))

    play(until(60), cold_stampede)
    with pytest.raises(Inconclusive, match="logins have expired"):
        play(until(-1), cold_stampede)


def test_two_who_take_two_locks_in_opposite_order_stand_still(
    explore: Explore,
) -> None:
    async def embrace(stage: Stage) -> None:
        one, other = stage.tenant(0), stage.tenant(1)
        await stage.gather(
            one.get(f"/pair/{other.tenant.slug}"), other.get(f"/pair/{one.tenant.slug}")
        )

    result = explore(at("single-flight", embrace), schedules=10)

    told = [one for one in result.findings if "deadlock" in str(one).lower()]
    assert told, result.findings
    text = str(told[0])
    assert "request 1" in text
    assert "request 2" in text
    assert "kiosk.py" in text


def test_an_app_that_does_not_start_undisturbed_is_not_a_finding(
    explore: Explore,
) -> None:
    with pytest.raises(AppFailed, match="the till is locked"):
        explore(at(kiosk.STARTLESS, cold_stampede), schedules=5)
