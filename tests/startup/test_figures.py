"""Figures are computed from the history alone, and say what their names say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.boot import (
    Arrival,
    Boot,
    BootEvent,
    Connected,
    Crowd,
    LeftOpen,
    Phase,
    ProviderCalls,
    Reached,
)
from harness.model.history import History
from harness.startup.figures import FIGURES, figures

MB = 1_000_000


def a_boot(
    number: int,
    *,
    ready: float = 1.0,
    waits: Sequence[float] = (0.1,),
    asked: float = 1.0,
    workers: int = 1,
    strategy: str = "eager",
    more: Sequence[BootEvent] = (),
    served: bool = True,
) -> list[BootEvent]:
    """A start at 100 s; each tenant first asks `asked` seconds later."""
    spawn = 100.0
    events: list[BootEvent] = [
        Boot("boot", spawn, number, strategy, len(waits), number, workers)
    ]
    for worker in range(1, workers + 1):
        late = (worker - 1) * 0.5
        events += [
            Reached("reached", spawn + late, number, worker, Phase.SPAWNED),
            Reached("reached", spawn + 0.1, number, worker, Phase.RUNNING, 10 * MB),
            Reached("reached", spawn + late + 0.2, number, worker, Phase.IMPORTED),
            Reached("reached", spawn + late + 0.3, number, worker, Phase.LISTENING),
        ]
    events.append(Reached("reached", spawn + ready, number, 0, Phase.READY))
    events += [
        Arrival("arrival", spawn + asked + wait, number, tenant, "POST /token", wait, 1)
        for tenant, wait in enumerate(waits)
    ]
    if served:
        events.append(Reached("reached", spawn + ready + 1, number, 0, Phase.SERVED))
    for worker in range(1, workers + 1):
        stopped = spawn + ready + 2
        memory = (90 + worker) * MB
        events.append(
            Reached("reached", stopped, number, worker, Phase.STOPPED, memory)
        )
    return [*events, *more]


def measured(*boots: list[BootEvent]) -> dict[str, float]:
    history = History(tuple(itertools.chain(*boots)))
    return {one.name: one.value for one in figures(history)}


def test_phases_are_the_median_of_the_trials_and_the_worst_is_kept() -> None:
    found = measured(*(a_boot(n, ready=r) for n, r in ((1, 3.0), (2, 1.0), (3, 2.0))))

    assert found["ready"] == pytest.approx(2.0)
    assert found["ready_worst"] == pytest.approx(3.0)
    assert found["served"] == pytest.approx(3.0)
    assert found["served_worst"] == pytest.approx(4.0)
    assert found["trials"] == 3


def test_of_several_workers_the_first_spawn_and_the_last_to_come_count() -> None:
    found = measured(a_boot(1, workers=3, ready=5.0))

    assert found["imported"] == pytest.approx(1.2)
    assert found["listening"] == pytest.approx(1.3)


def test_memory_is_that_of_all_workers_together() -> None:
    assert measured(a_boot(1, workers=2))["memory"] == (91 + 92) * MB


def test_waits_are_percentiles_over_the_tenants() -> None:
    waits = [n / 100 for n in range(1, 101)]
    found = measured(a_boot(1, waits=waits), a_boot(2, waits=[w * 3 for w in waits]))

    assert found["first_request_p50"] == pytest.approx((0.50 + 1.50) / 2)
    assert found["first_request_p95"] == pytest.approx((0.95 + 2.85) / 2)
    assert found["first_request_max"] == pytest.approx(3.0)


def test_a_first_200_counts_from_the_spawn_and_its_request_from_its_own_begin() -> None:
    found = measured(a_boot(1, waits=[0.1] * 9 + [0.5], asked=4.0, workers=2))

    assert found["first_200_p50"] == pytest.approx(4.1)
    assert found["first_200_max"] == pytest.approx(4.5)
    assert found["first_request_p50"] == pytest.approx(0.1)
    assert found["first_request_max"] == pytest.approx(0.5)


def test_who_gave_up_is_no_first_200() -> None:
    late = Arrival("arrival", 190.0, 1, 7, "POST /token", 60.0, 9, "status 500")

    found = measured(a_boot(1, waits=[0.1], asked=1.0, more=[late]))

    assert found["first_200_max"] == pytest.approx(1.1)
    assert found["first_request_max"] == pytest.approx(0.1)


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=50))
def test_percentiles_are_waits_that_were_measured_and_in_order(
    waits: list[float],
) -> None:
    found = measured(a_boot(1, waits=waits))

    three = [found[f"first_request_{one}"] for one in ("p50", "p95", "max")]
    assert three == sorted(three)
    assert set(three) <= set(waits)
    since_spawn = [found[f"first_200_{one}"] for one in ("p50", "p95", "max")]
    assert since_spawn == pytest.approx([1.0 + one for one in three])


def test_connections_are_the_most_that_the_server_or_the_processes_saw() -> None:
    def connected(at: float, backend: int, *, is_open: bool) -> Connected:
        return Connected("connected", at, 1, 1, backend, is_open)

    overlapping = [
        connected(101.0, 1, is_open=True),
        connected(101.1, 2, is_open=True),
        connected(101.2, 1, is_open=False),
        connected(101.3, 3, is_open=True),
    ]

    seen_less: list[BootEvent] = [*overlapping, Crowd("crowd", 103, 1, 1, 5)]
    assert measured(a_boot(1, more=seen_less))["connections"] == 2
    seen_more: list[BootEvent] = [*overlapping, Crowd("crowd", 103, 1, 7, 5)]
    assert measured(a_boot(1, more=seen_more))["connections"] == 7


def test_what_was_left_and_called_is_counted_per_start_and_the_worst_is_told() -> None:
    left = [LeftOpen("left", 104, 2, n, "app", "", "idle", "") for n in (1, 2)]
    calls = [
        ProviderCalls("provider", 104, 2, 0, 1),
        ProviderCalls("provider", 104, 2, 1, 3),
    ]
    found = measured(a_boot(1), a_boot(2, more=[*left, *calls]))

    assert found["connections_left"] == 2
    assert found["provider_calls"] == 4
    assert found["provider_calls_per_tenant"] == 3


def test_a_start_that_did_not_get_so_far_is_not_measured() -> None:
    assert measured(a_boot(1, served=False)) == {}
    assert measured(a_boot(1), a_boot(2, served=False))["trials"] == 1


def test_each_way_of_starting_has_figures_of_its_own() -> None:
    history = History(
        tuple(itertools.chain(a_boot(1), a_boot(2, strategy="lazy", ready=0.5)))
    )

    found = {
        (one.name, one.labels["strategy"], one.labels["tenants"]): one.value
        for one in figures(history)
    }
    assert found["ready", "eager", "1"] == pytest.approx(1.0)
    assert found["ready", "lazy", "1"] == pytest.approx(0.5)


def test_all_that_is_measured_is_listed_with_its_unit() -> None:
    for one in figures(History(tuple(a_boot(1)))):
        assert FIGURES[one.name] == one.unit
