"""Harmless: one cache has the answers of all assistants, but the tenant is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.similar_answers import SimilarAnswers
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant

_KEPT = 100_000


class AnswersOfTenant(SimilarAnswers):
    """Looks into everybody's cache, for what was said in one tenant's scopes."""

    def __init__(self, everybodys: SimilarAnswers, tenant: Tenant) -> None:
        self._everybodys = everybodys
        self._tenant = tenant

    def find(self, scope: Hashable, question: str) -> str | None:
        return self._everybodys.find(self._digest(scope), question)

    def put(self, scope: Hashable, question: str, answer: str) -> None:
        self._everybodys.put(self._digest(scope), question, answer)

    def _digest(self, scope: Hashable) -> str:
        text = f"{self._tenant.id}{scope!r}"
        return hashlib.sha256(text.encode()).hexdigest()


class OneForAll:
    """Makes the cache once, large enough that no tenant crowds out another."""

    def __init__(self) -> None:
        self._answers: SimilarAnswers | None = None

    def __call__(self, settings: Settings, tenant: Tenant) -> SimilarAnswers:
        if self._answers is None:
            self._answers = SimilarAnswers(settings.answer_lifetime, _KEPT)
        return AnswersOfTenant(self._answers, tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(similar_answers=OneForAll()))
