"""Scenarios of the kiosk, and how one schedule of them is run."""

from __future__ import annotations

from typing import Any

from harness.exploring.grounds import Grounds, Inputs
from harness.exploring.scenario import Act, Scenario, scenario
from harness.exploring.schedules import Played, Schedules
from harness.exploring.stage import Stage
from harness.scheduling.choice import Chooser, FirstCome

PLAIN = Inputs((0, 1))


def at(way: str, act: Act, **options: Any) -> Scenario:
    """Return what happens at a kiosk that makes its pools in this way."""
    return scenario(strategies=(way,), tenants=2, **options)(act)


async def cold_stampede(stage: Stage) -> None:
    """Three first requests, two of them to one tenant."""
    await stage.gather(
        stage.tenant(0).read(), stage.tenant(1).read(), stage.tenant(0).read()
    )


async def look(stage: Stage) -> None:
    """Two tenants look at what they have."""
    await stage.gather(stage.tenant(0).get("/items"), stage.tenant(1).get("/items"))


async def look_twice(stage: Stage) -> None:
    """One tenant looks twice at once."""
    await stage.gather(stage.tenant(0).get("/items"), stage.tenant(0).get("/items"))


def play(
    grounds: Grounds,
    act: Act,
    chooser: Chooser | None = None,
    *,
    way: str = "single-flight",
    inputs: Inputs = PLAIN,
    **options: Any,
) -> Played:
    """Run one schedule; its events are in the record from its mark on."""
    schedules = Schedules(grounds)
    made = at(way, act, **options)
    return schedules.play(made, inputs, chooser or FirstCome(), strategy="a test")
