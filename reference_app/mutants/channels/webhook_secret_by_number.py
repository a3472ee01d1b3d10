"""Seeded bug: a webhook's secret is remembered by its number, which others have too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.background.jobs import Jobs
from reference_app.caches.tenant_cache import TenantCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import SigningWebhook
from reference_app.webhooks.sender import WebhookSender, _Letter


class SecretKeepingSender(WebhookSender):
    """Decrypts a secret once, as where secrets are encrypted at rest."""

    def __init__(
        self,
        settings: Settings,
        jobs: Jobs,
        cache: TenantCache[Sequence[SigningWebhook]],
        logger: BoundLogger,
    ) -> None:
        super().__init__(settings, jobs, cache, logger)
        self._secrets: dict[int, str] = {}

    async def _send(self, letter: _Letter) -> int:
        secret = self._secrets.setdefault(letter.to.webhook.id, letter.to.secret)
        return await super()._send(
            replace(letter, to=replace(letter.to, secret=secret))
        )


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(webhooks=SecretKeepingSender))
