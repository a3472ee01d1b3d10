"""Publishing never waits, and who does not keep up is cut off alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from reference_app.events.hub import Event, EventHub, StreamEnded, TooManyStreams
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import settings_for

A = Tenant(UUID(int=1), "a", "A", "active", None, None)
B = Tenant(UUID(int=2), "b", "B", "active", None, None)


def hub_with(**settings: int) -> EventHub:
    return EventHub(settings_for("postgresql://nowhere/x", **settings))


def event(number: int) -> Event:
    return Event("test", datetime.now(UTC), {"number": number})


async def test_an_event_goes_to_every_listener_of_its_tenant_and_to_no_other() -> None:
    hub = hub_with()
    with hub.subscribe(A) as one, hub.subscribe(A) as two, hub.subscribe(B) as other:
        hub.publish(A, event(1))
        hub.publish(B, event(2))

        assert (await one.next()).data == (await two.next()).data == {"number": 1}
        assert (await other.next()).data == {"number": 2}


async def test_a_listener_that_lags_is_cut_off_and_the_others_go_on() -> None:
    hub = hub_with(stream_backlog=2)
    with hub.subscribe(A) as slow, hub.subscribe(A) as quick, hub.subscribe(B) as other:
        for number in range(4):
            hub.publish(A, event(number))
            assert (await quick.next()).data == {"number": number}
        hub.publish(B, event(9))

        with pytest.raises(StreamEnded) as ended:
            await slow.next()
        assert ended.value.ending == "slow"
        assert (await other.next()).data == {"number": 9}


async def test_as_many_events_as_may_wait_are_all_delivered() -> None:
    hub = hub_with(stream_backlog=3)
    with hub.subscribe(A) as subscription:
        for number in range(3):
            hub.publish(A, event(number))

        heard = [(await subscription.next()).data["number"] for _ in range(3)]
        assert heard == [0, 1, 2]


async def test_a_tenant_has_room_for_so_many_listeners_and_others_have_theirs() -> None:
    hub = hub_with(streams_per_tenant=1)
    with hub.subscribe(A):
        with pytest.raises(TooManyStreams), hub.subscribe(A):
            pass
        with hub.subscribe(B):
            pass
    with hub.subscribe(A):
        assert hub.count() == 1


async def test_ending_a_tenants_streams_drops_what_waits_and_spares_others() -> None:
    hub = hub_with()
    with hub.subscribe(A) as gone, hub.subscribe(B) as other:
        hub.publish(A, event(1))
        hub.end(A, "tenant")
        hub.publish(A, event(2))
        hub.publish(B, event(3))

        with pytest.raises(StreamEnded):
            await gone.next()
        assert (await other.next()).data == {"number": 3}


async def test_closing_wakes_who_waits_after_what_was_published() -> None:
    hub = hub_with()
    with hub.subscribe(A) as waiting:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(waiting.next())
            await asyncio.sleep(0)
            hub.publish(A, event(1))
            hub.close()

        assert first.result().data == {"number": 1}
        with pytest.raises(StreamEnded) as ended:
            await waiting.next()
        assert ended.value.ending == "shutdown"
    with hub.subscribe(A) as late, pytest.raises(StreamEnded):
        await late.next()
