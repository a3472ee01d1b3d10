"""Streaming: which streams end, and what a socket answers to what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import Response
from harness.model.event import SWITCHED

if TYPE_CHECKING:
    from harness.provisioning.habits import Habits

READING: Final = (0.3, 1.0)
"""Of a GET whose kind is not known: seconds of silence, and in all, after which it
is taken not to end. What comes later is heard all the same."""
ANSWERING: Final = 5.0
"""Seconds of silence amid any other streamed answer."""
TALKING: Final = (0.2, 1.0)
"""The same of a socket, which is opened to stay open."""
FORBIDDEN: Final = 403
_REFUSING: Final = frozenset({1008, 3000, 3003, *range(4000, 5000)})
"""Codes by which apps close a socket that they accepted only to say no."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A flow that goes on, or a socket that was accepted.

    Attributes:
        flow: Where more comes from.
        response: Its beginning, without content.
        begun: Pieces that came already.
        refusal: How the app closed it at once; "" if it did not.
    """

    flow: Incoming | Conversation
    response: Response
    begun: tuple[bytes, ...] = ()
    refusal: str = ""


async def drawn(
    incoming: Incoming,
    operation: str,
    habits: Habits,
    *,
    timeout: float,
    reads: bool,
) -> Response | Opened:
    """Read a stream to its end, if it has one.

    Args:
        incoming: The stream.
        operation: Key of the operation.
        habits: What is known of it; learns how it went.
        timeout: Seconds that it may take to end.
        reads: Whether it answers a GET: others answer what was asked, and end.

    Raises:
        ConnectionDropped: It broke off.
    """
    response = Response(incoming.status, incoming.headers, b"")
    known = habits.endless(operation)
    if known:
        return Opened(incoming, response)
    patience = (ANSWERING, timeout) if known is False or not reads else READING
    try:
        pieces, ended = await _pieces(incoming.piece, *patience)
    except BaseException:
        await incoming.leave()
        raise
    habits.streamed(operation, endless=not ended, greets=bool(pieces))
    if not ended:
        return Opened(incoming, response, tuple(pieces))
    await incoming.leave()
    return Response(incoming.status, incoming.headers, b"".join(pieces))


async def talked(
    conversation: Conversation,
    says: Sequence[str],
    operation: str,
    habits: Habits,
) -> Opened:
    """Say something on a socket, and see whether it is let in.

    Args:
        conversation: The socket.
        says: The messages.
        operation: Key of the operation.
        habits: Learn whether anything comes of itself.
    """
    known = habits.endless(operation) is not None
    pieces: list[bytes] = []
    for said in says:
        await conversation.say(said)
    if not known or habits.greets(operation):
        try:
            silence, in_all = TALKING
            pieces, _ = await _pieces(conversation.message, silence, in_all, most=1)
        except BaseException:
            await conversation.leave()
            raise
    if not known:
        habits.streamed(operation, endless=True, greets=bool(pieces))
    code = conversation.code
    refused = code in _REFUSING and not pieces
    return Opened(
        conversation,
        Response(FORBIDDEN if refused else SWITCHED, conversation.headers, b""),
        tuple(pieces),
        f"closed with code {code}" if code else "",
    )


async def _pieces(
    get: Callable[[], Awaitable[bytes | None]],
    silence: float,
    in_all: float,
    *,
    most: int = 0,
) -> tuple[list[bytes], bool]:
    """Collect what comes; return it, and whether that was all.

    Args:
        get: Gives the next piece, and None at the end.
        silence: Seconds without any, after which no more is waited for.
        in_all: Seconds after which no more is waited for.
        most: How many to wait for; 0 for any number.
    """
    found: list[bytes] = []
    clock = asyncio.get_running_loop().time
    end = clock() + in_all
    while not most or len(found) < most:
        try:
            async with asyncio.timeout(min(silence, max(0.0, end - clock()))):
                piece = await get()
        except TimeoutError:
            return found, False
        if piece is None:
            return found, True
        found.append(piece)
    return found, False
