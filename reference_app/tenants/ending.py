"""How those who use something for long learn that it is about to be closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class EndingSignal:
    """Is given once, to all who listen for it then and to all who come later."""

    def __init__(self) -> None:
        self._given = asyncio.Event()
        self._listeners: dict[object, Callable[[], None]] = {}

    def set(self) -> None:
        """Give the signal."""
        if self._given.is_set():
            return
        self._given.set()
        for listener in tuple(self._listeners.values()):
            listener()

    def is_set(self) -> bool:
        """Tell whether it was given."""
        return self._given.is_set()

    async def wait(self) -> None:
        """Wait until it is given."""
        await self._given.wait()

    @contextmanager
    def telling(self, listener: Callable[[], None]) -> Iterator[None]:
        """Have something called if the signal is given during a block, or was before.

        Args:
            listener: Must neither fail nor wait.
        """
        if self._given.is_set():
            listener()
        key = object()
        self._listeners[key] = listener
        try:
            yield
        finally:
            del self._listeners[key]
