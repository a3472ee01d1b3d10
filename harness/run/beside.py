"""What runs beside an app for it to call, with all that it is sent recorded."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from harness.environment.outside import outside
from harness.environment.provider_stub.keys import TenantKeys
from harness.model.event import BootCalls, Destination, Egress
from harness.model.measurement import Measurement
from harness.observe.outgoing import OutgoingReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from harness.environment.outside import Outside
    from harness.hosting.hosted import Hosted
    from harness.model.canary import CanaryKey
    from harness.model.event import Event
    from harness.recording.recorder import Recorder


@asynccontextmanager
async def beside_app(key: CanaryKey, recorder: Recorder) -> AsyncIterator[Outside]:
    """Run a model provider and a sink that know the run's canaries."""
    reader = OutgoingReader(recorder, key)
    keys = TenantKeys(key, recorder.scanner)
    async with outside(keys, on_call=reader.call, on_request=reader.request) as running:
        yield running


def counting_calls(
    host: Callable[[], AbstractAsyncContextManager[Hosted]],
    beside: Outside,
    recorder: Recorder,
    *,
    expected: bool,
    most: int = -1,
) -> Callable[[], AbstractAsyncContextManager[Hosted]]:
    """Return the same way to start an app, its calls of the provider counted.

    Each boot finds the rate limits unused, as it finds the state set back.

    Args:
        host: Starts the app.
        beside: What runs beside it.
        recorder: Takes the count.
        expected: Whether the app was told where they are; else a boot without calls
            is no news.
        most: Calls that a boot may make with one key; -1 if that is no matter.
    """

    @asynccontextmanager
    async def counted() -> AsyncIterator[Hosted]:
        beside.provider.renew()
        mark = beside.provider.mark
        async with host() as hosted:
            calls = tuple(
                (owner, sum(not call.retry for call in made))
                for owner, made in beside.provider.calls_since(mark).items()
            )
            if calls or expected:
                recorder.add(BootCalls("boot calls", calls, most))
            yield hosted

    return counted


def counted_calls(events: Sequence[Event]) -> tuple[Measurement, ...]:
    """Return how often the model provider was called; nothing if it never was.

    ``provider_calls`` are all, tries of the SDK included; ``provider_calls_per_boot``
    the most until the app was ready, and ``provider_calls_per_tenant`` the most of
    these under one tenant's key.
    """
    provider = Destination.PROVIDER
    made = sum(isinstance(e, Egress) and e.destination is provider for e in events)
    if not made:
        return ()
    boots = [event.calls for event in events if isinstance(event, BootCalls)]
    sums = (sum(count for _, count in calls) for calls in boots)
    counts = (n for calls in boots for owner, n in calls if owner is not None)
    return (
        Measurement("provider_calls", made),
        Measurement("provider_calls_per_boot", max(sums, default=0)),
        Measurement("provider_calls_per_tenant", max(counts, default=0)),
    )
