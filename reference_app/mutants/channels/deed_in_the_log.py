"""Seeded bug: the job that writes a deed logs what it was done to."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.audit import AuditLog, Deed
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class TalkativeAuditLog(AuditLog):
    """Says in the log what is in the trail, title and address and all."""

    async def _write(self, tenant: Tenant, deed: Deed) -> None:
        await super()._write(tenant, deed)
        self._logger.info(
            "audit entry written", action=deed.action, subject=deed.subject
        )


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(audit=TalkativeAuditLog))
