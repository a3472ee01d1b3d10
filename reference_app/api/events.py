"""The event stream: what happens at the tenant, as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    AppResources,
    BearerToken,
    Caller,
    Current,
)
from reference_app.events.hub import StreamEnded, TooManyStreams
from reference_app.events.listening import listen, subscribed
from reference_app.problems import ProblemError, problems
from reference_app.resources import CurrentTenant, Resources

router = APIRouter(prefix="/events", tags=["events"], responses=MEMBER_ERRORS)

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "`ready` once events are being listened for, then an event for each "
            "change, named after its kind; `end` with the reason before the stream "
            "ends. There are comments in between, so that silence means trouble."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class EventStream(StreamingResponse):
    """A stream that is cut if its reader does not read.

    Args:
        frames: What to send.
        patience: Seconds that one frame may take to leave.
    """

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], *, patience: float) -> None:
        super().__init__(
            frames,
            # No proxy may keep or delay what is one member's, as it happens.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self._frames = frames
        self._patience = patience

    async def stream_response(self, send: Send) -> None:
        """Send the frames; ends early, without a last chunk, if they do not leave."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._patience):
                    await send(message)
            except TimeoutError:
                raise _Stuck from None

        try:
            await super().stream_response(send_in_time)
        except _Stuck:
            pass  # the server closes a connection whose answer breaks off
        finally:
            await self._frames.aclose()


class _Stuck(Exception):
    """The reader does not read."""


@router.get(
    "",
    status_code=200,
    response_class=EventStream,
    responses=_STREAM | problems(429),
)
async def stream_events(
    caller: Caller, current: Current, resources: AppResources, token: BearerToken
) -> EventStream:
    """Stream what happens at the tenant, from now on."""
    if not resources.hub.has_room(current.tenant):
        raise too_many_streams()
    frames = _frames(resources, current, token)
    return EventStream(frames, patience=resources.settings.send_timeout)


def too_many_streams() -> ProblemError:
    """Return the problem of one listener too many."""
    return ProblemError(
        429,
        "too-many-streams",
        "Close one of the tenant's streams first.",
        headers={"Retry-After": "5"},
    )


async def _frames(
    resources: Resources, current: CurrentTenant, token: str
) -> AsyncGenerator[bytes, None]:
    """Yield what goes over the wire."""
    try:
        with subscribed(resources, current) as subscription:
            yield format_sse_event(event="ready", data_str="{}")
            async for event in listen(resources, current, token, subscription):
                if event is None:
                    yield format_sse_event(comment="heartbeat")
                    continue
                data = json.dumps(event.as_json())  # ASCII: no line ends inside
                yield format_sse_event(event=event.kind, data_str=data)
    except StreamEnded as ended:
        data = json.dumps({"reason": ended.ending})
        yield format_sse_event(event="end", data_str=data)
    except TooManyStreams:  # another came in since it was checked
        yield format_sse_event(event="end", data_str='{"reason": "too many"}')
