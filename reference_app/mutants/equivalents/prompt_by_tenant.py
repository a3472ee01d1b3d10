"""Harmless: system prompts are remembered for all, by tenant and configuration."""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.prompt import system_prompt
from reference_app.parts import Parts
from reference_app.tenants.configuration import Configuration
from reference_app.tenants.tenant import Tenant


class RememberedPrompts:
    """Words each prompt once; a tenant's name never changes."""

    def __init__(self) -> None:
        self._prompts: dict[tuple[UUID, Configuration], str] = {}

    def __call__(self, tenant: Tenant, configuration: Configuration) -> str:
        key = (tenant.id, configuration)
        if key not in self._prompts:
            self._prompts[key] = system_prompt(tenant, configuration)
        return self._prompts[key]


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(system_prompt=RememberedPrompts()))
