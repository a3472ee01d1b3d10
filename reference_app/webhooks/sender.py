"""Sends what happened at a tenant to the webhooks of that tenant."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import httpx
from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.background.jobs import Jobs
from reference_app.background.mailbox import Mailbox
from reference_app.caches.tenant_cache import TenantCache
from reference_app.events.hub import Event
from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.storage.seam import SigningWebhook
from reference_app.tenants.tenant import Tenant
from reference_app.webhooks.addresses import AddressRefused, Destinations
from reference_app.webhooks.signature import SIGNATURE, TIMESTAMP, sign

_WAITING = 1000
"""Events of one tenant that may wait to be sent."""
_AGAIN = frozenset({408, 425, 429})
_TAKEN, _NOT_TAKEN, _BROKEN = 200, 300, 500


@dataclass(frozen=True, slots=True)
class _Letter:
    """One event for one webhook, as it is sent each time."""

    to: SigningWebhook
    id: str
    body: bytes


class WebhookSender:
    """Sends events in the background, each tenant's in their order.

    Every message is signed. A bare transport sends it: redirects are not followed,
    answers are not read, no cookie is kept and no address is logged. Connections
    are not kept either, for a second tenant to meet. A webhook that does not take
    a message gets it again, a few times, with growing pauses; the tenant's later
    events wait that long, and nobody else's do.

    Args:
        settings: Time, number of attempts, and where webhooks may be.
        jobs: Run what sends.
        cache: Remembers each tenant's webhooks; most have none.
        logger: Where it is told what could not be sent.
    """

    def __init__(
        self,
        settings: Settings,
        jobs: Jobs,
        cache: TenantCache[Sequence[SigningWebhook]],
        logger: BoundLogger,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._cache = cache
        self._logger = logger
        self._destinations = Destinations(settings.webhook_networks)
        self._mailbox: Mailbox[Event] = Mailbox(
            jobs, "webhooks", self._deliver, size=_WAITING, lost=self._lose
        )

    def check(self, url: str) -> None:
        """Refuse a URL that nothing would be sent to.

        Raises:
            AddressRefused: It names an address where no webhook may be.
        """
        self._destinations.check(url)

    def send(self, tenant: Tenant, event: Event) -> None:
        """Have the tenant's webhooks told of an event; never waits."""
        if not self._mailbox.put(tenant, event):
            self._lose(tenant, event)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Whose certificates are good; reading them takes a while."""
        return ssl.create_default_context()

    async def _deliver(self, tenant: Tenant, event: Event) -> None:
        async def load() -> Sequence[SigningWebhook]:
            async with self._jobs.session(tenant) as session:
                return await session.webhooks.all_with_secrets()

        try:
            webhooks = await self._cache.get(tenant, load)
        except Exception as error:  # noqa: BLE001 - logged; the next is sent
            log_failure(self._logger, "webhooks not read", error)
            return
        body = json.dumps({"tenant": tenant.slug, **event.as_json()}).encode()
        async with asyncio.TaskGroup() as group:
            for webhook in webhooks:
                letter = _Letter(webhook, uuid.uuid4().hex, body)
                group.create_task(self._insist(letter))

    async def _insist(self, letter: _Letter) -> None:
        """Send until it is taken, or there is no sense in going on."""
        outcome: int | str = ""
        for attempt in range(self._settings.webhook_attempts):
            if attempt:
                pause = self._settings.webhook_pause * 2 ** (attempt - 1)
                if not await self._jobs.pause(pause * random.uniform(0.5, 1.5)):
                    break
            try:
                async with asyncio.timeout(self._settings.webhook_timeout):
                    outcome = await self._send(letter)
            except AddressRefused as error:
                outcome = type(error).__name__
                break
            except Exception as error:  # noqa: BLE001 - told below, if it stays
                outcome = type(error).__name__
                continue
            if _TAKEN <= outcome < _NOT_TAKEN:
                return
            if outcome < _BROKEN and outcome not in _AGAIN:
                break
        webhook_id = letter.to.webhook.id
        self._logger.warning("webhook failed", webhook=webhook_id, outcome=outcome)

    async def _send(self, letter: _Letter) -> int:
        """Send once; returns the status."""
        url = httpx.URL(letter.to.webhook.url)
        address = await self._destinations.resolve(letter.to.webhook.url)
        timestamp = int(time.time())
        request = httpx.Request(
            "POST",
            url.copy_with(host=address),
            content=letter.body,
            headers={
                "Host": url.netloc.decode(),
                "Content-Type": "application/json",
                "User-Agent": "reference-app",
                "X-Webhook-Id": letter.id,
                TIMESTAMP: str(timestamp),
                SIGNATURE: sign(letter.to.secret, timestamp, letter.body),
            },
            # The certificate has to be the name's, not the address's.
            extensions={"sni_hostname": url.host},
        )
        verify = self._tls if url.scheme == "https" else False
        async with httpx.AsyncHTTPTransport(verify=verify) as transport:
            response = await transport.handle_async_request(request)
            await response.aclose()
        return response.status_code

    def _lose(self, tenant: Tenant, event: Event) -> None:
        with bound_contextvars(tenant=tenant.slug):
            self._logger.warning("webhook event dropped", kind=event.kind)
