"""Seeded bug: the system prompt is remembered by configuration, without the name."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.prompt import system_prompt
from reference_app.parts import Parts
from reference_app.tenants.configuration import Configuration
from reference_app.tenants.tenant import Tenant


class RememberedPrompts:
    """Words each prompt once: it changes only with the configuration, it seems."""

    def __init__(self) -> None:
        self._prompts: dict[Configuration, str] = {}

    def __call__(self, tenant: Tenant, configuration: Configuration) -> str:
        prompt = self._prompts.get(configuration)
        if prompt is None:
            prompt = self._prompts[configuration] = system_prompt(tenant, configuration)
        return prompt


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(system_prompt=RememberedPrompts()))
