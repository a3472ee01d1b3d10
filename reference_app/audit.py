"""The audit trail: who did what, written after the answer was sent."""

from __future__ import annotations

from dataclasses import dataclass

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.background.jobs import Jobs
from reference_app.background.mailbox import Mailbox
from reference_app.logs import log_failure
from reference_app.tenants.tenant import Tenant

_ATTEMPTS = 3
_PAUSE = 0.5
"""Seconds before the second attempt; each pause is twice the last."""
_WAITING = 1000
"""Entries of one tenant that may wait to be written."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done.

    Attributes:
        member_id: Who did it; None for the service's operator.
        action: What, such as `document.created`.
        subject: To what, in the tenant's own words.
    """

    member_id: int | None
    action: str
    subject: str


class AuditLog:
    """Writes each tenant's deeds into its own trail, in their order.

    A write is answered before its entry is there: who reads the trail waits for
    `written` first. An entry that cannot be written is told of in the log.

    Args:
        jobs: Run what writes.
        logger: Where lost entries are told.
    """

    def __init__(self, jobs: Jobs, logger: BoundLogger) -> None:
        self._jobs = jobs
        self._logger = logger
        self._mailbox: Mailbox[Deed] = Mailbox(
            jobs, "audit", self._write, size=_WAITING, lost=self._lose
        )

    def record(self, tenant: Tenant, deed: Deed) -> None:
        """Have a deed written into the tenant's trail; never waits."""
        if not self._mailbox.put(tenant, deed):
            self._lose(tenant, deed)

    async def written(self, tenant: Tenant, *, timeout: float) -> None:
        """Wait, but not for long, until what was recorded here is written."""
        await self._mailbox.emptied(tenant, timeout=timeout)

    async def _write(self, tenant: Tenant, deed: Deed) -> None:
        for attempt in range(_ATTEMPTS):
            if attempt and not await self._jobs.pause(_PAUSE * 2 ** (attempt - 1)):
                break
            try:
                async with self._jobs.session(tenant) as session:
                    await session.audit.append(
                        deed.member_id, deed.action, deed.subject
                    )
                return
            except Exception as error:  # noqa: BLE001 - logged, and tried again
                log_failure(self._logger, "audit entry not written", error)
        self._lose(tenant, deed)

    def _lose(self, tenant: Tenant, deed: Deed) -> None:
        with bound_contextvars(tenant=tenant.slug):
            self._logger.error("audit entry lost", action=deed.action)
