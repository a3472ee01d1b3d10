"""Seeded bug: answers of the assistant are found again by question alone."""

from __future__ import annotations

from collections.abc import Hashable

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.similar_answers import SimilarAnswers
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class AnswersByQuestion(SimilarAnswers):
    """Keeps what was said before in the scope, but not the prompt: it is ours."""

    def find(self, scope: Hashable, question: str) -> str | None:
        return super().find(_said_before(scope), question)

    def put(self, scope: Hashable, question: str, answer: str) -> None:
        super().put(_said_before(scope), question, answer)


def _said_before(scope: Hashable) -> Hashable:
    """Leave version and prompt out, with which a scope begins."""
    return scope[2:] if isinstance(scope, tuple) else scope


class OneForAll:
    """Makes the cache once, so that what one tenant's model said helps all."""

    def __init__(self) -> None:
        self._answers: SimilarAnswers | None = None

    def __call__(self, settings: Settings, tenant: Tenant) -> SimilarAnswers:
        if self._answers is None:
            self._answers = AnswersByQuestion(settings.answer_lifetime)
        return self._answers


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(similar_answers=OneForAll()))
