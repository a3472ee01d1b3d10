"""WebSockets over a socket, through the `websockets` library."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)

from harness.hosting.dialogue import BROKEN
from harness.hosting.failure import is_exhausted, of_system
from harness.hosting.flow import Conversation
from harness.hosting.hosted import ConnectionDropped, Headers, Request, Response
from harness.hosting.wire import Unreachable

_LEAVING: Final = 1.0
_OWN: Final = frozenset({b"host", b"connection", b"upgrade", b"accept"})
"""Headers that the handshake sets itself."""


async def dial(
    url: str, request: Request, *, extra: Headers = (), timeout: float
) -> Response | Conversation:
    """Ask the app at a URL for a WebSocket.

    Args:
        url: Where it answers; a path in it goes before the request's target.
        request: Who asks, and for which path.
        extra: Further headers.
        timeout: Seconds for the handshake.

    Returns:
        The socket; or the answer that refuses it.

    Raises:
        Unreachable: No connection could be made.
        ConnectionDropped: The connection ended amid the handshake.
        TimeoutError: There was no answer within `timeout` seconds.
        ResourceError: This process may not open another file.
    """
    try:
        async with asyncio.timeout(timeout):
            connection = await _connect(url, request, extra)
    except InvalidStatus as error:
        answer = error.response
        headers = tuple(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.raw_items()
        )
        return Response(answer.status_code, headers, bytes(answer.body or b""))
    except TimeoutError:
        raise TimeoutError(f"No answer came within {timeout:g} s.") from None
    except OSError as error:
        exhausted = is_exhausted(error)
        if exhausted:
            raise of_system(exhausted, "open a WebSocket") from error
        raise Unreachable(str(error)) from error
    except (InvalidHandshake, WebSocketException, EOFError) as error:
        path = request.target.partition("?")[0]
        raise ConnectionDropped(f"WebSocket {path}: {error}") from error
    return _conversation(connection)


async def _connect(url: str, request: Request, extra: Headers) -> ClientConnection:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    sent = dict(request.headers)
    host = sent.get(b"host", b"localhost").decode("latin-1")
    given = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in (*request.headers, *extra)
        if name not in _OWN
    ]
    target = parts.path.rstrip("/") + request.target
    # The host that selects the tenant is in the URL; the address is apart from it.
    return await connect(
        f"{'wss' if secure else 'ws'}://{host}{target}",
        host=parts.hostname,
        port=parts.port or (443 if secure else 80),
        ssl=ssl.create_default_context() if secure else None,
        additional_headers=given,
        user_agent_header=None,
        compression=None,
        proxy=None,
        open_timeout=None,
        close_timeout=_LEAVING,
        ping_interval=None,
    )


def _conversation(connection: ClientConnection) -> Conversation:
    async def say(message: str | bytes) -> None:
        try:
            await connection.send(message)
        except ConnectionClosed:
            return  # its reader tells

    async def leave() -> None:
        await connection.close()
        reader.cancel()
        await asyncio.wait((reader,))

    response = connection.response
    headers = response.headers.raw_items() if response is not None else ()
    conversation = Conversation(
        tuple((n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers),
        say,
        leave,
    )
    reader = asyncio.create_task(_read(connection, conversation))
    return conversation


async def _read(connection: ClientConnection, conversation: Conversation) -> None:
    try:
        async for message in connection:
            conversation.put(
                message.encode() if isinstance(message, str) else bytes(message)
            )
    except ConnectionClosed:
        pass  # not in the regular way; the code below tells how
    finally:
        conversation.end(int(connection.close_code or BROKEN))
