"""What a swarm has seen, and when its figures are not to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.checkers.load import BLIND, FEWEST, load_coverage
from harness.model.canary import FIELD_BEACON
from harness.model.event import BeaconSent, Channel, Event, LogLine, Unseen
from harness.model.history import History
from harness.model.load import Beat, Tally
from tests.checkers.histories import BEACON, Story, body, hit

OPERATIONS = ("GET /notes", "POST /notes")


def beats(*shares: float, worker: str = "1", last: bool = True) -> list[Beat]:
    """Return signs of life, half a second apart."""
    found = [
        Beat("beat", worker, 100 + number / 2, share, 10, 0, 0, 0, 0)
        for number, share in enumerate(shares)
    ]
    return [*found[:-1], replace(found[-1], last=last)]


def tally(tenant: int, **fields: object) -> Tally:
    usual: dict[str, object] = {
        "kind": "tally",
        "worker": "1",
        "tenant": tenant,
        "operation": "",
        "requests": 200,
        "failures": 0,
        "throttled": 0,
        "sighted": 1,
        "arrived": 100.0,
        "served": 100.1,
        "reasons": (),
        "latencies": "",
    }
    return Tally(**usual | fields)  # type: ignore[arg-type]


def beacon(*, arrives: bool = True) -> list[Event]:
    """Return what tells of a line that was sent to the app's log."""
    sent = BeaconSent("beacon", Channel.LOG, "root", BEACON)
    came = LogLine(
        "log", 1.0, 0, "root", "INFO", "", (), frozenset(), (hit(BEACON, FIELD_BEACON),)
    )
    return [sent, came] if arrives else [sent]


WHOLE: tuple[Event, ...] = (
    *beacon(),
    *beats(0.5, 0.5),
    tally(0),
    tally(1),
    *(tally(-1, operation=key, arrived=-1.0) for key in OPERATIONS),
)


def below(events: Sequence[Event], *, cold: bool = False) -> list[str]:
    history = History(tuple(events), knows={0: frozenset(), 1: frozenset()})
    covered = load_coverage(history, operations=OPERATIONS, cold=cold)
    return [gap.what for gap in covered.below_floor]


def test_a_swarm_that_saw_everything_has_no_gap() -> None:
    history = History(WHOLE, knows={0: frozenset(), 1: frozenset()})

    covered = load_coverage(history, operations=OPERATIONS)

    assert not covered.gaps
    assert covered.covered == OPERATIONS
    assert Channel.BODY in covered.channels


def test_a_worker_that_did_not_tell_all_was_lost() -> None:
    assert below([*WHOLE, *beats(0.1, 0.1, worker="2", last=False)]) == [
        "the generator"
    ]
    assert not below([*WHOLE, *beats(0.1, 0.1, worker="2")])


@pytest.mark.parametrize(
    ("shares", "bottleneck"),
    [
        ([0.5] + [0.95] * 10, True),
        ([0.5] + [0.95] * 9, False),  # not for long enough
        ([0.5] + [0.95, 0.8] * 10, False),  # now and then
        ([0.5] + [0.89] * 20, False),
        ([1.0] * 1 + [0.2] * 20, False),  # before the first beat it was loading
        ([0.2] * 20 + [1.0] * 11, True),  # in the end only
    ],
)
def test_a_generator_is_the_bottleneck_if_it_needs_a_core_for_long(
    shares: list[float], bottleneck: bool
) -> None:
    rest = [one for one in WHOLE if not isinstance(one, Beat)]

    assert below([*rest, *beats(*shares)]) == (["the generator"] if bottleneck else [])


def test_too_few_successes_say_nothing() -> None:
    few = [tally(0, requests=FEWEST - 1), tally(1, requests=30, throttled=30)]
    enough = [tally(0, requests=FEWEST), tally(1, requests=30, failures=0)]

    assert "samples" in below([*beacon(), *beats(0.1, 0.1), *few])
    assert "samples" not in below([*beacon(), *beats(0.1, 0.1), *enough])


def test_a_tenant_that_never_succeeded_is_a_gap() -> None:
    failed = tally(1, requests=50, failures=50, served=-1.0, sighted=0)

    assert below([*beacon(), *beats(0.1, 0.1), tally(0), failed]) == ["tenant B"]


def test_a_session_that_ended_for_many_requests_is_a_gap_and_no_failure() -> None:
    some = tally(1, requests=200, expired=2)
    many = tally(1, requests=200, expired=3)
    every = tally(1, requests=50, expired=50, served=-1.0, sighted=0)

    assert not below([*beacon(), *beats(0.1, 0.1), tally(0), some])
    assert below([*beacon(), *beats(0.1, 0.1), tally(0), many]) == ["tenant B"]
    assert below([*beacon(), *beats(0.1, 0.1), tally(0), every]) == ["tenant B"]


def test_a_tenant_that_saw_nothing_of_its_own_is_a_gap_after_enough_requests() -> None:
    blind = tally(1, requests=BLIND, sighted=0)

    assert below([*beacon(), *beats(0.1, 0.1), tally(0), blind]) == ["tenant B"]
    fewer = tally(1, requests=BLIND - 1, sighted=0)
    assert not below([*beacon(), *beats(0.1, 0.1), tally(0), fewer])


def test_where_nobody_saw_anything_of_its_own_the_body_is_unwatched() -> None:
    blind = [tally(0, sighted=0), tally(1, requests=5, sighted=0)]

    assert "channel body" in below([*beacon(), *beats(0.1, 0.1), *blind])


def test_a_tenant_nobody_came_for_counts_in_a_cold_start_only() -> None:
    events: list[Event] = [*beacon(), *beats(0.1, 0.1), tally(0)]

    assert not below(events)
    assert below(events, cold=True) == ["tenant B"]


def test_what_several_workers_counted_is_put_together() -> None:
    halves = [
        tally(tenant, worker=worker, requests=60, sighted=int(worker == "1"))
        for worker in ("1", "2")
        for tenant in (0, 1)
    ]

    assert not below(
        [*beacon(), *beats(0.1, 0.1), *beats(0.1, 0.1, worker="2"), *halves]
    )


def test_an_operation_that_nobody_succeeded_with_is_told_of() -> None:
    asked = tally(-1, operation="GET /notes")
    events: list[Event] = [*beacon(), *beats(0.1, 0.1), tally(0), tally(1), asked]
    history = History(tuple(events), knows={0: frozenset(), 1: frozenset()})

    covered = load_coverage(history, operations=OPERATIONS)

    assert [(gap.what, gap.floor) for gap in covered.gaps] == [("POST /notes", False)]


@pytest.mark.parametrize("required", [True, False])
def test_a_log_whose_beacon_did_not_come_out_is_below_the_floor(
    *, required: bool
) -> None:
    events = [*beacon(arrives=False), *WHOLE[2:]]
    history = History(tuple(events), knows={0: frozenset(), 1: frozenset()})
    channels = (Channel.BODY, Channel.LOG) if required else (Channel.BODY,)

    covered = load_coverage(history, operations=OPERATIONS, channels=channels)

    assert Channel.LOG not in covered.channels
    (gap,) = covered.gaps
    assert (gap.what, gap.floor) == ("channel log", required)
    assert "through root" in gap.reason


def test_a_log_to_which_no_beacon_was_sent_is_below_the_floor() -> None:
    assert below(WHOLE[2:]) == ["channel log"]


def test_what_was_seen_while_the_world_was_made_is_nothing_that_users_saw() -> None:
    story = Story()
    story.control(0, found=body(hit(0)))
    blind = [tally(0, sighted=0), tally(1, requests=5, sighted=0)]
    events = [*beacon(), *story.events, *beats(0.1, 0.1), *blind]

    assert "channel body" in below(events)


def test_whatever_could_not_be_seen_is_below_the_floor() -> None:
    unseen = Unseen("unseen", "the generator", "Locust was ended by signal 9")

    assert below([*WHOLE, unseen]) == ["the generator"]


@pytest.mark.parametrize(("cut", "told"), [(True, False), (False, True)])
def test_a_worker_that_was_ended_at_once_for_a_leak_was_not_lost(
    *, cut: bool, told: bool
) -> None:
    history = History((*WHOLE, *beats(0.5, worker="2", last=False)))

    covered = load_coverage(history, operations=OPERATIONS, cut=cut)

    assert any("was lost" in gap.reason for gap in covered.gaps) is told


@pytest.mark.parametrize("sighted", [0, 1])
def test_a_flow_is_watched_once_a_tenant_heard_its_own_on_it(sighted: int) -> None:
    opened = tally(-1, operation="GET /e", channel="stream", sighted=sighted)

    covered = load_coverage(History((*WHOLE, opened)), operations=OPERATIONS)

    assert (Channel.STREAM in covered.channels) is bool(sighted)
    missing = [gap for gap in covered.gaps if gap.what == "channel stream"]
    assert len(missing) == 1 - sighted
    assert not any(gap.floor for gap in missing)
