"""The client: sends a request in somebody's name and records the exchange."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import ConnectionDropped, Request, Response
from harness.model.compression import open_body
from harness.model.event import SWITCHED, Channel, Exchange
from harness.model.masking import masked
from harness.provisioning.calls import Call, Meaning, mended_slash, retry_after, written
from harness.provisioning.habits import Habits
from harness.provisioning.listeners import Listeners, channel_of
from harness.provisioning.reading import came_through, found_in, metrics_in
from harness.provisioning.streaming import Opened, drawn, talked
from harness.target.tools import Answer

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.canary import CanaryKey
    from harness.model.scanner import Hit
    from harness.recording.recorder import Recorder

__all__ = ["Call", "Client", "Meaning", "Reply", "never_fails"]

PATIENCE = 10.0
"""Seconds that a request waits in all for a 429 to go away."""
SERVER_ERROR = 500
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer together with the record of it."""

    answer: Answer
    exchange: Exchange


Count = Callable[[Answer], int]


class Client:
    """Sends requests to the hosted app and records each with what it revealed.

    Args:
        hosted: The app.
        recorder: Where exchanges go.
        key: Of the canaries, which requests are shown without.
        on_server_error: Awaited after each answer >= 500; raises when the
            database is gone.
        timeout: Seconds for one answer.
        habits: What is known of how the app's streams behave.
        listeners: Keep streams and sockets open; without any they are left.
    """

    def __init__(
        self,
        hosted: Hosted,
        recorder: Recorder,
        *,
        key: CanaryKey,
        on_server_error: Callable[[], Awaitable[None]],
        timeout: float = 30.0,
        habits: Habits | None = None,
        listeners: Listeners | None = None,
    ) -> None:
        self._hosted = hosted
        self._recorder = recorder
        self._key = key
        self._on_server_error = on_server_error
        self._timeout = timeout
        self._last_status = 0
        self._habits = Habits() if habits is None else habits
        self._listeners = listeners

    async def send(
        self, call: Call, meaning: Meaning, *, id_: int = 0, count: Count | None = None
    ) -> Reply:
        """Send a request and record it.

        Args:
            call: The request.
            meaning: What it stands for.
            id_: Id of the exchange, if it was drawn before.
            count: Says how many objects a list answered with.
        """
        id_ = id_ or self._recorder.next_exchange()

        async def ask() -> Response | Opened:
            # That it was refused is then what there is to know.
            patience = PATIENCE if meaning.starved is None else 0.0
            arrived = await self._insist(call, id_, patience)
            if isinstance(arrived, Response):
                return arrived
            return await drawn(
                arrived,
                meaning.operation,
                self._habits,
                timeout=self._timeout,
                reads=call.method == "GET",
            )

        return await self._made(call, meaning, id_, ask, count)

    async def talk(
        self, call: Call, says: Sequence[str], meaning: Meaning, *, id_: int = 0
    ) -> Reply:
        """Open a WebSocket, say something, and record what happened.

        Args:
            call: The handshake; its body is what will be said, to be scanned.
            says: The messages.
            meaning: What it stands for.
            id_: Id of the exchange, if it was drawn before.
        """
        id_ = id_ or self._recorder.next_exchange()

        async def ask() -> Response | Opened:
            answer = await self._shake_hands(call, id_)
            if isinstance(answer, Response):
                return answer
            return await talked(answer, says, meaning.operation, self._habits)

        return await self._made(call, meaning, id_, ask, None)

    async def hold(
        self,
        call: Call,
        meaning: Meaning,
        *,
        id_: int,
        says: Sequence[str] | None = None,
    ) -> Reply:
        """Open what goes on, for listeners to keep open, and record how it began.

        Nothing is waited for, to see whether it ends by itself.

        Args:
            call: The request.
            meaning: What it stands for.
            id_: Id of the exchange.
            says: What is said on a socket once it is open; None for a stream.
        """

        async def ask() -> Response | Opened:
            if says is None:
                flow = await self._once(written(call), id_)
                if isinstance(flow, Response):
                    return flow
                return Opened(flow, Response(flow.status, flow.headers, b""))
            socket = await self._shake_hands(call, id_)
            if isinstance(socket, Response):
                return socket
            for said in says:
                await socket.say(said)
            return Opened(socket, Response(SWITCHED, socket.headers, b""))

        return await self._made(call, meaning, id_, ask, None)

    async def _shake_hands(self, call: Call, id_: int) -> Response | Conversation:
        query = (*call.query, *call.secrets)
        bare = replace(call, method="GET", query=query, body=b"", content_type="")
        return await self._hosted.connect(
            written(bare), exchange=id_, timeout=self._timeout
        )

    async def _made(
        self,
        call: Call,
        meaning: Meaning,
        id_: int,
        ask: Callable[[], Awaitable[Response | Opened]],
        count: Count | None,
    ) -> Reply:
        """Ask for something; record what came, and attend to what goes on."""
        if self._listeners is not None:
            self._listeners.begin(id_, meaning.operation)
        started = time.perf_counter()
        failure, opened, response = "", None, Response(0, (), b"")
        try:
            with self._recorder.serving(id_):
                came = await ask()
            opened = came if isinstance(came, Opened) else None
            response = came.response if isinstance(came, Opened) else came
        except TimeoutError:
            failure = f"no answer within {self._timeout:g} s"
        except ConnectionDropped:
            failure = "the connection was dropped"
        seconds = time.perf_counter() - started
        answer = _answer(response)
        exchange = self._exchange(
            call, meaning, response, id_=id_, failure=failure, seconds=seconds
        )
        if count is not None:
            exchange = replace(exchange, objects=count(answer))
        if opened is not None:
            through = channel_of(opened.flow)
            failure = opened.refusal
            exchange = replace(exchange, endless=True, through=through, failure=failure)
        self._recorder.add(exchange)
        self._last_status = exchange.status
        await self._afterwards(exchange, opened)
        return Reply(answer, exchange)

    async def _afterwards(self, exchange: Exchange, opened: Opened | None) -> None:
        listeners = self._listeners
        if opened is not None and listeners is None:
            await opened.flow.leave()
        elif opened is not None and listeners is not None:
            await listeners.attend(exchange, opened.flow, opened.begun)
        if listeners is not None:
            says = exchange.mutates and exchange.succeeded
            await listeners.settle(stirred=says)
        if exchange.status >= SERVER_ERROR or (exchange.failure and opened is None):
            await self._on_server_error()

    async def _insist(
        self, call: Call, id_: int, patience: float
    ) -> Response | Incoming:
        """Send; wait out 429; follow a redirect that only mends the slash."""
        waited = 0.0
        while True:
            response = await self._once(written(call), id_)
            if isinstance(response, Incoming):
                return response
            moved = mended_slash(call, response)
            if moved is not None:
                response = await self._once(written(moved), id_)
            if isinstance(response, Incoming):
                return response
            pause = retry_after(response)
            if response.status != 429 or waited + pause > patience:
                return response
            await asyncio.sleep(pause)
            waited += pause

    async def _once(self, request: Request, id_: int) -> Response | Incoming:
        try:
            return await self._hosted.open(request, exchange=id_, timeout=self._timeout)
        except ConnectionDropped:
            # Servers close a kept-alive connection after a 500; only then is it
            # certain that this request was not the one that failed.
            if self._last_status < SERVER_ERROR:
                raise
            return await self._hosted.open(request, exchange=id_, timeout=self._timeout)

    def _exchange(
        self,
        call: Call,
        meaning: Meaning,
        response: Response,
        *,
        id_: int,
        failure: str,
        seconds: float,
    ) -> Exchange:
        scanner = self._recorder.scanner
        url = scanner.scan_text(f"{unquote(call.target)}\n{call.host}")
        carried = "\n".join(value for _, value in call.headers)
        sent = (*url, *scanner.scan_text(carried), *scanner.scan(call.body))
        found = (metrics_in if meaning.scraped else found_in)(scanner, response)
        return Exchange(
            kind="exchange",
            id=id_,
            at=self._recorder.now(),
            operation=meaning.operation,
            audience=meaning.audience,
            mutates=meaning.mutates,
            principal=meaning.principal,
            role=meaning.role,
            owner=meaning.owner,
            precedes=meaning.precedes,
            follows=meaning.follows,
            request=self._masked(f"{call.method} {call.target}", url),
            sent=_pairs(sent),
            sent_in_url=_pairs(url),
            status=response.status,
            failure=failure,
            found=found,
            digest=hashlib.sha256(response.body).hexdigest()[:16],
            size=len(response.body),
            objects=-1,
            seconds=seconds,
            through=Channel.METRIC if meaning.scraped else came_through(response),
            starved=meaning.starved,
            retry_after=_rest(response),
        )

    def _masked(self, text: str, hits: tuple[Hit, ...]) -> str:
        return masked(text, hits, self._key)


def _pairs(hits: tuple[Hit, ...]) -> frozenset[tuple[int, int]]:
    return frozenset((hit.owner, hit.field) for hit in hits)


def _answer(response: Response) -> Answer:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers
    )
    encoding, content = response.header(b"content-encoding"), response.body
    if encoding:
        opened = open_body(content, encoding)
        # What cannot be undone is taken as it came.
        content = opened.data if opened.complete else content
    return Answer(response.status, headers, content)


async def never_fails() -> None:
    """Check nothing: for apps whose database the harness does not know."""


def _rest(response: Response) -> float:
    """Return the seconds after which a refusal asks to come again; 0 if it does not."""
    told = response.status == UNAVAILABLE and response.header(b"retry-after")
    return retry_after(response) if told else 0.0
