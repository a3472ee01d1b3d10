"""Listening to a tenant for as long as the listener may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from reference_app.auth.tokens import InvalidToken
from reference_app.events.hub import Event, StreamEnded, Subscription
from reference_app.resources import CurrentTenant, Resources

_OFTEN = 1.0
"""Seconds between two looks at a listener at least."""


@contextmanager
def subscribed(resources: Resources, current: CurrentTenant) -> Iterator[Subscription]:
    """Listen to a tenant for a block, at most as long as it stays open.

    Raises:
        TooManyStreams: As many listen already as may.
    """
    with (
        resources.hub.subscribe(current.tenant) as subscription,
        current.runtime.ending.telling(lambda: subscription.end("restart")),
    ):
        yield subscription


async def listen(
    resources: Resources, current: CurrentTenant, token: str, subscription: Subscription
) -> AsyncGenerator[Event | None, None]:
    """Yield events as they happen, and None at each heartbeat.

    A stream outlives the request that was let in. So the listener is looked at
    again and again: an expired or revoked token, a suspended tenant or one that has
    left ends the stream, whichever process was told of it.

    Raises:
        StreamEnded: There is nothing more to come.
    """
    settings = resources.settings
    between_looks = max(settings.cache_lifetime, _OFTEN)
    now = time.monotonic()
    look, beat = now + between_looks, now + settings.stream_heartbeat
    while True:
        event = await _next_until(min(look, beat), subscription)
        if event is not None:
            yield event
            continue
        if time.monotonic() >= look:
            await check_admission(resources, current, token)
            look = time.monotonic() + between_looks
        if time.monotonic() >= beat:
            yield None
            beat = time.monotonic() + settings.stream_heartbeat


async def check_admission(
    resources: Resources, current: CurrentTenant, token: str
) -> None:
    """Check that somebody who was let in would be let in now.

    Raises:
        StreamEnded: The token or the tenant is not good any more.
    """
    tenant = await resources.directory.current(current.tenant.id)
    if tenant is None or tenant.status != "active":
        raise StreamEnded("tenant")
    resources.tenants.notice(tenant)
    try:
        await resources.tokens.verify(current.tenant, token)
    except InvalidToken:
        raise StreamEnded("access") from None


async def _next_until(due: float, subscription: Subscription) -> Event | None:
    """Return the next event, or None if none came in time."""
    if time.monotonic() >= due:  # of a busy stream, too
        return None
    try:
        async with asyncio.timeout(due - time.monotonic()):
            return await subscription.next()
    except TimeoutError:
        return None
