"""One request to an app in this process, and its answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, final

from harness.hosting.asgi import App, Message, Scope
from harness.hosting.hosted import ConnectionDropped, Headers, Request, Response

_BREATH: Final = 64
# Where uvicorn, which most apps are served by, reports what an app raised.
_LOGGER: Final = "uvicorn.error"


@final
class Cycle:
    """Plays the server for one request, with uvicorn's answers to errors.

    Args:
        request: What is asked.
        answered: Is done once the answer is whole, or the app has ended.
    """

    __slots__ = (
        "_answered",
        "_chunks",
        "_complete",
        "_gone",
        "_headers",
        "_left",
        "_request",
        "_status",
        "_unsent",
    )

    def __init__(self, request: Request, answered: asyncio.Future[None]) -> None:
        self._request = request
        self._answered = answered
        self._status = 0
        self._headers: Headers = ()
        self._chunks: list[bytes] = []
        self._unsent = True
        self._complete = False
        self._left = False
        self._gone: asyncio.Event | None = None

    def response(self) -> Response:
        """Return the answer.

        Raises:
            ConnectionDropped: The app ended without completing it.
        """
        if not self._complete:
            request = self._request
            raise ConnectionDropped(
                f"{request.method} {request.target.partition('?')[0]}: "
                f"the app ended amid its answer"
            )
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return Response(self._status, self._headers, body)

    def leave(self) -> None:
        """Be the client that goes away: the app sees a disconnect."""
        self._left = True
        if self._gone is not None:
            self._gone.set()

    async def run(self, app: App, scope: Scope) -> None:
        """Serve the request to its end, background tasks included."""
        try:
            await app(scope, self._receive, self._send)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except asyncio.CancelledError:
            if self._left:
                raise
            self._report(exc_info=True)
        except BaseException:  # noqa: BLE001 - as uvicorn, SystemExit included
            self._report(exc_info=True)
        else:
            if not self._complete and not self._left:
                self._report(exc_info=False)
        finally:
            if not self._answered.done():
                self._answered.set_result(None)

    async def _receive(self) -> Message:
        if self._unsent:
            self._unsent = False
            return {
                "type": "http.request",
                "body": self._request.body,
                "more_body": False,
            }
        if not self._complete and not self._left:
            if self._gone is None:
                self._gone = asyncio.Event()
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left:
            return
        kind = message["type"]
        if not self._status:
            if kind != "http.response.start":
                raise RuntimeError(
                    f"Expected ASGI message 'http.response.start', but got {kind!r}."
                )
            self._headers = tuple(
                (bytes(name).lower(), bytes(value))
                for name, value in message.get("headers", ())
            )
            self._status = message["status"]
            return
        if self._complete or kind != "http.response.body":
            when = "after the end of" if self._complete else "amid"
            raise RuntimeError(f"Unexpected ASGI message {kind!r} {when} a response.")
        self._take(message.get("body", b""))
        if not message.get("more_body", False):
            self._finish()
        elif len(self._chunks) % _BREATH == 0:
            # A sender that never waits must not stop the clock.
            await asyncio.sleep(0)

    def _take(self, chunk: bytes) -> None:
        if self._request.method != "HEAD":
            self._chunks.append(bytes(chunk))

    def _finish(self) -> None:
        self._check_length()
        self._complete = True
        if self._gone is not None:
            self._gone.set()
        if not self._answered.done():
            self._answered.set_result(None)

    def _check_length(self) -> None:
        if self._request.method == "HEAD" or self._status in {204, 304}:
            return
        for name, value in self._headers:
            if name == b"content-length":
                size = sum(map(len, self._chunks))
                if int(value) != size:
                    than = "longer" if size > int(value) else "shorter"
                    raise RuntimeError(f"Response content {than} than Content-Length")
                return

    def _report(self, *, exc_info: bool) -> None:
        """Log what went wrong and answer 500, if there is no answer yet."""
        how = "completing" if self._status else "starting"
        message = (
            "Exception in ASGI application\n"
            if exc_info
            else f"ASGI callable returned without {how} response."
        )
        logging.getLogger(_LOGGER).error(message, exc_info=exc_info)
        if not self._status and not self._left:
            self._status = 500
            self._headers = ((b"content-type", b"text/plain; charset=utf-8"),)
            self._take(b"Internal Server Error")
            self._complete = True
