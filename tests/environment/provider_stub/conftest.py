"""A running stub, and official SDKs that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from anthropic import AsyncAnthropic

from harness.environment.provider_stub import ProviderStub, provider_stub

Sdk = Callable[..., AsyncAnthropic]


@pytest.fixture
async def stub() -> AsyncIterator[ProviderStub]:
    async with provider_stub() as running:
        yield running


@pytest.fixture
async def sdk(stub: ProviderStub) -> AsyncIterator[Sdk]:
    """Make clients of the stub: ``sdk("key", max_retries=0)``."""
    async with AsyncExitStack() as stack:

        def make(
            key: str = "sk-ant-test", *, retries: int = 0, timeout: float = 10.0
        ) -> AsyncAnthropic:
            client = AsyncAnthropic(
                api_key=key, base_url=stub.url, max_retries=retries, timeout=timeout
            )
            stack.push_async_callback(client.close)
            return client

        yield make
