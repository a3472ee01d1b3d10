"""Seeded bug: answers of a tenant that left are given to the next one of its slug."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.similar_answers import SimilarAnswers
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class AnswersKept:
    """Keeps each tenant's cache while the tenant is closed, until it opens again."""

    def __init__(self) -> None:
        self._by_slug: dict[str, SimilarAnswers] = {}

    def __call__(self, settings: Settings, tenant: Tenant) -> SimilarAnswers:
        if tenant.slug not in self._by_slug:
            self._by_slug[tenant.slug] = SimilarAnswers(settings.answer_lifetime)
        return self._by_slug[tenant.slug]


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(similar_answers=AnswersKept()))
