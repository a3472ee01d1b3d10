"""The one place where the app's replaceable pieces are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
)
from dataclasses import dataclass

import asyncpg
from structlog.stdlib import BoundLogger

from reference_app.ai.memory import Memory
from reference_app.ai.prompt import system_prompt
from reference_app.ai.provider import Provider, open_provider
from reference_app.ai.similar_answers import SimilarAnswers
from reference_app.ai.tools import Tools
from reference_app.audit import AuditLog
from reference_app.auth.signing_keys import SigningKeys
from reference_app.auth.tokens import Tokens
from reference_app.background.jobs import Jobs
from reference_app.caches.public_cache import PublicCache
from reference_app.caches.response_cache import ResponseCache
from reference_app.caches.tenant_cache import TenantCache
from reference_app.events.hub import EventHub
from reference_app.exports import Exporter
from reference_app.foundation import FoundationParts
from reference_app.limits.rate_limits import RateLimits, Rates
from reference_app.metrics import Metrics
from reference_app.settings import Settings
from reference_app.storage.seam import Flag, SigningWebhook, TenantStore
from reference_app.tenants.configuration import Configuration
from reference_app.tenants.onboarding import Onboard, onboard
from reference_app.tenants.open_tenants import OpenRuntime, OpenTenants
from reference_app.tenants.tenant import Tenant
from reference_app.webhooks.sender import WebhookSender

OpenProvider = Callable[
    [Settings, BoundLogger], AbstractAsyncContextManager[Provider | None]
]


def _configuration_cache(settings: Settings) -> TenantCache[Configuration]:
    return TenantCache(settings.cache_lifetime)


def _flag_cache(settings: Settings) -> TenantCache[Sequence[Flag]]:
    return TenantCache(settings.cache_lifetime)


def _webhook_cache(settings: Settings) -> TenantCache[Sequence[SigningWebhook]]:
    return TenantCache(settings.cache_lifetime)


def _response_cache(settings: Settings) -> ResponseCache:
    return ResponseCache(settings.cache_lifetime)


def _public_cache(settings: Settings) -> PublicCache:
    return PublicCache(settings.cache_lifetime)


def _rate_limits(_tenant: Tenant, rates: Rates) -> RateLimits:
    return RateLimits(rates)


def _memory(settings: Settings, store: TenantStore) -> Memory:
    return Memory(store, settings.memory_length)


def _similar_answers(settings: Settings, _tenant: Tenant) -> SimilarAnswers:
    return SimilarAnswers(settings.answer_lifetime)


@dataclass(frozen=True, slots=True)
class Parts(FoundationParts):
    """How each replaceable piece is made, those of the foundation too.

    Attributes:
        onboard: Makes a tenant with its place and its first administrator.
        signing_keys: Finds the key of a tenant.
        tokens: Issues and verifies access tokens.
        configuration_cache: Remembers each tenant's configuration.
        flag_cache: Remembers each tenant's feature flags.
        response_cache: Remembers rendered answers of one tenant each.
        public_cache: Remembers rendered answers that are everybody's.
        tenants: Opens tenants' resources and keeps them while they are used.
        rate_limits: Counts the requests of one tenant.
        provider: Opens the way to the model provider, if there is one.
        system_prompt: Words what one tenant's model is told first.
        tools: Gives the model what it may do, on one tenant's store.
        memory: Keeps the conversations of one tenant, in its store.
        similar_answers: Remembers what one tenant's assistant has answered.
        hub: Tells those who listen what happens at their tenant.
        metrics: Counts and times requests.
        jobs: Runs tenants' work in the background.
        audit: Writes who did what, given the jobs.
        exporter: Makes files of a tenant's documents, given the jobs.
        webhook_cache: Remembers each tenant's webhooks.
        webhooks: Tells tenants' own services of changes, given jobs and cache.
    """

    onboard: Onboard = onboard
    signing_keys: Callable[[Settings, asyncpg.Pool], SigningKeys] = SigningKeys
    tokens: Callable[[Settings, SigningKeys], Tokens] = Tokens
    configuration_cache: Callable[[Settings], TenantCache[Configuration]] = (
        _configuration_cache
    )
    flag_cache: Callable[[Settings], TenantCache[Sequence[Flag]]] = _flag_cache
    response_cache: Callable[[Settings], ResponseCache] = _response_cache
    public_cache: Callable[[Settings], PublicCache] = _public_cache
    tenants: Callable[[Settings, OpenRuntime, BoundLogger], OpenTenants] = OpenTenants
    rate_limits: Callable[[Tenant, Rates], RateLimits] = _rate_limits
    provider: OpenProvider = open_provider
    system_prompt: Callable[[Tenant, Configuration], str] = system_prompt
    tools: Callable[[TenantStore], Tools] = Tools
    memory: Callable[[Settings, TenantStore], Memory] = _memory
    similar_answers: Callable[[Settings, Tenant], SimilarAnswers] = _similar_answers
    hub: Callable[[Settings], EventHub] = EventHub
    metrics: Callable[[Settings], Metrics] = Metrics
    jobs: Callable[[Settings, OpenTenants, BoundLogger], Jobs] = Jobs
    audit: Callable[[Jobs, BoundLogger], AuditLog] = AuditLog
    exporter: Callable[[Settings, Jobs, BoundLogger], Exporter] = Exporter
    webhook_cache: Callable[[Settings], TenantCache[Sequence[SigningWebhook]]] = (
        _webhook_cache
    )
    webhooks: Callable[
        [Settings, Jobs, TenantCache[Sequence[SigningWebhook]], BoundLogger],
        WebhookSender,
    ] = WebhookSender
