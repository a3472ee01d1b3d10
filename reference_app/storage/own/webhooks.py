"""Webhooks of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import SigningWebhook, Webhook


class OwnWebhooks:
    """Webhooks of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, url: str, secret: str) -> Webhook:
        (row,) = await self._connection.fetch(
            "INSERT INTO webhooks (url, secret) VALUES ($1, $2) "
            "RETURNING id, url, created_at",
            url,
            secret,
        )
        return Webhook(**row)

    async def page(self, limit: int, offset: int) -> Sequence[Webhook]:
        rows = await self._connection.fetch(
            "SELECT id, url, created_at FROM webhooks ORDER BY id LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [Webhook(**row) for row in rows]

    async def all_with_secrets(self) -> Sequence[SigningWebhook]:
        rows = await self._connection.fetch(
            "SELECT id, url, created_at, secret FROM webhooks ORDER BY id"
        )
        return [
            SigningWebhook(
                Webhook(row["id"], row["url"], row["created_at"]), row["secret"]
            )
            for row in rows
        ]

    async def delete(self, webhook_id: int) -> bool:
        found = await self._connection.fetchval(
            "DELETE FROM webhooks WHERE id = $1 RETURNING true", webhook_id
        )
        return bool(found)
