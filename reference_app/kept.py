"""Something that is opened once, shared by many, and closed once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    contextmanager,
    suppress,
)
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
State = Literal["opening", "open", "closing", "closed", "failed"]


class NotOpen(Exception):
    """It is not open, or not any more."""


def _nothing() -> None:
    """Do nothing."""


class Kept(Generic[T]):
    """Opens a thing, keeps it while it is wanted, and closes it, all in one task.

    Opening and closing in the same task is what timeouts, task groups and
    cancellation rely on. Nobody who waits runs any of it, so that nobody who leaves
    can spoil it. Its life goes one way: opening, open, closing, closed; or opening,
    failed. Who comes after its end makes another.

    Whoever makes one starts `run` in a task that outlives those who use it.

    Args:
        open_it: Opens the thing for a block.
        deadline: Seconds that opening may take.
        patience: Seconds that closing waits for those who use it.
        on_unused: Called when it is open and nobody uses it or waits for it.
    """

    def __init__(
        self,
        open_it: Callable[[], AbstractAsyncContextManager[T]],
        *,
        deadline: float,
        patience: float,
        on_unused: Callable[[], None] = _nothing,
    ) -> None:
        self.state: State = "opening"
        self.error: Exception | None = None
        self.ended_at: float | None = None
        self.last_used: float | None = None
        self._open_it = open_it
        self._deadline = deadline
        self._patience = patience
        self._on_unused = on_unused
        self._thing: T | None = None
        self._leases = 0
        self._waiting = 0
        self._idle_since = time.monotonic()
        self._opening: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._closing = asyncio.Event()
        self._unused = asyncio.Event()
        self._unused.set()
        self._gone = asyncio.Event()

    @property
    def thing(self) -> T:
        """What is open.

        Raises:
            NotOpen: It is not.
        """
        if self.state != "open" or self._thing is None:
            raise NotOpen
        return self._thing

    async def settled(self) -> None:
        """Wait until it is open, or over.

        Whoever waits counts as one who uses it until it is his turn to run, or
        others could find it idle and close it before he had anything of it.
        """
        self._waiting += 1
        try:
            await self._settled.wait()
            if self.state == "closing":
                await self._gone.wait()
        except BaseException:
            self._leave(waiting=1)
            raise
        self._waiting -= 1

    async def closed(self) -> None:
        """Wait until nothing of it is open."""
        await self._gone.wait()

    @contextmanager
    def lease(self) -> Iterator[T]:
        """Use the thing for a block; it is not idle that long.

        Whoever has waited for `settled` must not let anybody else run before this.

        Raises:
            NotOpen: It is not open.
        """
        thing = self.thing
        self._leases += 1
        self._unused.clear()
        self.last_used = time.time()
        try:
            yield thing
        finally:
            self._idle_since = time.monotonic()
            self._leave(leases=1)

    def is_idle(self, seconds: float = 0) -> bool:
        """Tell whether it is open and nobody has used it for so long."""
        return (
            self.state == "open"
            and self._leases == self._waiting == 0
            and time.monotonic() - self._idle_since >= seconds
        )

    def close(self) -> None:
        """Begin to close: no new leases; an opening that is under way is given up."""
        if self._closing.is_set():
            return  # a second cancellation would interrupt what the first began
        self._closing.set()
        if self.state == "opening" and self._opening is not None:
            self._opening.cancel()
        elif self.state == "open":
            self.state = "closing"

    async def run(self) -> None:
        """Live; the task that runs this owns the thing. An error ends up in `error`."""
        try:
            if self._closing.is_set():
                return
            self._opening = asyncio.current_task()
            async with AsyncExitStack() as opened:
                async with asyncio.timeout(self._deadline):
                    thing = await opened.enter_async_context(self._open_it())
                self._thing = thing
                self._idle_since = time.monotonic()
                given_up = self._closing.is_set()
                self.state = "closing" if given_up else "open"
                self._settled.set()
                if given_up:
                    await self._outlive_cancellation()
                elif self._waiting == 0:  # all who asked have left
                    self._on_unused()
                await self._closing.wait()
                await self._drain()
        except Exception as error:  # noqa: BLE001 - handed to whoever asks
            self.error = error
        finally:
            self._end()

    def _leave(self, *, leases: int = 0, waiting: int = 0) -> None:
        self._leases -= leases
        self._waiting -= waiting
        if self._leases == 0:
            self._unused.set()
        if self.is_idle():
            self._on_unused()

    async def _outlive_cancellation(self) -> None:
        """Take what `close` sent when the opening was done already.

        It would arrive while the thing closes, and cut that short.
        """
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        if task is not None and task.uncancel() > 0:
            raise asyncio.CancelledError  # somebody else wants an end of it too

    async def _drain(self) -> None:
        """Give those who use it a moment to finish."""
        try:
            async with asyncio.timeout(self._patience):
                await self._unused.wait()
        except TimeoutError:
            pass  # they have been told, and lose it now

    def _end(self) -> None:
        failed = self.state == "opening" and self.error is not None
        self.state = "failed" if failed else "closed"
        self._thing = None
        self.ended_at = time.monotonic()
        self._settled.set()
        self._gone.set()
