"""The assistant answers a tenant's members from what is the tenant's alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from harness.environment.provider_stub import provider_stub
from harness.environment.provider_stub.calls import Call
from harness.environment.provider_stub.keys import AnyKeys
from harness.environment.provider_stub.limits import Limits
from harness.environment.provider_stub.stub import ProviderStub
from reference_app.ai.turn import Done, Piece, Turn
from tests.event_streams import frames
from tests.reference_app.providers import ToolCall, scripted
from tests.reference_app.running import PASSWORD, RunningApp, TenantClient, running
from tests.reference_app.serving import Somebody, Stream, serving
from tests.waiting import until

KEY_A, KEY_B = "sk-ant-of-tenant-a", "sk-ant-of-tenant-b"


@pytest.fixture
async def provider() -> AsyncIterator[ProviderStub]:
    """A provider that repeats what it is asked, with room for a few requests."""
    async with provider_stub(AnyKeys(Limits(requests=50)), tools=False) as stub:
        yield stub


def settings(provider: ProviderStub, **more: Any) -> dict[str, Any]:
    return {"provider_url": provider.url, "provider_retries": 0, **more}


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """Return the names and data of a finished stream."""
    assert response.status_code == 200, response.text
    return [(one.name, one.data) for one in frames(response.text.splitlines())]


def said(response: httpx.Response) -> str:
    """Return the whole text of an answer that was completed."""
    got = events(response)
    assert got[-1][0] == "done", got
    return "".join(data["text"] for name, data in got if name == "text")


def calls_since(provider: ProviderStub, mark: int) -> list[Call]:
    return [call for calls in provider.calls_since(mark).values() for call in calls]


async def ask(client: TenantClient, text: str) -> httpx.Response:
    return await client.post("/assistant/messages", {"text": text})


async def colleague(
    app: RunningApp, client: TenantClient, slug: str, name: str = "eve"
) -> TenantClient:
    """Add a member who is no administrator, and log in."""
    new = {"email": f"{name}@{slug}.example", "name": name, "password": PASSWORD}
    assert (await client.post("/members", new)).status_code == 201
    return await app.log_in(slug, new["email"])


async def test_an_answer_streams_and_is_remembered_and_counted(
    dsn: str, provider: ProviderStub, storage: str
) -> None:
    async with running(dsn, storage=storage, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)

        response = await ask(a, "Where is the tea?")
        memory = (await a.get("/assistant/messages")).json()["items"]
        usage = (await a.get("/usage")).json()

        got = events(response)
        assert said(response) == "You said: Where is the tea?"
        assert [one["role"] for one in memory] == ["user", "assistant"]
        assert [one["text"] for one in memory] == ["Where is the tea?", said(response)]
        done = got[-1][1]
        (row,) = usage["members"]
        assert row["requests"] == 1
        assert row["input_tokens"] == done["input_tokens"] > 0
        assert row["output_tokens"] == done["output_tokens"] > 0
        spent = done["input_tokens"] + done["output_tokens"]
        assert usage["tokens_left"] == usage["tokens_per_day"] - spent


async def test_each_tenant_asks_with_its_own_key_and_in_its_own_name(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", name="Alpha", provider_key=KEY_A)
        b = await app.tenant("b", name="Beta", provider_key=KEY_B)
        mark = provider.mark

        await asyncio.gather(*(ask(one, f"{n}?") for n in range(5) for one in (a, b)))

        calls = calls_since(provider, mark)
        told = {call.key: set[str]() for call in calls}
        for call in calls:
            told[call.key].add(json.loads(call.request.body)["system"])
        assert set(told) == {KEY_A, KEY_B}
        assert all("Alpha" in one and "Beta" not in one for one in told[KEY_A])
        assert all("Beta" in one and "Alpha" not in one for one in told[KEY_B])


async def test_the_model_is_reminded_of_ones_own_conversation_only(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        boss = await app.tenant("a", provider_key=KEY_A)
        eve = await colleague(app, boss, "a")
        await ask(boss, "boss one")
        await ask(eve, "eve one")
        mark = provider.mark

        await ask(boss, "boss two")

        ((call,),) = provider.calls_since(mark).values()
        turns = json.loads(call.request.body)["messages"]
        assert [turn["content"] for turn in turns] == [
            "boss one",
            "You said: boss one",
            "boss two",
        ]
        assert (await boss.delete("/assistant/messages")).status_code == 204
        assert (await boss.get("/assistant/messages")).json()["items"] == []
        assert len((await eve.get("/assistant/messages")).json()["items"]) == 2


async def test_two_questions_at_once_keep_their_own_answers(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        await asyncio.gather(*(ask(a, f"number {n}") for n in range(6)))
        mark = provider.mark

        await ask(a, "and now?")

        ((call,),) = provider.calls_since(mark).values()
        turns = json.loads(call.request.body)["messages"][:-1]
        asked = [turn["content"] for turn in turns if turn["role"] == "user"]
        answered = [turn["content"] for turn in turns if turn["role"] == "assistant"]
        assert sorted(asked) == [f"number {n}" for n in range(6)]
        assert answered == [f"You said: {text}" for text in asked]


async def test_much_the_same_question_is_answered_from_before(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        boss = await app.tenant("a", provider_key=KEY_A)
        eve = await colleague(app, boss, "a")
        b = await app.tenant("b", provider_key=KEY_B)
        first = await ask(boss, "What does the contract with Smith say of tea?")
        mark = provider.mark

        again = await ask(eve, "what does the contract with smith say of tea")
        elsewhere = await ask(b, "What does the contract with Smith say of tea?")

        assert said(again) == said(first)
        assert events(again)[-1][1]["reused"]
        assert not events(elsewhere)[-1][1]["reused"]
        calls = calls_since(provider, mark)
        assert [call.key for call in calls] == [KEY_B]
        usage = (await eve.get("/usage")).json()["members"]
        assert [(row["requests"], row["input_tokens"]) for row in usage] == [(1, 0)]


@pytest.mark.parametrize(
    "between",
    ["a write", "a new greeting", "a conversation"],
)
async def test_an_answer_is_not_reused_when_what_it_rests_on_has_changed(
    dsn: str, provider: ProviderStub, between: str
) -> None:
    async with running(dsn, **settings(provider)) as app:
        boss = await app.tenant("a", provider_key=KEY_A)
        eve = await colleague(app, boss, "a")
        await ask(boss, "What is there about tea?")
        match between:
            case "a write":
                await boss.write("tea", "is out")
            case "a new greeting":
                await boss.put("/configuration", {"greeting": "Ahoy"})
            case "a conversation":
                await ask(eve, "I mean the green one.")

        again = await ask(eve, "What is there about tea?")

        assert not events(again)[-1][1]["reused"]


async def test_tools_look_into_the_documents_of_the_tenant_alone(
    dsn: str, storage: str
) -> None:
    script = (
        ToolCall("search_documents", {"query": "secret"}),
        ToolCall("read_document", {"document_id": 1}),
        ToolCall("read_document", {"document_id": 99}),
        "Found.",
    )
    async with (
        scripted(*script) as provider,
        running(dsn, provider_url=provider.url, storage=storage) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        mine = await a.write("secret of A", "alpha")
        theirs = await b.write("secret of B", "beta")
        provider.prompts.clear()
        provider.script = (
            script[0],
            ToolCall("read_document", {"document_id": mine}),
            # Where ids are the tenant's own, that of B may be one of A's, too.
            ToolCall("read_document", {"document_id": theirs + 1000}),
            "Found.",
        )

        response = await ask(a, "What is secret?")

        results = [prompt["messages"][-1]["content"] for prompt in provider.prompts[1:]]
        assert [name for name, _ in events(response)] == [
            "tool",
            "tool",
            "tool",
            "text",
            "done",
        ]
        assert "secret of A" in results[0][0]["content"]
        assert "alpha" in results[1][0]["content"]
        assert results[2][0]["is_error"]
        assert "of B" not in json.dumps(provider.prompts)
        assert events(response)[-1][1]["input_tokens"] == 40
        assert events(response)[-1][1]["output_tokens"] == 20


async def test_what_the_model_asks_wrongly_is_told_to_it(dsn: str) -> None:
    async with (
        scripted(
            ToolCall("drop_tables", {}), ToolCall("search_documents", {}), "No."
        ) as provider,
        running(dsn, provider_url=provider.url) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        provider.prompts.clear()

        response = await ask(a, "Go on.")

        results = [
            prompt["messages"][-1]["content"][0] for prompt in provider.prompts[1:]
        ]
        assert said(response) == "No."
        assert [result["is_error"] for result in results] == [True, True]
        assert results[1]["content"] == "not accepted: query"


async def test_a_model_that_never_comes_to_an_end_gets_no_more_tools(
    dsn: str,
) -> None:
    async with (
        scripted(ToolCall("search_documents", {"query": "x"})) as provider,
        running(dsn, provider_url=provider.url) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        provider.prompts.clear()

        await ask(a, "Go on.")

        choices = [prompt["tool_choice"]["type"] for prompt in provider.prompts]
        assert choices == ["auto", "auto", "auto", "none"]


async def test_cookies_of_the_provider_go_from_no_tenant_to_another(dsn: str) -> None:
    async with (
        scripted("Yes.") as provider,
        running(dsn, provider_url=provider.url) as app,
    ):
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        for client in (a, b, a):
            await ask(client, "Is it?")

        assert provider.cookies == []


async def test_limits_of_a_key_are_learnt_at_start_up_by_one_call(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn) as app:
        for slug, key in (("a", KEY_A), ("b", KEY_B), ("c", KEY_B)):
            await app.onboard(slug, provider_key=key)
        await app.onboard("d")

    async with running(dsn, **settings(provider)) as app:
        a, d = await app.log_in("a"), await app.log_in("d")
        calls = provider.calls

        assert sorted(call.key for call in calls) == [KEY_A, KEY_B]
        assert {json.loads(call.request.body)["max_tokens"] for call in calls} == {1}
        limits = (await a.get("/usage")).json()["provider"]
        assert limits["requests"]["limit"] == 50
        assert limits["requests"]["remaining"] == provider.remaining(KEY_A)["requests"]
        assert (await d.get("/usage")).json()["provider"] == {}


async def test_limits_follow_each_answer(dsn: str, provider: ProviderStub) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        await ask(a, "one")
        await ask(a, "two, please")

        limits = (await a.get("/usage")).json()["provider"]

        remaining = {kind: limit["remaining"] for kind, limit in limits.items()}
        assert remaining == provider.remaining(KEY_A)


async def test_an_exhausted_key_is_not_tried_and_others_are_not_held_up(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        provider.exhaust(KEY_A)
        told = await ask(a, "one")  # the provider says so, with its figures
        mark = provider.mark

        refused = await ask(a, "two")
        served = await ask(b, "two")

        assert [told.status_code, refused.status_code] == [429, 429]
        assert refused.json()["type"] == "urn:problem:provider-limit"
        assert 1 <= int(refused.headers["retry-after"]) <= 61
        assert said(served) == "You said: two"
        calls = calls_since(provider, mark)
        assert [call.key for call in calls] == [KEY_B]


@pytest.mark.parametrize(
    ("status", "answer"), [(429, 429), (529, 503), (500, 503), (401, 503)]
)
async def test_a_refusal_of_the_provider_is_said_with_when_to_come_back(
    dsn: str, provider: ProviderStub, status: int, answer: int
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        provider.control.refuse(status, key=KEY_A, retry_after=7)

        refused = await ask(a, "one")

        assert refused.status_code == answer
        assert refused.headers["retry-after"] == "7"
        assert (await a.get("/assistant/messages")).json()["items"] == []
        assert (await a.get("/usage")).json()["members"] == []


async def test_a_429_is_passed_on_at_once_and_a_529_is_tried_again(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, provider_retries=2)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        mark = provider.mark
        provider.control.refuse(429, key=KEY_A, times=1, retry_after=30)
        provider.control.refuse(529, key=KEY_B, times=1, retry_after=0.01)

        refused, served = await ask(a, "one"), await ask(b, "one")

        assert refused.status_code == 429
        assert said(served) == "You said: one"
        calls = calls_since(provider, mark)
        assert [call.key for call in calls] == [KEY_A, KEY_B, KEY_B]


async def test_a_provider_that_hangs_at_start_up_holds_nobody_up_for_long(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn) as app:
        for number in range(6):
            await app.onboard(f"t{number}", provider_key=f"sk-ant-number-{number}")
    provider.control.hang()

    more = settings(provider, prime_timeout=0.1, start_concurrency=1)
    async with running(dsn, **more) as app:
        ready = (await app.send("GET", "/readyz")).json()

        assert ready["states"] == {"open": 6}
        assert len(provider.calls) == 3  # then it is taken to be down
        provider.control.clear()
        assert said(await ask(await app.log_in("t5"), "one")) == "You said: one"


async def test_one_hanging_key_leaves_the_other_tenants_their_limits(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn) as app:
        await app.onboard("a", provider_key=KEY_A)
        await app.onboard("b", provider_key=KEY_B)
    provider.control.hang(key=KEY_A)

    async with running(dsn, **settings(provider, prime_timeout=0.1)) as app:
        b = await app.log_in("b")
        assert (await b.get("/usage")).json()["provider"] != {}
        assert said(await ask(b, "one")) == "You said: one"


async def test_no_tenant_has_more_calls_at_once_than_it_may(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, provider_concurrency=2)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        b = await app.tenant("b", provider_key=KEY_B)
        provider.control.hang(key=KEY_A)
        hanging = [asyncio.create_task(ask(a, f"{n}")) for n in range(2)]
        await until(lambda: len(provider.calls) == 4)  # two of them told the limits

        refused, served = await ask(a, "3"), await ask(b, "3")
        provider.control.clear()

        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:problem:assistant-busy"
        assert said(served) == "You said: 3"
        assert [(await one).status_code for one in hanging] == [200, 200]


async def test_a_spent_token_budget_is_429_until_midnight(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, answer_tokens=100)) as app:
        a = await app.tenant("a", provider_key=KEY_A, tokens_per_day=250)
        b = await app.tenant("b", provider_key=KEY_B)
        first = await ask(a, "one " * 30)
        mark = provider.mark

        refused = await ask(a, "two " * 30)

        assert said(first)
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:problem:token-budget-spent"
        assert 1 <= int(refused.headers["retry-after"]) <= 86_400
        assert provider.mark == mark
        assert said(await ask(b, "two"))


async def test_questions_at_once_do_not_overdraw_the_budget(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, answer_tokens=100)) as app:
        a = await app.tenant("a", provider_key=KEY_A, tokens_per_day=250)
        provider.control.hang(key=KEY_A)
        first = asyncio.create_task(ask(a, "first"))
        await until(lambda: len(provider.calls) == 2)

        others = await asyncio.gather(*(ask(a, f"{n}") for n in range(5)))
        provider.control.clear()

        assert [answer.status_code for answer in others] == [429] * 5
        assert said(await first) == "You said: first"


@pytest.mark.parametrize("key", [None, KEY_A])
async def test_without_a_provider_or_a_key_only_the_assistant_is_missing(
    dsn: str, provider: ProviderStub, key: str | None
) -> None:
    more = {} if key else settings(provider)
    async with running(dsn, **more) as app:
        a = await app.tenant("a", provider_key=key)

        refused = await ask(a, "one")

        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:problem:assistant-unavailable"
        assert await a.write("works")
        assert (await a.get("/assistant/messages")).json()["items"] == []
        assert (await a.get("/usage")).status_code == 200


async def open_question(somebody: Somebody, text: str) -> httpx.Response:
    """Ask, and return as soon as the answer begins."""
    client = somebody.app.client
    request = client.build_request(
        "POST", "/assistant/messages", json={"text": text}, headers=somebody.headers
    )
    return await client.send(request, stream=True)


async def test_who_leaves_ends_the_call_and_what_it_took_is_counted(
    dsn: str, provider: ProviderStub
) -> None:
    async with serving(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        provider.control.hang(key=KEY_A, after=5)
        response = await open_question(a, "one two three four five six seven")
        stream = Stream(response)
        assert (await stream.next()).name == "text"

        await response.aclose()

        async with asyncio.timeout(60):
            usage: list[dict[str, int]] = []
            while not usage:
                usage = (await a.send("GET", "/usage")).json()["members"]
        assert usage[0]["requests"] == 1
        assert usage[0]["input_tokens"] > 0
        assert usage[0]["output_tokens"] > 0
        memory = await a.send("GET", "/assistant/messages")
        assert memory.json()["items"] == []
        (account,) = [
            runtime.context.account
            for _, kept in app.resources.tenants._kept.values()
            if (runtime := kept.thing).context.account
        ]
        assert account._running == 0


async def test_a_stream_that_stalls_ends_with_an_error(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, assistant_deadline=0.5)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        provider.control.hang(key=KEY_A, after=5)

        got = events(await ask(a, "one two three four five six seven"))
        provider.control.clear()

        assert got[0][0] == "text"
        assert got[-1] == ("error", {"type": "urn:problem:assistant-late"})


async def test_a_provider_that_falls_silent_within_an_answer_is_unavailable(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider, provider_timeout=0.3)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        provider.control.hang(key=KEY_A, after=5, times=1)

        got = events(await ask(a, "one two three four five six seven"))
        assert got[0][0] == "text"
        assert got[-1] == ("error", {"type": "urn:problem:assistant-unavailable"})

        provider.control.hang(key=KEY_A, after=1, times=1)  # before the first word
        refused = await ask(a, "one two three four five six seven")
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:problem:assistant-unavailable"
        assert refused.headers["retry-after"]


async def test_a_tenant_that_closes_waits_for_what_is_being_written(
    dsn: str, provider: ProviderStub
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        tenants = app.state["resources"].tenants
        ((tenant, _),) = tenants.states()

        asked = asyncio.create_task(ask(a, "one"))
        await until(lambda: len(provider.calls) == 2)
        await tenants.close(tenant.id)

        assert said(await asked) == "You said: one"
        assert len((await a.get("/assistant/messages")).json()["items"]) == 2


@pytest.mark.parametrize("pieces", range(4))
async def test_whenever_somebody_leaves_usage_and_memory_agree(
    dsn: str, provider: ProviderStub, pieces: int
) -> None:
    async with running(dsn, **settings(provider)) as app:
        a = await app.tenant("a", provider_key=KEY_A)
        ((_, kept),) = app.state["resources"].tenants._kept.values()
        context = kept.thing.context
        heard: list[Piece] = []

        async def emit(piece: Piece) -> None:
            heard.append(piece)
            if len(heard) == pieces:
                raise asyncio.CancelledError

        question = "one two three four five six"
        turn = asyncio.create_task(Turn(context, 1, question, emit).run())
        await asyncio.wait([turn])

        usage = (await a.get("/usage")).json()
        memory = (await a.get("/assistant/messages")).json()["items"]
        complete = pieces == 0 or isinstance(heard[-1], Done)
        assert turn.cancelled() is (pieces > 0)
        assert [row["requests"] for row in usage["members"]] == [1]
        assert len(memory) == (2 if complete else 0)
        spent = sum(
            row["input_tokens"] + row["output_tokens"] for row in usage["members"]
        )
        assert usage["tokens_left"] == usage["tokens_per_day"] - spent


async def test_a_key_that_no_header_can_carry_is_refused(dsn: str) -> None:
    async with running(dsn) as app:
        refused = await app.onboard("a", provider_key="sk-ant-ключ-of-a")

        assert refused.status_code == 422
        assert "ключ" not in refused.text
