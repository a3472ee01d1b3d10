"""What comes piece by piece: answers that stream, and sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from harness.hosting.hosted import ConnectionDropped, Headers

Leave = Callable[[], Awaitable[None]]
Say = Callable[[str | bytes], Awaitable[None]]


@final
class Incoming:
    """An answer that has begun, and goes on; whoever hosts the app fills it.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.

    Args:
        leave: Goes away: the app sees a disconnect.
    """

    def __init__(self, status: int, headers: Headers, leave: Leave) -> None:
        self.status = status
        self.headers = headers
        self._pieces = _Pieces()
        self._leave = leave

    def header(self, name: bytes) -> str:
        """Return a header's (first) value; "" if there is none."""
        values = (value for key, value in self.headers if key == name)
        return next(values, b"").decode("latin-1")

    def put(self, piece: bytes) -> None:
        """Add what came."""
        self._pieces.put(piece)

    def end(self, dropped: str = "") -> None:
        """Say that nothing more comes, and why, if it was not whole."""
        self._pieces.end(dropped)

    async def piece(self) -> bytes | None:
        """Return what came next; None at the end.

        Raises:
            ConnectionDropped: It ended before it was whole.
        """
        return await self._pieces.next()

    async def leave(self) -> None:
        """Go away, whether it has ended or not; the app is through with it then."""
        await self._leave()

    def then(self, settle: Leave) -> None:
        """Have something awaited after leaving."""
        self._leave = _both(self._leave, settle)


@final
class Conversation:
    """A WebSocket that was accepted; whoever hosts the app fills it.

    Attributes:
        headers: Of the handshake's answer, names in lower case.
        code: Of its closing (RFC 6455, 7.4), once the app closed it; else 0.

    Args:
        say: Sends a message.
        leave: Closes it.
    """

    def __init__(self, headers: Headers, say: Say, leave: Leave) -> None:
        self.headers = headers
        self.code = 0
        self._messages = _Pieces()
        self._say = say
        self._leave = leave

    def put(self, message: bytes) -> None:
        """Add what came."""
        self._messages.put(message)

    def end(self, code: int) -> None:
        """Say that it was closed."""
        self.code = self.code or code
        self._messages.end("")

    async def message(self) -> bytes | None:
        """Return what came next; None once it is closed."""
        return await self._messages.next()

    async def say(self, message: str | bytes) -> None:
        """Send a message; one that comes too late is lost, as on any network."""
        await self._say(message)

    async def leave(self) -> None:
        """Close it, whether it is closed or not; the app is through with it then."""
        await self._leave()

    def then(self, settle: Leave) -> None:
        """Have something awaited after leaving."""
        self._leave = _both(self._leave, settle)


def _both(first: Leave, second: Leave) -> Leave:
    async def leave() -> None:
        try:
            await first()
        finally:
            await second()

    return leave


@final
class _Pieces:
    """Pieces in the order in which they came, and their end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ended = False
        self._dropped = ""

    def put(self, piece: bytes) -> None:
        if piece and not self._ended:
            self._queue.put_nowait(piece)

    def end(self, dropped: str) -> None:
        if not self._ended:
            self._ended = True
            self._dropped = dropped
            self._queue.put_nowait(None)

    async def next(self) -> bytes | None:
        piece = await self._queue.get()
        if piece is None:
            self._queue.put_nowait(None)  # for whoever asks again
            if self._dropped:
                raise ConnectionDropped(self._dropped)
        return piece
