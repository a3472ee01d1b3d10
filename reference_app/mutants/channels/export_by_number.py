"""Seeded bug: files are kept by the number of their export, which others have too."""

from __future__ import annotations

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.background.jobs import Jobs
from reference_app.exports import Exporter
from reference_app.logs import log_failure
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Export
from reference_app.tenants.tenant import Tenant


class KeepingExporter(Exporter):
    """Does not write a file again if only storing it has failed."""

    def __init__(self, settings: Settings, jobs: Jobs, logger: BoundLogger) -> None:
        super().__init__(settings, jobs, logger)
        self._files: dict[int, bytes] = {}

    async def _make(self, tenant: Tenant, export: Export) -> None:
        try:
            async with self._jobs.session(tenant) as session:
                if export.id not in self._files:
                    self._files[export.id] = await self._render(session)
                await session.exports.finish(export.id, self._files[export.id])
        except Exception as error:  # noqa: BLE001 - logged; the next is made
            log_failure(self._logger, "export failed", error)
            await self._give_up(tenant, export)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(exporter=KeepingExporter))
