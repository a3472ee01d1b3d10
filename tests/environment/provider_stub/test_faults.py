"""The stub can be told to refuse or to hang, for one key or for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx2
import pytest
from anthropic import (
    APITimeoutError,
    AsyncAnthropic,
    InternalServerError,
    RateLimitError,
)
from anthropic.types import Message, MessageParam

from harness.environment.provider_stub import Call, ProviderStub, provider_stub

Sdk = Callable[..., AsyncAnthropic]
HELLO: list[MessageParam] = [{"role": "user", "content": "one two three four five six"}]
NOW = 0.001
"""Seconds that a refusal asks to wait, so that a retry comes at once."""


async def _ask(client: AsyncAnthropic) -> Message:
    return await client.messages.create(model="m", max_tokens=20, messages=HELLO)


async def test_the_sdk_gets_past_a_refusal_by_trying_again(
    sdk: Sdk, stub: ProviderStub
) -> None:
    stub.control.refuse(429, times=1, retry_after=NOW)
    stub.control.refuse(529, times=1, retry_after=NOW)

    await _ask(sdk(retries=2))

    assert [call.retry for call in stub.calls] == [0, 1, 2]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, RateLimitError, "rate_limit_error"),
        (529, InternalServerError, "overloaded_error"),
        (500, InternalServerError, "api_error"),
    ],
)
async def test_a_refusal_looks_like_the_providers(
    sdk: Sdk,
    stub: ProviderStub,
    status: int,
    error: type[RateLimitError | InternalServerError],
    kind: str,
) -> None:
    stub.control.refuse(status, retry_after=7)

    with pytest.raises(error) as refused:
        await _ask(sdk())

    answer = refused.value.response
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == kind
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["request-id"] == answer.json()["request_id"]
    assert "anthropic-ratelimit-requests-remaining" in answer.headers


async def test_a_fault_of_one_key_leaves_the_others_alone(
    sdk: Sdk, stub: ProviderStub
) -> None:
    stub.control.refuse(429, key="sk-one")

    for _ in range(2):
        with pytest.raises(RateLimitError):
            await _ask(sdk("sk-one"))
    await _ask(sdk("sk-other"))

    stub.control.clear(key="sk-one")
    await _ask(sdk("sk-one"))

    # The SDK has not tried again to get there.
    assert [call.retry for call in stub.calls] == [0, 0, 0, 0]


async def test_a_key_that_is_used_up_is_refused_at_once_and_then_as_new(
    sdk: Sdk, stub: ProviderStub
) -> None:
    with stub.used_up("sk-one"):
        with pytest.raises(RateLimitError) as refused:
            await _ask(sdk("sk-one"))
        with pytest.raises(RateLimitError):
            await sdk("sk-one").messages.count_tokens(
                model="m", messages=[{"role": "user", "content": "Hi"}]
            )
        await _ask(sdk("sk-other"))
    await _ask(sdk("sk-one"))

    headers = refused.value.response.headers
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert 1 <= int(headers["retry-after"]) <= 60
    # The SDK did not wait for that and try again.
    assert [call.retry for call in stub.calls] == [0, 0, 0, 0]


async def test_a_key_that_hangs_runs_into_the_clients_timeout(
    sdk: Sdk, stub: ProviderStub
) -> None:
    stub.control.hang(key="sk-one")

    with pytest.raises(APITimeoutError):
        await _ask(sdk("sk-one", timeout=0.2))

    assert (await _ask(sdk("sk-other"))).stop_reason == "end_turn"
    assert len(stub.calls) == 2


async def test_a_call_that_hangs_is_answered_once_the_fault_is_cleared() -> None:
    came = Came()
    async with provider_stub(listener=came) as stub, _client(stub) as client:
        stub.control.hang()
        asking = asyncio.create_task(_ask(client))
        await came.wait()

        stub.control.clear()

        assert (await asking).stop_reason == "end_turn"


async def test_a_stream_can_stall_in_its_middle(sdk: Sdk, stub: ProviderStub) -> None:
    stub.control.hang(times=1, after=4)
    stream = await sdk(timeout=0.3).messages.create(
        model="m", max_tokens=50, messages=HELLO, stream=True
    )
    kinds: list[str] = []

    async def follow() -> None:
        async for event in stream:
            kinds.append(event.type)  # noqa: PERF401 - what came before the error

    with pytest.raises(httpx2.ReadTimeout):
        await follow()

    assert kinds == ["message_start", "content_block_start", "content_block_delta"]


async def test_the_stub_ends_although_a_call_hangs() -> None:
    came = Came()
    async with AsyncExitStack() as stack:
        async with provider_stub(listener=came) as stub:
            client = await stack.enter_async_context(_client(stub))
            stub.control.hang()
            asking = asyncio.create_task(_ask(client))
            await came.wait()
        # What waited is let go rather than cut off.
        assert (await asking).stop_reason == "end_turn"


class Came:
    """Hears of a call on the stub's thread, and says so on the test's loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def __call__(self, call: Call) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        async with asyncio.timeout(60):
            await self._event.wait()


def _client(stub: ProviderStub) -> AsyncAnthropic:
    return AsyncAnthropic(api_key="sk-one", base_url=stub.url, max_retries=0)
