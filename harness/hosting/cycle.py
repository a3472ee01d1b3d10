"""One request to an app in this process, and its answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, final

from harness.hosting.asgi import App, Message, Scope
from harness.hosting.failure import one_line
from harness.hosting.flow import Incoming, Leave
from harness.hosting.hosted import ConnectionDropped, Headers, Request, Response
from harness.model.framing import is_stream

_BREATH: Final = 64
# Where uvicorn, which most apps are served by, reports what an app raised.
_LOGGER: Final = "uvicorn.error"


@final
class Cycle:
    """Plays the server for one request, with uvicorn's answers to errors.

    Args:
        request: What is asked.
        answered: Is done once the answer is whole, or the app has ended; or once a
            stream has begun, if somebody is there to leave it.
        leave: What leaves a stream; None if it is read to its end like any answer.

    Attributes:
        incoming: The stream that has begun; None if none has.
        late: What the app raised once its answer was whole, on one line; "" if nothing.
            That it was cancelled counts for nothing.
    """

    __slots__ = (
        "_answered",
        "_chunks",
        "_complete",
        "_gone",
        "_headers",
        "_leave",
        "_left",
        "_request",
        "_status",
        "_unsent",
        "incoming",
        "late",
    )

    def __init__(
        self,
        request: Request,
        answered: asyncio.Future[None],
        leave: Leave | None = None,
    ) -> None:
        self.incoming: Incoming | None = None
        self.late = ""
        self._leave = leave
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
            raise ConnectionDropped(self._dropped())
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return Response(self._status, self._headers, body)

    @property
    def goes_on(self) -> bool:
        """Whether more of an answer comes after it was handed over."""
        return self.incoming is not None and not self._complete

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
        except BaseException as error:  # noqa: BLE001 - as uvicorn, SystemExit included
            if self._complete:
                self.late = one_line(error)
            self._report(exc_info=True)
        else:
            if not self._complete and not self._left:
                self._report(exc_info=False)
        finally:
            self._tell()
            if self.incoming is not None:
                self.incoming.end("" if self._complete else self._dropped())

    def _dropped(self) -> str:
        path = self._request.target.partition("?")[0]
        return f"{self._request.method} {path}: the app ended amid its answer"

    def _tell(self) -> None:
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
            self._begin()
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

    def _begin(self) -> None:
        """Hand over the answer that streams, if somebody can take it."""
        kind = next((v for n, v in self._headers if n == b"content-type"), b"")
        if self._leave is None or not is_stream(kind.decode("latin-1")):
            return
        self.incoming = Incoming(self._status, self._headers, self._leave)
        self._tell()

    def _take(self, chunk: bytes) -> None:
        if self._request.method == "HEAD":
            return
        if self.incoming is None:
            self._chunks.append(bytes(chunk))
        else:
            self._chunks.append(b"")  # only counted
            self.incoming.put(bytes(chunk))

    def _finish(self) -> None:
        if self.incoming is None:
            self._check_length()
        else:
            self.incoming.end()
        self._complete = True
        if self._gone is not None:
            self._gone.set()
        self._tell()

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
