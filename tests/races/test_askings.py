"""What tenants ask for where a scenario leaves that open."""

from __future__ import annotations

from harness.exploring.grounds import Grounds, Inputs
from harness.exploring.stage import Stage
from harness.model.verdict import Outcome
from harness.run.grounds import Venue
from tests.races import kiosk
from tests.races.conftest import Explore
from tests.races.plays import at, cold_stampede

RIGHT = "single-flight"


async def look(stage: Stage) -> None:
    """Two tenants look at what they have, and say themselves at what."""
    await stage.gather(stage.tenant(0).get("/items"), stage.tenant(1).get("/items"))


def test_readings_come_first_then_what_can_be_written_again_and_again(
    venue: Venue, grounds: Grounds
) -> None:
    # Who is served from another tenant's pool sees nothing of it in its account.
    assert venue.askings.reads == ("GET /items", "GET /account")
    assert venue.askings.writes == ("POST /items",)
    reads = ("GET /items", "GET /account")
    assert grounds.asked_for(Inputs((0, 1))) == reads
    assert grounds.asked_for(Inputs((0, 1), 1)) == ("GET /account", "GET /items")
    assert grounds.asked_for(Inputs((0, 1), 2)) == ("POST /items", *reads)
    assert grounds.asked_for(Inputs((0, 1), 3)) == reads


def test_a_scenario_that_leaves_it_open_asks_for_several_things(
    explore: Explore,
) -> None:
    result = explore(at(RIGHT, cold_stampede), at(RIGHT, look), schedules=45)

    opened, said = result.explored
    assert (opened.casts, opened.schedules) == (2, 45)
    assert (said.casts, said.schedules) == (1, 45)
    assert result.verdict.outcome is Outcome.PASS, result.verdict


def test_a_race_of_what_only_writes_use_is_found(explore: Explore) -> None:
    result = explore(at(kiosk.TILL, cold_stampede), schedules=80)

    assert [one.summary[:23] for one in result.findings] == ["A was initialised twice"]
