"""The outside of an app, as far as it may see it: a model provider and an HTTP sink."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from harness.environment import sink
from harness.environment.provider_stub import ProviderStub, provider_stub
from harness.environment.provider_stub.keys import Keys
from harness.environment.provider_stub.service import Listener
from harness.environment.sink import Sink, http_sink


@dataclass(frozen=True, slots=True)
class Outside:
    """What runs beside an app for it to call.

    Attributes:
        provider: Speaks the Messages API.
        sink: Takes any request, such as those of webhooks.
    """

    provider: ProviderStub
    sink: Sink

    @property
    def values(self) -> Mapping[str, str]:
        """What templates of the app's environment can name."""
        return {"provider_url": self.provider.url, "sink_url": self.sink.url}


@asynccontextmanager
async def outside(
    keys: Keys, *, on_call: Listener, on_request: sink.Listener
) -> AsyncIterator[Outside]:
    """Run both until the block ends; what they were sent is not kept.

    Args:
        keys: Tells whose an API key is.
        on_call: Hears of each call of the provider, on its thread.
        on_request: Hears of each request to the sink, on its thread.
    """
    async with (
        provider_stub(keys, on_call, keep=False) as provider,
        http_sink(on_request, keep=False) as taking,
    ):
        yield Outside(provider, taking)
