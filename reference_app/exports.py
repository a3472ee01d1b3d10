"""Files with all of a tenant's documents, made in the background."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.background.jobs import Jobs
from reference_app.background.mailbox import Mailbox
from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.storage.seam import Document, Export, Session
from reference_app.tenants.tenant import Tenant

_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADER: Final = ("id", "title", "body", "created_at", "updated_at")
_WAITING = 10
"""Exports of one tenant that may wait to be made."""
_LATE = timedelta(seconds=5)
"""How much later than its time an export may be finished or given up."""


class ExportTooLarge(Exception):
    """The file would have more bytes than an export may have."""


class Exporter:
    """Makes exports, and sees to it that none is pending for ever.

    An export has `export_timeout` seconds. Its maker gives it up if it fails or
    the app stops; if the process is killed, whoever looks at it later does.

    Args:
        settings: How long an export may take, and how large it may be.
        jobs: Run what makes them, one of a tenant's at a time.
        logger: Where it is told if one was not begun.
    """

    def __init__(self, settings: Settings, jobs: Jobs, logger: BoundLogger) -> None:
        self._settings = settings
        self._jobs = jobs
        self._logger = logger
        self._mailbox: Mailbox[Export] = Mailbox(
            jobs, "export", self._make, size=_WAITING, lost=self._lose
        )

    def start(self, tenant: Tenant, export: Export) -> bool:
        """Have a pending export made; False if too many wait already."""
        return self._mailbox.put(tenant, export)

    async def made(self, tenant: Tenant, *, timeout: float) -> None:
        """Wait, but not for long, for the exports that this process makes."""
        await self._mailbox.emptied(tenant, timeout=timeout)

    async def current(self, session: Session, export: Export) -> Export | None:
        """Return an export as it is, after giving it up if its maker is gone."""
        if export.status != "pending" or datetime.now(UTC) < self._due(export) + _LATE:
            return export
        await session.exports.fail(export.id)
        return await session.exports.get(export.id)

    def _due(self, export: Export) -> datetime:
        return export.created_at + timedelta(seconds=self._settings.export_timeout)

    async def _make(self, tenant: Tenant, export: Export) -> None:
        try:
            left = (self._due(export) - datetime.now(UTC)).total_seconds()
            async with (
                asyncio.timeout(max(left, 0)),
                self._jobs.session(tenant) as session,
            ):
                content = await self._render(session)
                await session.exports.finish(export.id, content)
        except Exception as error:  # noqa: BLE001 - logged; the next is made
            log_failure(self._logger, "export failed", error)
            await self._give_up(tenant, export)
        except asyncio.CancelledError:
            await self._give_up(tenant, export)  # there is time for it: see Jobs
            raise

    async def _give_up(self, tenant: Tenant, export: Export) -> None:
        """Try to; where that fails too, it is left to whoever looks at it late."""
        try:
            async with (
                asyncio.timeout(self._settings.acquire_timeout),
                self._jobs.session(tenant) as session,
            ):
                await session.exports.fail(export.id)
        except Exception as error:  # noqa: BLE001 - logged; the next is made
            log_failure(self._logger, "export not given up", error)

    def _lose(self, tenant: Tenant, export: Export) -> None:
        with bound_contextvars(tenant=tenant.slug):
            self._logger.warning("export not begun", export=export.id)

    async def _render(self, session: Session) -> bytes:
        """Write all documents, as they are found while this goes on."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(_HEADER)
        offset = 0
        while documents := await session.documents.page(_PAGE, offset):
            writer.writerows(_rows(documents))
            offset += len(documents)
            if text.tell() > self._settings.export_size:
                raise ExportTooLarge
        return text.getvalue().encode()


def _rows(documents: Iterable[Document]) -> Iterable[tuple[object, ...]]:
    for document in documents:
        yield (
            document.id,
            _harmless(document.title),
            _harmless(document.body),
            document.created_at.isoformat(),
            document.updated_at.isoformat(),
        )


def _harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
