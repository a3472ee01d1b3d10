"""Webhooks of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import SigningWebhook, Webhook


class SharedWebhooks:
    """The rows of `shared.webhooks` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def create(self, url: str, secret: str) -> Webhook:
        (row,) = await self._connection.fetch(
            "INSERT INTO shared.webhooks (tenant_id, url, secret) VALUES ($1, $2, $3) "
            "RETURNING id, url, created_at",
            self._tenant_id,
            url,
            secret,
        )
        return Webhook(**row)

    async def page(self, limit: int, offset: int) -> Sequence[Webhook]:
        rows = await self._connection.fetch(
            "SELECT id, url, created_at "
            "FROM shared.webhooks WHERE tenant_id = $1 ORDER BY id LIMIT $2 OFFSET $3",
            self._tenant_id,
            limit,
            offset,
        )
        return [Webhook(**row) for row in rows]

    async def all_with_secrets(self) -> Sequence[SigningWebhook]:
        rows = await self._connection.fetch(
            "SELECT id, url, created_at, secret "
            "FROM shared.webhooks WHERE tenant_id = $1 ORDER BY id",
            self._tenant_id,
        )
        return [
            SigningWebhook(
                Webhook(row["id"], row["url"], row["created_at"]), row["secret"]
            )
            for row in rows
        ]

    async def delete(self, webhook_id: int) -> bool:
        found = await self._connection.fetchval(
            "DELETE "
            "FROM shared.webhooks WHERE tenant_id = $1 AND id = $2 RETURNING true",
            self._tenant_id,
            webhook_id,
        )
        return bool(found)
