"""One WebSocket to an app in this process."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, final

from harness.hosting.asgi import App, Message, Scope
from harness.hosting.flow import Conversation, Leave
from harness.hosting.hosted import Headers, Response

CLOSED: Final = 1000
GONE: Final = 1001
RESTARTS: Final = 1012
"""What both sides see where the server stops, as under uvicorn."""
BROKEN: Final = 1006
"""What a client sees where the app ended without closing, as under uvicorn."""
_REFUSED: Final = 403
_ERROR: Final = 500
# Where uvicorn, which most apps are served by, reports what an app raised.
_LOGGER: Final = "uvicorn.error"


@final
class Dialogue:
    """Plays the server for one WebSocket, as uvicorn does.

    Args:
        decided: Is done once the app has accepted or refused, or has ended.
        leave: What leaves the socket.
    """

    def __init__(self, decided: asyncio.Future[None], leave: Leave) -> None:
        self._decided = decided
        self._leave = leave
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._conversation: Conversation | None = None
        self._refusal = Response(0, (), b"")
        self._left = False

    @property
    def goes_on(self) -> bool:
        """Whether the socket is open after it was handed over."""
        return self._conversation is not None and not self._conversation.code

    def outcome(self) -> Response | Conversation:
        """Return the socket, or the answer that refused it."""
        return self._conversation or self._refusal

    def leave(self) -> None:
        """Be the client that goes away: the app sees a disconnect."""
        if not self._left:
            self._left = True
            self._disconnected(GONE)

    def stop(self) -> None:
        """Be the server that stops: an open socket is closed, another is refused."""
        if self._left or (self._conversation and self._conversation.code):
            return
        self._left = True
        if self._conversation is not None:
            self._conversation.end(RESTARTS)
        elif not self._refusal.status:
            self._refusal = Response(_ERROR, (), b"Internal Server Error")
        self._disconnected(RESTARTS)
        self._tell()

    async def run(self, app: App, scope: Scope) -> None:
        """Serve the socket to its end."""
        try:
            await app(scope, self._inbox.get, self._send)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except asyncio.CancelledError:
            if self._left:
                raise
            _report()
        except BaseException:  # noqa: BLE001 - as uvicorn, SystemExit included
            _report()
        finally:
            if self._conversation is not None:
                self._conversation.end(BROKEN)
            elif not self._refusal.status:
                self._refusal = Response(_ERROR, (), b"Internal Server Error")
            self._tell()

    def _tell(self) -> None:
        if not self._decided.done():
            self._decided.set_result(None)

    def _disconnected(self, code: int) -> None:
        self._inbox.put_nowait(
            {"type": "websocket.disconnect", "code": code, "reason": ""}
        )

    async def _say(self, message: str | bytes) -> None:
        if not self.goes_on:
            return
        kind = "text" if isinstance(message, str) else "bytes"
        self._inbox.put_nowait({"type": "websocket.receive", kind: message})
        await asyncio.sleep(0)

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._left:
            return
        if self._conversation is not None:
            self._exchange(self._conversation, kind, message)
        elif kind == "websocket.accept":
            self._conversation = Conversation(_headers(message), self._say, self._leave)
            self._tell()
        else:
            self._refuse(kind, message)

    def _exchange(self, open_: Conversation, kind: str, message: Message) -> None:
        if open_.code:
            raise RuntimeError(f"Unexpected ASGI message {kind!r} after the close.")
        if kind == "websocket.send":
            text = message.get("text")
            open_.put(text.encode() if text is not None else message["bytes"])
        elif kind == "websocket.close":
            open_.end(message.get("code") or CLOSED)
            self._disconnected(open_.code)
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r} in a WebSocket.")

    def _refuse(self, kind: str, message: Message) -> None:
        if kind == "websocket.close":
            self._refusal = Response(_REFUSED, (), b"")
            self._disconnected(message.get("code") or CLOSED)
            self._tell()
        elif kind == "websocket.http.response.start":
            self._refusal = Response(message["status"], _headers(message), b"")
        elif kind == "websocket.http.response.body" and self._refusal.status:
            body = self._refusal.body + message.get("body", b"")
            self._refusal = Response(self._refusal.status, self._refusal.headers, body)
            if not message.get("more_body", False):
                self._tell()
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r} before an accept.")


def _report() -> None:
    """Log what the app raised."""
    message = "Exception in ASGI application\n"
    logging.getLogger(_LOGGER).error(message, exc_info=True)  # noqa: LOG014


def _headers(message: Message) -> Headers:
    return tuple(
        (bytes(name).lower(), bytes(value))
        for name, value in message.get("headers") or ()
    )
