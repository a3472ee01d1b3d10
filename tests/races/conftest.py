"""A world of the kiosk for the tests of a module, and explorations in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.exploring.grounds import Grounds
from harness.exploring.scenario import Scenario
from harness.model.result import Result
from harness.run.grounds import Venue, open_venue
from harness.run.order import Order
from harness.run.races import explore_at
from harness.settings import Settings
from tests.races.kiosk import target

Explore = Callable[..., Result]


@pytest.fixture(scope="module")
def order(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Order:
    """What is asked for: two tenants, and few schedules."""
    settings = Settings(
        target="tests.races.kiosk:target",
        postgres="dsn",
        dsn=SecretStr(server_dsn),
        tenants=2,
        schedules=20,
        runs=tmp_path_factory.mktemp("runs"),
    )
    return Order(settings, "harness races", Path.cwd(), lambda _: None)


@pytest.fixture(scope="module")
def venue(order: Order) -> Iterator[Venue]:
    """A server and two tenants of the kiosk."""
    with open_venue(target, order) as venue:
        yield venue


@pytest.fixture
def grounds(venue: Venue) -> Iterator[Grounds]:
    """What single schedules are run on."""
    mark = venue.scene.recorder.mark
    with venue.grounds(seed=0) as grounds:
        yield grounds
    venue.scene.recorder.forget(mark)


@pytest.fixture
def explore(venue: Venue, order: Order) -> Explore:
    """A function that explores scenarios; further settings may be given."""

    def run(
        *scenarios: Scenario, only_first: bool = False, **changed: object
    ) -> Result:
        changed_order = order.changed(**changed)
        return explore_at(venue, changed_order, scenarios, only_first=only_first)

    return run
