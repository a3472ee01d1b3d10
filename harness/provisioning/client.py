"""The client: sends a request in somebody's name and records the exchange."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from harness.hosting.hosted import ConnectionDropped, Request, Response
from harness.model.compression import open_body
from harness.model.event import Audience, Exchange
from harness.model.masking import masked
from harness.model.step import Principal, Role
from harness.provisioning.reading import came_through, found_in
from harness.target.tools import Answer

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.canary import CanaryKey
    from harness.model.scanner import Hit
    from harness.recording.recorder import Recorder

PATIENCE = 10.0
"""Seconds that a request waits in all for a 429 to go away."""
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is sent.

    Attributes:
        method: Upper case.
        path: As on the request line, percent-encoded.
        query: Name and value pairs.
        headers: Lower-case names.
        host: Value of the Host header.
        body: Bytes.
        content_type: Of the body; "" for none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    host: str = "localhost"
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""

    @property
    def target(self) -> str:
        """Path and query as they go onto the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an exchange stands for, beside its bytes."""

    operation: str
    principal: Principal
    role: Role
    audience: Audience = Audience.TENANT
    mutates: bool = False
    owner: int | None = None
    precedes: int = 0
    follows: int = 0


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
    """

    def __init__(
        self,
        hosted: Hosted,
        recorder: Recorder,
        *,
        key: CanaryKey,
        on_server_error: Callable[[], Awaitable[None]],
        timeout: float = 30.0,
    ) -> None:
        self._hosted = hosted
        self._recorder = recorder
        self._key = key
        self._on_server_error = on_server_error
        self._timeout = timeout
        self._last_status = 0

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
        started = time.perf_counter()
        failure, response = "", Response(0, (), b"")
        try:
            with self._recorder.serving(id_):
                response = await self._insist(call, id_)
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
        self._recorder.add(exchange)
        self._last_status = exchange.status
        if exchange.status >= SERVER_ERROR or failure:
            await self._on_server_error()
        return Reply(answer, exchange)

    async def _insist(self, call: Call, id_: int) -> Response:
        """Send; wait out 429; follow a redirect that only mends the slash."""
        waited = 0.0
        while True:
            response = await self._once(_request(call), id_)
            moved = _mended_slash(call, response)
            if moved is not None:
                response = await self._once(_request(moved), id_)
            pause = _retry_after(response)
            if response.status != 429 or waited + pause > PATIENCE:
                return response
            await asyncio.sleep(pause)
            waited += pause

    async def _once(self, request: Request, id_: int) -> Response:
        try:
            return await self._hosted.send(request, exchange=id_, timeout=self._timeout)
        except ConnectionDropped:
            # Servers close a kept-alive connection after a 500; only then is it
            # certain that this request was not the one that failed.
            if self._last_status < SERVER_ERROR:
                raise
            return await self._hosted.send(request, exchange=id_, timeout=self._timeout)

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
            found=found_in(scanner, response),
            digest=hashlib.sha256(response.body).hexdigest()[:16],
            size=len(response.body),
            objects=-1,
            seconds=seconds,
            through=came_through(response),
        )

    def _masked(self, text: str, hits: tuple[Hit, ...]) -> str:
        return masked(text, hits, self._key)


def _pairs(hits: tuple[Hit, ...]) -> frozenset[tuple[int, int]]:
    return frozenset((hit.owner, hit.field) for hit in hits)


def _request(call: Call) -> Request:
    headers = [("host", call.host), ("accept", "*/*"), *call.headers]
    if call.content_type:
        headers.append(("content-type", call.content_type))
    if call.body or call.method in {"POST", "PUT", "PATCH"}:
        headers.append(("content-length", str(len(call.body))))
    encoded = tuple((n.encode("latin-1"), v.encode("utf-8")) for n, v in headers)
    return Request(call.method, call.target, encoded, call.body)


def _mended_slash(call: Call, response: Response) -> Call | None:
    """Return the call at the other spelling of its path, if told to go there."""
    location = response.header(b"location")
    if response.status not in {301, 302, 307, 308} or not location:
        return None
    path, mark, query = call.path.partition("?")
    there = urlsplit(urljoin(f"http://{call.host}{path}", location))
    if there.hostname != urlsplit(f"http://{call.host}").hostname:
        return None
    # Servers write the path of a redirect as they decoded it.
    one, other = unquote(path), unquote(there.path)
    if one == other or one.rstrip("/") != other.rstrip("/"):
        return None
    slash = "/" if there.path.endswith("/") else ""
    return replace(call, path=f"{path.rstrip('/')}{slash}{mark}{query}")


def _retry_after(response: Response) -> float:
    """Return the seconds that an answer asks to wait; 1 where it does not say."""
    value = response.header(b"retry-after")
    try:
        return max(0.05, float(value))
    except ValueError:
        pass
    try:
        return max(0.05, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 1.0


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
