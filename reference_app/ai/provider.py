"""The model provider: one client's connections for all, an account for each key."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from weakref import WeakValueDictionary

import httpx2
from anthropic import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AsyncAnthropic,
    DefaultAsyncHttpxClient,
)
from anthropic.lib.streaming import AsyncMessageStream
from pydantic import SecretStr
from structlog.stdlib import BoundLogger

from reference_app.ai.provider_limits import ProviderLimits
from reference_app.ai.refusals import OverLimit, Unavailable
from reference_app.logs import log_failure
from reference_app.settings import Settings

_TRIES_BEFORE_DOWN = 3
_REST_WHEN_DOWN = 10.0
_TOO_MANY, _OVERLOADED = 429, 529


class Provider:
    """Hands out accounts; two tenants with the same key share one.

    All keys use the same HTTP connections: a connection carries no state of who
    used it, a key is a header of each request. What would carry over is kept
    out: cookies are refused, and redirects, which would take the key elsewhere.

    Args:
        settings: Address, times and retries.
        http: The connections.
        logger: Where failures of priming are told.
    """

    def __init__(
        self, settings: Settings, http: httpx2.AsyncClient, logger: BoundLogger
    ) -> None:
        self._settings = settings
        self._http = http
        self._logger = logger
        self._accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
        self._failures = 0
        self._down_until = 0.0

    def account(self, key: SecretStr) -> Account:
        """Return the account of a key; it is forgotten when nobody has it any more."""
        secret = key.get_secret_value()
        account = self._accounts.get(secret)
        if account is None:
            client = AsyncAnthropic(
                api_key=secret,
                base_url=self._settings.provider_url,
                http_client=self._http,
                timeout=_times(self._settings, self._settings.provider_timeout),
                max_retries=self._settings.provider_retries,
                open_telemetry=False,
            )
            account = self._accounts[secret] = Account(client, self._settings)
        return account

    async def prime(self, account: Account) -> None:
        """Learn an account's limits from one cheap call, unless they are known.

        A failure is logged and no more: the limits are then learnt from the first
        answer. When several keys in a row find nobody at the provider, others do
        not look for a while, or it would hold up the start of every tenant.
        """
        if time.monotonic() < self._down_until:
            return
        try:
            await account.prime()
        except APIConnectionError as error:  # a time-out too
            log_failure(self._logger, "provider not reached", error)
            self._failures += 1
            if self._failures >= _TRIES_BEFORE_DOWN:
                self._down_until = time.monotonic() + _REST_WHEN_DOWN
        except APIError as error:
            log_failure(self._logger, "provider limits unknown", error)
        else:
            self._failures = 0


class Account:
    """One key at the provider, and what it may still use.

    Args:
        client: Sends the key with each request.
        settings: The model, and how many calls at once.
    """

    def __init__(self, client: AsyncAnthropic, settings: Settings) -> None:
        self.limits = ProviderLimits()
        self._client = client
        self._settings = settings
        self._running = 0
        self._priming = asyncio.Lock()

    async def prime(self) -> None:
        """Make one cheap call, if nothing is known of the limits.

        Raises:
            anthropic.APIError: It failed.
        """
        async with self._priming:
            if self.limits.windows:
                return
            client = self._client.with_options(
                max_retries=0,
                timeout=_times(self._settings, self._settings.prime_timeout),
            )
            try:
                async with asyncio.timeout(self._settings.prime_timeout):
                    answer = await client.messages.with_raw_response.create(
                        model=self._settings.model,
                        max_tokens=1,
                        messages=[{"role": "user", "content": "Hi"}],
                    )
            except TimeoutError:
                request = httpx2.Request("POST", self._client.base_url)
                raise APIConnectionError(request=request) from None
            except APIStatusError as error:
                self.limits.update(error.response.headers)
                raise
            self.limits.update(answer.headers)

    @asynccontextmanager
    async def stream(
        self, tokens: int, **prompt: Any
    ) -> AsyncIterator[AsyncMessageStream[None]]:
        """Have a message streamed; leaving the block early ends the call.

        Args:
            tokens: That the prompt will take, about.
            prompt: What to send: `system`, `messages`, `tools`, `max_tokens`.

        Raises:
            OverLimit: The provider would refuse, or does.
            Unavailable: The provider fails.
        """
        with self._call(tokens), _failures(self.limits, self._settings):
            async with self._client.messages.stream(
                model=self._settings.model, **prompt
            ) as stream:
                self.limits.update(stream.response.headers)
                yield stream

    @contextmanager
    def _call(self, tokens: int) -> Iterator[None]:
        """Count a call, unless it should not be made."""
        wait = self.limits.wait(tokens)
        if wait > 0:
            raise OverLimit("provider-limit", wait)
        if self._running >= self._settings.provider_concurrency:
            raise OverLimit("assistant-busy", self._settings.retry_after)
        self.limits.take(tokens)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


@contextmanager
def _failures(limits: ProviderLimits, settings: Settings) -> Iterator[None]:
    """Learn from the provider's errors, and say them in our words.

    What the provider writes about an error may repeat the prompt: it goes no further.
    """
    try:
        yield
    except APIStatusError as error:
        limits.update(error.response.headers)
        after = _retry_after(error.response.headers, settings)
        if error.status_code == _TOO_MANY:
            limits.block(after)
            raise OverLimit("provider-limit", max(after, limits.wait(0))) from error
        raise Unavailable("assistant-unavailable", after) from error
    # The SDK passes on as it is what breaks a stream that has begun.
    except (APIError, httpx2.HTTPError) as error:
        raise Unavailable("assistant-unavailable", settings.retry_after) from error


def _retry_after(headers: httpx2.Headers, settings: Settings) -> int:
    """Return what the provider asks to wait; dates are not among what it sends."""
    try:
        return max(1, round(float(headers["retry-after"])))
    except (KeyError, ValueError):
        return settings.retry_after


def _times(settings: Settings, seconds: float) -> httpx2.Timeout:
    """Return time-outs: short to get through, `seconds` between pieces of an answer."""
    connect = min(seconds, settings.provider_connect_timeout)
    return httpx2.Timeout(seconds, connect=connect, pool=connect)


async def _no_retry_of_429(response: httpx2.Response) -> None:
    """Have the SDK pass on a 429 at once.

    It would wait for up to a minute first, with a client waiting for us. The other
    failures that it retries pass within a second or two: connections that break,
    5xx, 529.
    """
    if response.status_code == _TOO_MANY:
        response.headers["x-should-retry"] = "false"


def trusted(url: str) -> ssl.SSLContext | bool:
    """Return which authorities to trust at an address: the usual ones.

    Without TLS it is none: to load them takes 20 ms of each start.
    """
    if url.lower().startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return True


@asynccontextmanager
async def open_provider(
    settings: Settings, logger: BoundLogger, *, made_by: type[Provider] = Provider
) -> AsyncIterator[Provider | None]:
    """Open the provider's connections for a block; None if no address is set."""
    if settings.provider_url is None:
        yield None
        return
    most = settings.provider_connections
    async with DefaultAsyncHttpxClient(
        limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most // 4),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        event_hooks={"response": [_no_retry_of_429]},
        trust_env=False,
        verify=trusted(settings.provider_url),
    ) as http:
        yield made_by(settings, http, logger)
