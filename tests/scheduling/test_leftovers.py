"""What an app leaves behind on a schedule's loop ends with it, without a word."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from harness.scheduling.fresh import gated_loop


class MendsItself(asyncio.Protocol):
    """Begins anew when its connection is lost, as a pool that keeps a minimum does."""

    def __init__(self) -> None:
        self.mending: asyncio.Task[None] | None = None

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.mending = asyncio.get_running_loop().create_task(self._mend())

    async def _mend(self) -> None:
        await asyncio.Event().wait()


def test_what_begins_when_connections_are_cut_is_ended_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here, there = socket.socketpair()
    protocol = MendsItself()
    with there:
        with gated_loop() as loop:
            opening = loop.create_connection(lambda: protocol, sock=here)
            loop.run_until_complete(opening)

        assert protocol.mending is not None
        assert protocol.mending.cancelled()
        protocol.mending = None
        gc.collect()

    assert not caplog.records
