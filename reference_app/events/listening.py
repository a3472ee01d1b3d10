"""Listening to a tenant for as long as the listener may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from reference_app.auth.tokens import InvalidToken
from reference_app.events.hub import Event, StreamEnded, Subscription
from reference_app.resources import CurrentTenant, Resources


async def listen(
    resources: Resources, current: CurrentTenant, token: str, subscription: Subscription
) -> AsyncGenerator[Event | None, None]:
    """Yield events as they happen, and None at each heartbeat.

    A stream outlives the request that was let in. So at each heartbeat the
    listener is looked at again: an expired or revoked token, a suspended tenant
    or one that has left ends the stream, whichever process was told of it.

    Raises:
        StreamEnded: There is nothing more to come.
    """
    due = time.monotonic() + resources.settings.stream_heartbeat
    while True:
        event = await _next_until(due, subscription)
        if event is None:
            await check_admission(resources, current, token)
            due = time.monotonic() + resources.settings.stream_heartbeat
        yield event


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
    try:
        await resources.tokens.verify(current.tenant, token)
    except InvalidToken:
        raise StreamEnded("access") from None


async def _next_until(due: float, subscription: Subscription) -> Event | None:
    """Return the next event, or None if none came in time."""
    if time.monotonic() >= due:  # a busy stream has heartbeats too
        return None
    try:
        async with asyncio.timeout(due - time.monotonic()):
            return await subscription.next()
    except TimeoutError:
        return None
