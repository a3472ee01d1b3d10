"""Each key has a rate limit of its own, and its headers say what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from anthropic import AsyncAnthropic, RateLimitError
from anthropic.types import MessageParam

from harness.environment.provider_stub import (
    AnyKeys,
    Limits,
    ProviderStub,
    TenantKeys,
    provider_stub,
)
from harness.environment.provider_stub.limits import WINDOW, RateLimit
from harness.model.canary import (
    FIELD_PROVIDER_ANSWER,
    FIELD_PROVIDER_KEY,
    FIELD_PROVIDER_LIMIT,
    CanaryKey,
)
from harness.model.scanner import Scanner

Sdk = Callable[..., AsyncAnthropic]
HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]
KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
KEY = CanaryKey.from_seed(3)


async def _headers(client: AsyncAnthropic) -> dict[str, str]:
    raw = await client.messages.with_raw_response.create(
        model="m", max_tokens=20, messages=HELLO
    )
    return dict(raw.headers)


def _left(headers: dict[str, str], kind: str) -> int:
    return int(headers[f"anthropic-ratelimit-{kind}-remaining"])


async def test_each_kind_of_limit_is_told_with_what_is_left(sdk: Sdk) -> None:
    headers = await _headers(sdk())

    for kind in KINDS:
        lead = f"anthropic-ratelimit-{kind}"
        assert 0 < _left(headers, kind) < int(headers[f"{lead}-limit"])
        assert datetime.fromisoformat(headers[f"{lead}-reset"]).tzinfo is not None


async def test_what_one_key_uses_is_not_taken_from_another(sdk: Sdk) -> None:
    one, other = sdk("sk-one"), sdk("sk-other")

    first = await _headers(one)
    second = await _headers(one)
    elsewhere = await _headers(other)

    assert _left(first, "requests") - _left(second, "requests") == 1
    for kind in KINDS:
        assert _left(second, kind) < _left(first, kind)
        assert _left(elsewhere, kind) == _left(first, kind)


async def test_a_stream_tells_the_limits_in_its_head(sdk: Sdk) -> None:
    client = sdk()
    before = await _headers(client)

    async with client.messages.stream(
        model="m", max_tokens=20, messages=HELLO
    ) as stream:
        headers = dict(stream.response.headers)

    assert _left(headers, "requests") == _left(before, "requests") - 1


async def test_a_key_that_used_its_requests_up_is_told_to_wait() -> None:
    async with (
        provider_stub(AnyKeys(Limits(requests=2))) as stub,
        AsyncAnthropic(api_key="sk-a", base_url=stub.url, max_retries=0) as one,
        AsyncAnthropic(api_key="sk-b", base_url=stub.url, max_retries=0) as other,
    ):
        await _headers(one)
        await _headers(one)
        with pytest.raises(RateLimitError) as refused:
            await _headers(one)
        await _headers(other)

        told = refused.value.response.headers
        assert told["anthropic-ratelimit-requests-remaining"] == "0"
        assert 1 <= int(told["retry-after"]) <= WINDOW

        stub.renew()
        assert _left(await _headers(one), "requests") == 1


async def test_a_key_can_be_exhausted_on_purpose(sdk: Sdk, stub: ProviderStub) -> None:
    stub.exhaust("sk-one")

    with pytest.raises(RateLimitError):
        await _headers(sdk("sk-one"))
    await _headers(sdk("sk-other"))


def test_what_was_used_is_forgotten_after_a_minute() -> None:
    now = [1_000.0]
    limit = RateLimit(Limits(requests=1), lambda: now[0])

    assert limit.admit(5)
    assert not limit.admit(5)
    assert limit.retry_after == WINDOW
    now[0] += WINDOW - 0.5
    assert not limit.admit(5)
    assert limit.retry_after == 1
    now[0] += 0.5
    assert limit.admit(5)


def test_a_prompt_beyond_the_tokens_that_are_left_is_not_admitted() -> None:
    limit = RateLimit(Limits(input_tokens=10), lambda: 0.0)

    assert not limit.admit(11)
    assert limit.admit(10)
    assert limit.remaining()["input-tokens"] == 0
    assert limit.remaining()["requests"] == Limits().requests - 1


async def test_the_figures_told_to_a_tenants_key_tell_whose_it_is() -> None:
    scanner = Scanner(KEY, sparing=True)
    async with provider_stub(TenantKeys(KEY, scanner)) as stub:
        seen = {}
        for owner in (0, 1):
            key = f"sk-ant-{KEY.mint(owner, FIELD_PROVIDER_KEY)}"
            async with AsyncAnthropic(api_key=key, base_url=stub.url) as client:
                await _headers(client)
                seen[owner] = await _headers(client)

        assert [call.owner for call in stub.calls] == [0, 0, 1, 1]
        assert {owner: len(calls) for owner, calls in stub.calls_since(1).items()} == {
            0: 1,
            1: 2,
        }

    for owner, headers in seen.items():
        for kind in KINDS:
            for what in ("limit", "remaining"):
                number = headers[f"anthropic-ratelimit-{kind}-{what}"]
                (hit,) = scanner.scan_text(f'{{"left": {number}}}')
                assert (hit.owner, hit.field) == (owner, FIELD_PROVIDER_LIMIT)
                assert hit.rate < 1e-6
        (hit,) = scanner.scan_text(headers["request-id"])
        assert (hit.owner, hit.field) == (owner, FIELD_PROVIDER_ANSWER)


async def test_a_number_that_was_never_told_is_nobodys() -> None:
    scanner = Scanner(KEY, sparing=True)
    async with provider_stub(TenantKeys(KEY, scanner)) as stub:
        key = f"sk-ant-{KEY.mint(0, FIELD_PROVIDER_KEY)}"
        async with AsyncAnthropic(api_key=key, base_url=stub.url) as client:
            headers = await _headers(client)

    left = _left(headers, "requests")
    assert not scanner.scan_text(str(left - 1))
    assert scanner.scan_text(str(left))


async def test_a_key_of_nobodys_is_never_in_the_way() -> None:
    scanner = Scanner(KEY, sparing=True)
    async with (
        provider_stub(TenantKeys(KEY, scanner)) as stub,
        AsyncAnthropic(api_key="sk-platform", base_url=stub.url) as client,
    ):
        headers = await _headers(client)

    assert _left(headers, "requests") > 10**8
    assert not scanner.scan_text(" ".join(headers.values()))
