"""Seeded bug: the key of the tenant that opens first is everybody's."""

from __future__ import annotations

from functools import partial

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.ai.provider import Account, Provider, open_provider
from reference_app.parts import Parts
from reference_app.settings import Settings


class OneAccount(Provider):
    """Sets the client up once, as one does where there is one key."""

    def __init__(
        self, settings: Settings, http: httpx2.AsyncClient, logger: BoundLogger
    ) -> None:
        super().__init__(settings, http, logger)
        self._account: Account | None = None

    def account(self, key: SecretStr) -> Account:
        if self._account is None:
            self._account = super().account(key)
        return self._account


def create_app() -> FastAPI:
    """Make the app."""
    provider = partial(open_provider, made_by=OneAccount)
    return main.create_app(parts=Parts(provider=provider))
