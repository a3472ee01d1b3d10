"""Listeners: streams and sockets that stay open while other requests are made."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self, final

from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import ConnectionDropped
from harness.model.event import Channel, Heard
from harness.model.framing import framing, strands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from harness.model.event import Exchange
    from harness.model.scanner import Hit, Scanner
    from harness.provisioning.habits import Habits
    from harness.recording.recorder import Recorder

GREETING: Final = 1.0
"""Seconds to wait for what a listener is known to hear at once."""
LONGEST_QUIET: Final = 0.5
"""Seconds that an end waits for listeners who do not fall silent."""
_TAIL: Final = 16
"""Characters of a text that are kept: one less than a canary has."""
_PLACES: Final = 64


@final
class Listeners:
    """What is open on one running app; closed in order at the end.

    Args:
        recorder: Learns what is heard.
        habits: Say how long to wait.
        quiet: Seconds without a message after which none is on its way: how long
            the app needs, from what causes a message until it is here.
    """

    def __init__(self, recorder: Recorder, habits: Habits, *, quiet: float) -> None:
        self._recorder = recorder
        self._habits = habits
        self._quiet = quiet
        self._open: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()
        self._arrival = asyncio.Event()
        self._during, self._cause = 0, ""
        self._stirred = self._answered = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._stirred and self._open:
            await self._silence()
        for task in reversed(tuple(self._open.values())):
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            # Callers know single errors; of several the first is what happened.
            raise group.exceptions[0] from group

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    def begin(self, exchange: int, operation: str) -> None:
        """Say that a request is about to be made: it may cause what comes now."""
        self._during, self._cause = exchange, operation
        self._answered = False

    async def attend(
        self,
        exchange: Exchange,
        flow: Incoming | Conversation,
        begun: Sequence[bytes] = (),
    ) -> None:
        """Listen from now on; whoever did so in the same name stops.

        Args:
            exchange: What opened the flow.
            flow: Where it comes from.
            begun: Pieces that came already.
        """
        name = (exchange.operation, str(exchange.principal), exchange.request)
        earlier = self._open.pop(name, None)
        if earlier is not None:
            earlier.cancel()
            await asyncio.wait((earlier,))
        ear = _Ear(self._recorder.scanner, flow)
        for piece in begun:
            self._hear(exchange, ear.messages(piece), ear)
        task = self._group.create_task(self._listen(exchange, flow, ear))
        self._open[name] = task
        task.add_done_callback(lambda done: self._closed(name, done))
        await asyncio.sleep(0)  # only a task that has begun leaves what it listens to

    async def settle(self, *, stirred: bool) -> None:
        """Wait for what the last request caused, as long as its kind may take.

        Args:
            stirred: Whether it was one that may cause something.
        """
        if not self._open or not stirred:
            return
        self._stirred = True
        wait = self._habits.reaction(self._cause)
        if not self._answered and wait and not await self._arrived(wait):
            self._habits.caused_nothing(self._cause)
        if self._answered:
            await asyncio.sleep(0)  # others hear it in the same breath

    async def ready(self, operations: Iterable[str]) -> None:
        """Wait until what was just opened surely listens.

        Args:
            operations: Keys of those that were opened.
        """
        if not self._open:
            return
        if any(self._habits.greets(one) for one in operations) and not self._answered:
            await self._arrived(GREETING)
        # Apps begin to listen after they begin to answer, and say nothing of it.
        await asyncio.sleep(self._quiet)

    async def _silence(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_QUIET):
                while await self._arrived(self._quiet):
                    pass

    async def _arrived(self, wait: float) -> bool:
        """Wait for the next message; return whether one came."""
        self._arrival.clear()
        try:
            async with asyncio.timeout(wait):
                await self._arrival.wait()
        except TimeoutError:
            return False
        return True

    async def _listen(
        self, opening: Exchange, flow: Incoming | Conversation, ear: _Ear
    ) -> None:
        more = flow.message if isinstance(flow, Conversation) else flow.piece
        try:
            while (piece := await more()) is not None:
                self._hear(opening, ear.messages(piece), ear)
            self._hear(opening, ear.rest(), ear)
        except ConnectionDropped:
            pass  # what came until then was heard
        finally:
            await flow.leave()

    def _hear(self, opening: Exchange, messages: list[bytes], ear: _Ear) -> None:
        for message in messages:
            self._note(opening, ear.hits(message), len(message))

    def _note(self, opening: Exchange, hits: tuple[Hit, ...], size: int) -> None:
        during = self._during or opening.id
        self._recorder.add(
            Heard(
                kind="heard",
                at=self._recorder.now(),
                listener=opening.id,
                during=during,
                channel=opening.through,
                size=size,
                hits=hits,
            )
        )
        if during != opening.id:
            self._habits.caused(self._cause)
        self._answered = True
        self._arrival.set()

    def _closed(self, name: tuple[str, str, str], task: asyncio.Task[None]) -> None:
        if self._open.get(name) is task:
            del self._open[name]


@final
class _Ear:
    """Takes messages out of a flow, and scans them and what they tell bit by bit."""

    def __init__(self, scanner: Scanner, flow: Incoming | Conversation) -> None:
        self._scanner = scanner
        self._framing = (
            None
            if isinstance(flow, Conversation)
            else framing(flow.header(b"content-type"))
        )
        self._tails: dict[str, str] = {}

    def messages(self, piece: bytes) -> list[bytes]:
        """Return the messages that a piece completes; on a socket each is one."""
        return [piece] if self._framing is None else self._framing.feed(piece)

    def rest(self) -> list[bytes]:
        """Return what has come of a message that has not ended."""
        return [] if self._framing is None else self._framing.rest()

    def hits(self, message: bytes) -> tuple[Hit, ...]:
        found = self._scanner.scan(message)
        known = {(hit.owner, hit.field) for hit in found}
        joined = []
        for place, text in strands(message).items():
            tail = self._tails.get(place, "")
            if tail:
                joined.append(tail + text)
            if place in self._tails or len(self._tails) < _PLACES:
                self._tails[place] = (tail + text)[-_TAIL:]
        return (
            *found,
            *(
                hit
                for text in joined
                for hit in self._scanner.scan_text(text)
                if (hit.owner, hit.field) not in known
            ),
        )


def channel_of(flow: Incoming | Conversation) -> Channel:
    """Return the channel that a flow is."""
    return Channel.SOCKET if isinstance(flow, Conversation) else Channel.STREAM
