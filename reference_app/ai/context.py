"""What the assistant knows and may use when it answers for one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from structlog.stdlib import BoundLogger

from reference_app.ai.memory import Memory
from reference_app.ai.provider import Account
from reference_app.ai.similar_answers import SimilarAnswers
from reference_app.ai.token_budget import TokenBudget
from reference_app.ai.tools import Tools
from reference_app.settings import Settings
from reference_app.storage.seam import TenantStore
from reference_app.tenants.ending import EndingSignal


@dataclass(frozen=True, slots=True)
class ModelContext:
    """One tenant's side of the assistant; nothing of it is another tenant's.

    Attributes:
        settings: Model, times and sizes.
        store: Where the tenant's rows are.
        account: Its key at the provider and what that may use; None if it has none.
            Tenants that were given the same key share it, as the provider has it.
        system: Returns what the model is told first, as the tenant has configured it.
        tools: What the model may look into.
        memory: The conversations of its members.
        budget: The tokens of the day.
        answers: What was answered to questions that are much the same.
        version: Returns a number that changes with each of the tenant's writes.
        settling: Where usage and memory are written, also for those who have left;
            ends before the store closes.
        ending: Given when all this is about to be closed, perhaps because the key
            is another one now: the provider is not called any more.
        logger: Where failures are told.
    """

    settings: Settings
    store: TenantStore
    account: Account | None
    system: Callable[[], Awaitable[str]]
    tools: Tools
    memory: Memory
    budget: TokenBudget
    answers: SimilarAnswers
    version: Callable[[], int]
    settling: asyncio.TaskGroup
    ending: EndingSignal
    logger: BoundLogger
