"""Seeded bug: who leaves cancels the task that opens the tenant for all."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from reference_app import main
from reference_app.mutants.equivalents.shielded_task import ShieldedTask
from reference_app.parts import Parts


class TaskNotShielded(ShieldedTask):
    """Waits for the task that the others wait for, too."""

    async def _wait_for(self, opening: asyncio.Task[None]) -> None:
        await opening


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=TaskNotShielded))
