"""The stub's ASGI app: routes, keys, rate limits and scripted faults."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, final

from harness.environment.inbound import (
    Disconnected,
    Inbound,
    answer,
    begin,
    gone,
    read,
)
from harness.environment.loopback import Receive, Scope, Send
from harness.environment.provider_stub.answers import Message, error, model
from harness.environment.provider_stub.calls import Call, CallLog
from harness.environment.provider_stub.faults import Control, Fault, Hang, Refusal
from harness.environment.provider_stub.keys import KeyFacts, Keys
from harness.environment.provider_stub.limits import KINDS, RateLimit
from harness.environment.provider_stub.prompts import Malformed, Prompt, parse

MODELS: Final = "/v1/models"
MESSAGES: Final = "/v1/messages"
COUNT: Final = "/v1/messages/count_tokens"
_MODEL: Final = "stub-model"

Listener = Callable[[Call], None]
"""Hears of each call before it is answered, on the server's thread."""


@final
class ProviderService:
    """The model provider.

    Args:
        keys: Tells whose a key is and what it may use.
        control: What to do instead of answering.
        calls: Where each call is noted.
        listener: Hears of each call.
        keep: Whether the notes keep bodies.
        tools: Whether the model uses tools where it is free to.
        clock: Tells the time, in seconds since the epoch.
    """

    def __init__(
        self,
        keys: Keys,
        control: Control,
        calls: CallLog,
        listener: Listener,
        *,
        keep: bool,
        tools: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._control = control
        self._calls = calls
        self._listener = listener
        self._keep = keep
        self._tools = tools
        self._clock = clock
        self._limits: dict[str, RateLimit] = {}
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = await read(scope, receive)
        except Disconnected:
            return
        key = _key(request)
        answering = _Answering(
            request,
            receive,
            send,
            facts=self._keys.facts(key),
            number=self._note(key, request),
        )
        if not key:
            await answering.refuse(401, "x-api-key header is required")
            return
        fault = self._control.next_fault(key)
        if isinstance(fault, Hang) and not fault.after:
            await self._held(answering, key)
            if answering.left:
                return
            fault = None
        await self._answer(answering, key, fault)

    def renew(self) -> None:
        """Forget what every key has used."""
        for limit in list(self._limits.values()):
            limit.renew()

    def limit_of(self, key: str) -> RateLimit:
        """Return the state of a key."""
        known = self._limits.get(key)
        if known is None:
            facts = self._keys.facts(key)
            known = self._limits.setdefault(key, RateLimit(facts.limits, self._clock))
        return known

    def close(self) -> None:
        """Answer what hangs."""
        self._control.clear()

    def _note(self, key: str, request: Inbound) -> int:
        number = next(self._numbers)
        facts = self._keys.facts(key)
        retry = request.header("x-stainless-retry-count")
        call = Call(
            number=number,
            at=self._clock(),
            key=key,
            owner=facts.owner,
            request=request,
            retry=int(retry) if retry.isdecimal() else 0,
        )
        self._listener(call)
        self._calls.add(call if self._keep else call.without_body())
        return number

    async def _held(self, answering: _Answering, key: str) -> None:
        """Wait until the client gives up, or is to be answered after all."""
        waits = [
            asyncio.ensure_future(gone(answering.receive)),
            asyncio.ensure_future(self._control.released(key)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            answering.left = waits[0].done()
        finally:
            for one in waits:
                one.cancel()
            await asyncio.wait(waits)

    async def _answer(
        self, answering: _Answering, key: str, fault: Fault | None
    ) -> None:
        limit = self.limit_of(key)
        request = answering.request
        if isinstance(fault, Refusal):
            self._tell(answering, limit)
            wait = [] if fault.retry_after is None else [_retry(fault.retry_after)]
            if fault.final:
                wait.append(("x-should-retry", "false"))
            await answering.refuse(fault.status, "the stub was told to refuse", wait)
        elif request.method == "GET" and request.path.startswith(MODELS):
            await answering.json(200, _models(request.path))
        elif request.method == "POST" and request.path in {MESSAGES, COUNT}:
            try:
                bounded = request.path == MESSAGES
                prompt = parse(request, bounded=bounded, tools=self._tools)
            except Malformed as problem:
                await answering.refuse(400, str(problem))
                return
            if request.path == COUNT:
                await answering.json(200, {"input_tokens": prompt.tokens})
                return
            await self._message(answering, key, prompt, fault)
        else:
            await answering.refuse(404, f"{request.method} {request.path} is not here")

    async def _message(
        self, answering: _Answering, key: str, prompt: Prompt, fault: Fault | None
    ) -> None:
        limit = self.limit_of(key)
        if not limit.admit(prompt.tokens):
            self._tell(answering, limit)
            wait = [_retry(limit.retry_after)]
            await answering.refuse(429, "the rate limit of this key is reached", wait)
            return
        message = Message(answering.id_of("msg"), prompt)
        limit.spend(message.tokens)
        self._tell(answering, limit)
        if not prompt.stream:
            await answering.json(200, message.whole())
            return
        await answering.start_stream()
        for number, event in enumerate(message.events()):
            if isinstance(fault, Hang) and number == fault.after:
                await self._held(answering, key)
            if answering.left:
                return
            await answering.piece(event)
        await answering.end_stream()

    def _tell(self, answering: _Answering, limit: RateLimit) -> None:
        answering.headers += limit.headers()
        numbers = (*limit.remaining().values(), *map(limit.limits.of, KINDS))
        self._keys.told(answering.facts, numbers)


@final
class _Answering:
    """One request on its way to its answer."""

    def __init__(
        self,
        request: Inbound,
        receive: Receive,
        send: Send,
        *,
        facts: KeyFacts,
        number: int,
    ) -> None:
        self.request = request
        self.receive = receive
        self.facts = facts
        self.left = False
        self._send = send
        self._number = number
        self.headers: list[tuple[str, str]] = [("request-id", self.id_of("req"))]

    def id_of(self, kind: str) -> str:
        """Return an id of this answer, such as ``msg_…``."""
        return f"{kind}_{self.facts.stamp}{self._number:012d}"

    async def json(
        self, status: int, body: object, extra: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Answer with JSON."""
        headers = [("content-type", "application/json"), *self.headers, *extra]
        await answer(self._send, status, headers, json.dumps(body).encode())

    async def refuse(
        self, status: int, message: str, extra: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Answer with an error."""
        await self.json(status, error(status, message, self.id_of("req")), extra)

    async def start_stream(self) -> None:
        """Send the head of a stream of events."""
        kind = ("content-type", "text/event-stream; charset=utf-8")
        still = ("cache-control", "no-cache")
        await begin(self._send, 200, [kind, still, *self.headers])

    async def piece(self, data: bytes) -> None:
        """Send a piece of a stream."""
        await self._send(
            {"type": "http.response.body", "body": data, "more_body": True}
        )

    async def end_stream(self) -> None:
        """End a stream."""
        await self._send({"type": "http.response.body", "body": b""})


def _key(request: Inbound) -> str:
    """Return the API key of a request; "" if there is none."""
    key = request.header("x-api-key")
    scheme, _, token = request.header("authorization").partition(" ")
    return key or (token.strip() if scheme.lower() == "bearer" else "")


def _models(path: str) -> dict[str, Any]:
    name = path.removeprefix(MODELS).strip("/")
    if name:
        return model(name)
    only = model(_MODEL)
    return {"data": [only], "has_more": False, "first_id": _MODEL, "last_id": _MODEL}


def _retry(seconds: float) -> tuple[str, str]:
    return ("retry-after", f"{seconds:g}")
