"""All taps that put in order what an app does outside, in one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.observe.asyncpg import asyncpg_gated
from harness.observe.gates.http import http_gated
from harness.observe.gates.redis import redis_gated
from harness.observe.gates.steps import steps_gated
from harness.observe.gates.threads import threads_gated


@contextlib.contextmanager
def gated(*, steps: bool = False) -> Iterator[None]:
    """Have an app's operations await the gate of the event loop that they run on.

    asyncpg (SQLAlchemy's dialect with it), httpx (the SDKs of model providers with it),
    redis and threads. A library is tapped once it is imported, and none is imported for
    that. On event loops without a gate nothing changes.

    Args:
        steps: Whether bare yields wait for their turn, too: the second tier.

    Raises:
        EnvironmentFailure: A library lacks what its tap relies on. It comes out of the
            import of the library if that is imported later.
    """
    with contextlib.ExitStack() as stack:
        for tap in (asyncpg_gated, http_gated, redis_gated, threads_gated):
            stack.enter_context(tap())
        if steps:
            stack.enter_context(steps_gated())
        yield
