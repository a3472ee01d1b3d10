"""A model provider that says what a test has written, and notes what it was told."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from harness.environment.provider_stub.answers import event


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool."""

    name: str
    given: dict[str, Any]


Answer = str | ToolCall


@dataclass
class ScriptedProvider:
    """Answers calls one after the other as scripted.

    Attributes:
        script: What it says, in order; the last is repeated.
        prompts: What it was told, as JSON.
    """

    script: Sequence[Answer]
    prompts: list[dict[str, Any]] = field(default_factory=list)
    cookies: list[bytes] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.cookies += [v for name, v in scope["headers"] if name == b"cookie"]
        prompt = json.loads(body)
        place = min(len(self.prompts), len(self.script) - 1)
        self.prompts.append(prompt)
        head = [(b"content-type", b"text/event-stream"), (b"set-cookie", b"seen=1")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in events(self.script[place]):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def events(answer: Answer) -> Iterator[bytes]:
    """Yield an answer as the provider streams it."""
    tool = isinstance(answer, ToolCall)
    start: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": answer}
    if isinstance(answer, ToolCall):
        start = {"type": "tool_use", "id": "t1", "name": answer.name, "input": {}}
        given = json.dumps(answer.given)
        delta = {"type": "input_json_delta", "partial_json": given}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block=start)
    yield event("content_block_delta", index=0, delta=delta)
    yield event("content_block_stop", index=0)
    yield event(
        "message_delta",
        delta={"stop_reason": "tool_use" if tool else "end_turn"},
        usage={"output_tokens": 5},
    )
    yield event("message_stop")


@asynccontextmanager
async def scripted(*script: Answer) -> AsyncIterator[ScriptedProvider]:
    """Serve such a provider for a block."""
    provider = ScriptedProvider(script)
    server = uvicorn.Server(
        uvicorn.Config(provider, log_config=None, lifespan="off", access_log=False)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        served = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield provider
        finally:
            server.should_exit = True
            await served
