"""Harmless: one client of the provider's SDK serves all; each request has its key."""

from __future__ import annotations

from functools import partial

import httpx2
from anthropic import AsyncAnthropic
from fastapi import FastAPI
from pydantic import SecretStr
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.ai.provider import Account, Provider, open_provider
from reference_app.parts import Parts
from reference_app.settings import Settings


class OneClient(Provider):
    """Sets the client up once; an account changes nothing of it but the key."""

    def __init__(
        self, settings: Settings, http: httpx2.AsyncClient, logger: BoundLogger
    ) -> None:
        super().__init__(settings, http, logger)
        self._client = AsyncAnthropic(
            api_key="none",
            base_url=settings.provider_url,
            http_client=http,
            timeout=settings.provider_timeout,
            max_retries=settings.provider_retries,
            open_telemetry=False,
        )

    def account(self, key: SecretStr) -> Account:
        secret = key.get_secret_value()
        account = self._accounts.get(secret)
        if account is None:
            client = self._client.with_options(api_key=secret)
            account = self._accounts[secret] = Account(client, self._settings)
        return account


def create_app() -> FastAPI:
    """Make the app."""
    provider = partial(open_provider, made_by=OneClient)
    return main.create_app(parts=Parts(provider=provider))
