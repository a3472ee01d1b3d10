"""What a tenant can set for itself, and where that is kept."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field

from reference_app.text import Prose


class Configuration(BaseModel):
    """A tenant's own settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    greeting: Prose = Field(default="", description="Shown on the summary.")
    support_contact: Prose = Field(default="", description="Whom members can ask.")
    page_size: int = Field(
        default=20, ge=1, le=100, description="Items in a list, unless asked otherwise."
    )


class Configurations:
    """The configurations of all tenants, in the control schema."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def load(self, tenant_id: UUID) -> Configuration:
        """Read one."""
        text = await self._pool.fetchval(
            "SELECT configuration FROM control.tenants WHERE id = $1", tenant_id
        )
        return Configuration.model_validate_json(text)

    async def save(self, tenant_id: UUID, value: Configuration) -> Configuration:
        """Replace one."""
        await self._pool.execute(
            "UPDATE control.tenants SET configuration = $2 WHERE id = $1",
            tenant_id,
            value.model_dump_json(),
        )
        return value
