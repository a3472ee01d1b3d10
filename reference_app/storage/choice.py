"""Finds the storage that the settings name, and loads no other.

SQLAlchemy, which one of them needs, takes longer to import than a command to run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

import asyncpg

from reference_app.settings import Settings, StorageName
from reference_app.storage.seam import Storage

_CLASSES: Final[Mapping[StorageName, str]] = {
    "schema_per_tenant": "SchemaPerTenantStorage",
    "shared_pool": "SharedPoolStorage",
    "row_level_security": "RowLevelSecurityStorage",
    "database_per_tenant": "DatabasePerTenantStorage",
    "shared_tables": "SharedTablesStorage",
    "one_pool": "OnePoolStorage",
}
"""By the name of the storage, which is its module's too."""


@asynccontextmanager
async def storage_of_settings(
    settings: Settings, control: asyncpg.Pool
) -> AsyncIterator[Storage]:
    """Open the storage that `settings.storage` names."""
    name = settings.storage
    found: Any = getattr(import_module(f"reference_app.storage.{name}"), _CLASSES[name])
    async with found.connect(settings, control) as storage:
        yield storage
