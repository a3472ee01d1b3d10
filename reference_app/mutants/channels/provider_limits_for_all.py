"""Seeded bug: what the provider says of one key's limits counts for all keys."""

from __future__ import annotations

from functools import partial

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.ai.provider import Account, Provider, open_provider
from reference_app.ai.provider_limits import ProviderLimits
from reference_app.parts import Parts
from reference_app.settings import Settings


class LimitsOfTheProvider(Provider):
    """Takes the limits for the provider's: each request still has its own key."""

    def __init__(
        self, settings: Settings, http: httpx2.AsyncClient, logger: BoundLogger
    ) -> None:
        super().__init__(settings, http, logger)
        self._limits = ProviderLimits()

    def account(self, key: SecretStr) -> Account:
        account = super().account(key)
        account.limits = self._limits
        return account


def create_app() -> FastAPI:
    """Make the app."""
    provider = partial(open_provider, made_by=LimitsOfTheProvider)
    return main.create_app(parts=Parts(provider=provider))
