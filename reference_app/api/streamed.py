"""An answer that is made while it is being sent, and ends with its reader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi.sse import format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reference_app.problems import ProblemError, unavailable

SendEvent = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Sends one event: its name and its data. Waits while the reader does not read."""


class Streamed(Response):
    """Server-Sent Events that are produced as fast as they are read.

    All happens in the task of the request, in one block: an error before the first
    event is an answer like any other, later it is an `error` event. When the reader
    leaves, or time is up, what produces is cancelled.

    Args:
        produce: Makes the events; gets what sends them.
        deadline: Seconds for all of it.
        retry_after: Seconds after which to ask again if time is up.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        produce: Callable[[SendEvent], Awaitable[None]],
        *,
        deadline: float,
        retry_after: int,
    ) -> None:
        # No proxy may keep or delay what is one member's, as it comes.
        super().__init__(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._produce = produce
        self._deadline = deadline
        self._late = unavailable(
            "assistant-late", "Ask again later.", retry_after=retry_after
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def event(name: str, data: Mapping[str, Any]) -> None:
            nonlocal begun
            if not begun:
                begun = True
                head = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **head})
            text = json.dumps(data, ensure_ascii=False)
            body = format_sse_event(event=name, data_str=text)
            await send({"type": "http.response.body", "body": body, "more_body": True})

        try:
            if await self._run(event, receive):
                return
        except ProblemError as problem:
            if not begun:
                raise
            await event("error", {"type": f"urn:problem:{problem.kind}"})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self, event: SendEvent, receive: Receive) -> bool:
        """Produce; tells whether the reader left."""
        left = False

        async def watch(limit: asyncio.Timeout) -> None:
            nonlocal left
            while (await receive())["type"] != "http.disconnect":
                pass  # what is left of the request's body
            left = True
            limit.reschedule(asyncio.get_running_loop().time())

        try:
            async with asyncio.timeout(self._deadline) as limit:
                watching = asyncio.create_task(watch(limit), name="reader")
                try:
                    await self._produce(event)
                finally:
                    watching.cancel()
                    await asyncio.wait([watching])
        except TimeoutError:
            if not limit.expired():
                raise  # something else took too long
            if not left:
                raise self._late from None
        return left
