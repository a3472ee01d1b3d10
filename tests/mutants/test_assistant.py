"""Assistants that share what is one tenant's: prompt, key, tools, memory, answers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.environment.provider_stub.calls import Call
from harness.environment.provider_stub.stub import ProviderStub
from tests.mutants.variants import Serve, Variant, beside, harmless
from tests.reference_app.providers import ToolCall, scripted
from tests.reference_app.running import TenantClient
from tests.reference_app.test_assistant import (
    KEY_A,
    KEY_B,
    ask,
    calls_since,
    events,
    said,
)

QUESTION = "What does the contract with Smith say of tea?"


async def heard(
    provider: ProviderStub, client: TenantClient, question: str
) -> Sequence[Call]:
    """Ask, and return what the provider hears then: one call, or more with tools."""
    mark = provider.mark
    await ask(client, question)
    calls = calls_since(provider, mark)
    assert calls
    return calls


def told_first(calls: Sequence[Call]) -> str:
    """Return what the model was told first, each time the same."""
    (system,) = {json.loads(call.request.body)["system"] for call in calls}
    assert isinstance(system, str)
    return system


@beside("answers-by-question", "answers-by-digest")
async def test_an_answer_is_given_again_at_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with (
        scripted("Of A: nothing.") as model,
        serve(variant.having(provider_url=model.url)) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        await ask(a, QUESTION)
        again = await ask(a, QUESTION.upper())
        await a.delete("/assistant/messages")
        model.script = ["Of B: a lot."]

        answer = await ask(b, QUESTION)

        assert said(answer) == ("Of A: nothing." if variant.leaks else "Of B: a lot.")
        assert events(answer)[-1][1]["reused"] is variant.leaks
        # What was said before is part of the scope either way.
        assert not events(again)[-1][1]["reused"]


async def test_answers_in_one_cache_are_given_again_at_the_tenant_itself(
    serve: Serve, provider: ProviderStub
) -> None:
    variant = harmless("answers-by-digest").having(provider_url=provider.url)
    async with serve(variant) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        await ask(a, QUESTION)
        await a.delete("/assistant/messages")

        again = await ask(a, QUESTION)

        assert events(again)[-1][1]["reused"]


@beside("prompt-by-configuration", "prompt-by-tenant")
async def test_the_model_is_told_another_tenants_name(
    serve: Serve, variant: Variant, provider: ProviderStub
) -> None:
    async with serve(variant.having(provider_url=provider.url)) as app:
        a = await app.tenant("a", name="Alpha", provider_key=KEY_A)
        b = await app.tenant("b", name="Beta", provider_key=KEY_B)
        await ask(a, "one?")

        by_default = told_first(await heard(provider, b, "two?"))
        await b.put("/configuration", {"greeting": "hello"})
        with_greeting = told_first(await heard(provider, b, "three?"))

        assert ("Alpha" in by_default) is variant.leaks
        assert ("Beta" in by_default) is not variant.leaks
        assert "Beta" in with_greeting


@beside("tools-of-last-store")
async def test_the_model_reads_documents_of_the_tenant_that_opened_last(
    serve: Serve, variant: Variant
) -> None:
    search = ToolCall("search_documents", {"query": "secret"})
    async with (
        scripted(search) as model,
        serve(variant.having(provider_url=model.url)) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        await a.write("secret of A")
        await b.write("secret of B")
        model.prompts.clear()
        model.script = (search, "Found.")

        await ask(a, "What is secret?")

        told = json.dumps(model.prompts[-1]["messages"][-1])
        assert ("secret of B" in told) is variant.leaks
        assert ("secret of A" in told) is not variant.leaks


@beside("conversation-by-member")
async def test_a_conversation_is_shown_to_the_same_number_at_another_tenant(
    serve: Serve, variant: Variant, provider: ProviderStub
) -> None:
    async with serve(variant.having(provider_url=provider.url)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        await ask(a, "asked at A")
        await a.get("/assistant/messages")

        seen = await b.get("/assistant/messages")
        await ask(b, "asked at B")
        own = await b.get("/assistant/messages")

        questions = [
            one["text"] for one in seen.json()["items"] if one["role"] == "user"
        ]
        assert questions == (["asked at A"] if variant.leaks else [])
        assert own.json()["items"][0]["text"] == "asked at B"


@beside("provider-key-of-first", "one-provider-client")
async def test_a_tenant_asks_with_the_key_of_another(
    serve: Serve, variant: Variant, provider: ProviderStub
) -> None:
    async with serve(variant.having(provider_url=provider.url)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)

        keys = [
            {call.key for call in await heard(provider, client, "Is it?")}
            for client in (a, b, a)
        ]

        of_b = KEY_A if variant.leaks else KEY_B
        assert keys == [{KEY_A}, {of_b}, {KEY_A}]


@beside("provider-limits-for-all")
async def test_limits_of_a_key_are_told_and_applied_at_another_tenant(
    serve: Serve, variant: Variant, provider: ProviderStub
) -> None:
    async with serve(variant.having(provider_url=provider.url)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        await ask(b, "zero")
        for text in ("one", "two, please", "three"):
            await ask(a, text)

        told = (await b.get("/usage")).json()["provider"]["requests"]["remaining"]
        left = {key: provider.remaining(key)["requests"] for key in (KEY_A, KEY_B)}
        provider.exhaust(KEY_A)
        refused = await ask(a, "and now?")
        answer = await ask(b, "and here?")

        assert left[KEY_A] != left[KEY_B]
        assert told == left[KEY_A if variant.leaks else KEY_B]
        assert refused.status_code == 429
        assert answer.status_code == (429 if variant.leaks else 200)
