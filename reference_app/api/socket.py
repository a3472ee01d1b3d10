"""The WebSocket: the same events as the stream, and an answer to those who ask."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from reference_app.api.dependencies import admit
from reference_app.api.events import too_many_streams
from reference_app.events.hub import Ending, StreamEnded, Subscription, TooManyStreams
from reference_app.events.listening import listen, subscribed
from reference_app.resources import CurrentTenant, Resources, resources_in

router = APIRouter()

_CLOSE_CODES: dict[Ending, int] = {
    "slow": 1013,  # try again later
    "shutdown": 1012,  # service restart
    "restart": 1012,
    "tenant": 1008,  # policy violation
    "access": 1008,
}
_TOO_BIG = 1009
_LONGEST = 65_536
"""Characters, or bytes, of one command."""


class Ping(BaseModel):
    """Asks whether somebody is there."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["ping"]


class Echo(BaseModel):
    """Asks for its data back."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["echo"]
    data: str


_COMMAND: TypeAdapter[Ping | Echo] = TypeAdapter(
    Annotated[Ping | Echo, Field(discriminator="type")]
)


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Send the tenant's events, and answer commands, until either side ends it.

    Browsers cannot set headers here, so the token may also come as
    `?access_token=`. Addresses end up in logs of servers and proxies: where the
    header can be sent, send the header.
    """
    resources = resources_in(websocket.scope)
    current: CurrentTenant = websocket.scope["state"]["current"]
    token = _token(websocket)
    await admit(resources, current, token)
    try:
        with subscribed(resources, current) as subscription:
            await websocket.accept()
            await _Conversation(websocket, resources, current, token).run(subscription)
    except TooManyStreams:
        raise too_many_streams() from None


class _Conversation:
    """One accepted socket: a task that reads and one that writes events."""

    def __init__(
        self,
        websocket: WebSocket,
        resources: Resources,
        current: CurrentTenant,
        token: str,
    ) -> None:
        self._websocket = websocket
        self._resources = resources
        self._current = current
        self._token = token

    async def run(self, subscription: Subscription) -> None:
        """Talk until one of the two ends."""
        try:
            await self._send({"type": "ready"})
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write(subscription))
                await self._read()
                writing.cancel()
        except* WebSocketDisconnect:
            pass  # it went while something was being sent
        except* StreamEnded as ended:
            (error, *_) = ended.exceptions
            assert isinstance(error, StreamEnded)  # noqa: S101 - for mypy
            # It may be gone already, or not read: then there is nobody to tell.
            with suppress(WebSocketDisconnect, TimeoutError):
                await self._close(_CLOSE_CODES[error.ending], error.ending)
        except* TimeoutError:
            pass  # it does not read: nothing that we send would arrive

    async def _write(self, subscription: Subscription) -> None:
        async for event in listen(
            self._resources, self._current, self._token, subscription
        ):
            if event is None:
                await self._send({"type": "heartbeat"})
            else:
                await self._send({"type": "event", **event.as_json()})

    async def _read(self) -> None:
        """Answer commands until the client goes or sends what is too much."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            command = message.get("text") or message.get("bytes") or ""
            if len(command) > _LONGEST:
                await self._close(_TOO_BIG, "too long")
                return
            await self._send(self._answer(command))

    def _answer(self, text: str | bytes) -> dict[str, Any]:
        try:
            command = _COMMAND.validate_json(text)
        except ValidationError:
            return {"type": "error", "detail": "Send a ping or an echo, as JSON."}
        if isinstance(command, Echo):
            return {"type": "echo", "data": command.data}
        return {"type": "pong", "tenant": self._current.tenant.slug}

    async def _send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, ensure_ascii=False)
        async with asyncio.timeout(self._resources.settings.send_timeout):
            await self._websocket.send_text(text)

    async def _close(self, code: int, reason: str) -> None:
        async with asyncio.timeout(self._resources.settings.send_timeout):
            await self._websocket.close(code, reason)


def _token(websocket: WebSocket) -> str:
    """Return the token that came along; the header counts before the address."""
    scheme, token = get_authorization_scheme_param(
        websocket.headers.get("authorization")
    )
    if scheme.lower() == "bearer":
        return token
    return websocket.query_params.get("access_token", "")
