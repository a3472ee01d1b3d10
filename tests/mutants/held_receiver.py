"""A receiver of webhooks that does not answer before it is told to."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class HeldReceiver:
    """Takes webhooks, but answers those to `/held` only when it may."""

    port: int = 0
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    may_go: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = _LENGTH.findall(head)
            path = head.split()[1].decode()
            self.got.append((path, json.loads(await reader.readexactly(int(length)))))
            if path == "/held":
                self.came.set()
                await self.may_go.wait()
            writer.write(b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def held_receiver() -> AsyncIterator[HeldReceiver]:
    """Listen for a block."""
    one = HeldReceiver()
    async with await asyncio.start_server(one.answer, "127.0.0.1", 0) as server:
        one.port = server.sockets[0].getsockname()[1]
        yield one
