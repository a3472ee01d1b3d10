"""Feature flags, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import flags
from reference_app.storage.seam import Flag


class CoreFlags:
    """Feature flags of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Flag]:
        result = await self._connection.execute(select(flags).order_by(flags.c.name))
        return [Flag(*row) for row in result]

    async def put(self, flag: Flag) -> Flag:
        new = insert(flags).values(
            name=flag.name, enabled=flag.enabled, description=flag.description
        )
        await self._connection.execute(
            new.on_conflict_do_update(
                index_elements=[flags.c.name],
                set_={
                    "enabled": new.excluded.enabled,
                    "description": new.excluded.description,
                },
            )
        )
        return flag
