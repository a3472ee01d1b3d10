"""Webhooks, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import webhooks
from reference_app.storage.seam import SigningWebhook, Webhook

_SHOWN = webhooks.c["id", "url", "created_at"]


class CoreWebhooks:
    """Webhooks of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(self, url: str, secret: str) -> Webhook:
        new = insert(webhooks).values(url=url, secret=secret)
        result = await self._connection.execute(new.returning(*_SHOWN))
        return Webhook(*result.one())

    async def page(self, limit: int, offset: int) -> Sequence[Webhook]:
        result = await self._connection.execute(
            select(*_SHOWN).order_by(webhooks.c.id).limit(limit).offset(offset)
        )
        return [Webhook(*row) for row in result]

    async def all_with_secrets(self) -> Sequence[SigningWebhook]:
        result = await self._connection.execute(
            select(*_SHOWN, webhooks.c.secret).order_by(webhooks.c.id)
        )
        return [SigningWebhook(Webhook(*shown), secret) for *shown, secret in result]

    async def delete(self, webhook_id: int) -> bool:
        result = await self._connection.execute(
            delete(webhooks).where(webhooks.c.id == webhook_id)
        )
        return result.rowcount > 0
