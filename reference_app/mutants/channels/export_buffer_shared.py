"""Seeded bug: files of all tenants are written in one buffer, also at the same time."""

from __future__ import annotations

import csv
import io

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.background.jobs import Jobs
from reference_app.exports import _HEADER, _PAGE, Exporter, ExportTooLarge, _rows
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Session


class BufferedExporter(Exporter):
    """Allocates once what a file needs, and empties it before each."""

    def __init__(self, settings: Settings, jobs: Jobs, logger: BoundLogger) -> None:
        super().__init__(settings, jobs, logger)
        self._text = io.StringIO(newline="")

    async def _render(self, session: Session) -> bytes:
        self._text.seek(0)
        self._text.truncate()
        writer = csv.writer(self._text)
        writer.writerow(_HEADER)
        offset = 0
        while documents := await session.documents.page(_PAGE, offset):
            writer.writerows(_rows(documents))
            offset += len(documents)
            if self._text.tell() > self._settings.export_size:
                raise ExportTooLarge
        return self._text.getvalue().encode()


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(exporter=BufferedExporter))
