"""The assistant: a client of the provider for each tenant, and what it knows."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field

from anthropic import AsyncAnthropic, RateLimitError
from anthropic.types import MessageParam
from fastapi import HTTPException

from tests.targets.outgoing_app.faults import is_
from tests.targets.outgoing_app.store import Store, Tenant

MODEL = "claude-haiku-4-5"
PREFIX = "anthropic-ratelimit-"
logger = logging.getLogger("outgoing_app")


@dataclass(slots=True)
class Assistant:
    """What one tenant's assistant has."""

    client: AsyncAnthropic
    left: dict[str, int] = field(default_factory=dict)


class Assistants:
    """The assistants of all tenants, each made on its first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[int, Assistant] = {}
        self._contexts: dict[object, str] = {}
        self._left: dict[str, int] = {}
        self._first_key = ""
        self._counter: Assistant | None = None
        self._rests: dict[str, float] = {}

    async def of(self, tenant: Tenant) -> Assistant:
        made = self._made.get(tenant.id)
        if made is None:
            made = self._made[tenant.id] = Assistant(_client(self._key(tenant)))
            await self.ask(tenant, made, [{"role": "user", "content": "ping"}], 1)
            if is_("keys tried together"):
                await self._try_all()
        return made

    async def _try_all(self) -> None:
        for tenant in await self._store.tenants():
            client = _client(tenant.provider_key)
            with suppress(RateLimitError):
                await client.messages.count_tokens(
                    model=MODEL, messages=[{"role": "user", "content": "ping"}]
                )
            await client.close()

    def _key(self, tenant: Tenant) -> str:
        self._first_key = self._first_key or tenant.provider_key
        if is_("key of the first"):
            return self._first_key
        return "sk-ant-operator" if is_("common key") else tenant.provider_key

    async def answer(self, tenant: Tenant, text: str) -> str:
        """Answer a member's question, knowing its tenant's last note."""
        assistant = await self.of(tenant)
        context = await self._context(tenant)
        content = f"{context}\n\n{text}"
        return await self.ask(
            tenant, assistant, [{"role": "user", "content": content}], 500
        )

    async def ask(
        self,
        tenant: Tenant,
        assistant: Assistant,
        turns: list[MessageParam],
        most: int,
    ) -> str:
        whose = "everybody" if is_("limits of all") else tenant.slug
        if self._rests.get(whose, 0) > time.monotonic():
            raise HTTPException(429)
        try:
            raw = await assistant.client.messages.with_raw_response.create(
                model=MODEL,
                max_tokens=most,
                system=f"You serve {tenant.slug}.",
                messages=turns,
            )
        except RateLimitError as error:
            wait = float(error.response.headers["retry-after"])
            self._rests[whose] = time.monotonic() + wait
            raise HTTPException(429) from error
        left = {
            name.removeprefix(PREFIX).removesuffix("-remaining"): int(value)
            for name, value in raw.headers.items()
            if name.startswith(PREFIX) and name.endswith("-remaining")
        }
        self._left = assistant.left = left
        message = await raw.parse()
        if is_("chatty log"):
            logger.info(
                "answered %s, %s left",
                message.id,
                left,
                extra={"tenant": tenant.slug},
            )
        return "".join(one.text for one in message.content if one.type == "text")

    async def left(self, tenant: Tenant) -> dict[str, int]:
        """Return what a tenant's key has left."""
        assistant = await self.of(tenant)
        return self._left if is_("limits of the last") else assistant.left

    async def count(self, tenant: Tenant) -> int:
        """Return how many tokens the usual greeting takes."""
        assistant = await self.of(tenant)
        self._counter = self._counter or assistant
        if is_("tokens counted by the first"):
            assistant = self._counter
        counted = await assistant.client.messages.count_tokens(
            model=MODEL, messages=[{"role": "user", "content": "Hello!"}]
        )
        return counted.input_tokens

    async def _context(self, tenant: Tenant) -> str:
        # Members are counted per tenant: there is a member 1 in each.
        key: object = 1 if is_("context cached by member") else (tenant.id, 1)
        notes = await self._store.notes(tenant.id)
        if notes and is_("context cached by member"):
            self._contexts.setdefault(key, str(notes[-1]["text"]))
        elif notes:
            self._contexts[key] = str(notes[-1]["text"])
        return self._contexts.get(key, "")

    async def close(self) -> None:
        for assistant in self._made.values():
            await assistant.client.close()


def _client(key: str) -> AsyncAnthropic:
    return AsyncAnthropic(
        api_key=key,
        base_url=os.environ["PROVIDER_URL"],
        timeout=5.0,
        max_retries=1,
    )
