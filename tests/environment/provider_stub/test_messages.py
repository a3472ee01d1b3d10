"""The stub answers as the provider does, to the official SDK."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable

import httpx
import pytest
from anthropic import AsyncAnthropic, BadRequestError
from anthropic.types import MessageParam, TextBlock, ToolParam, ToolUseBlock

from harness.environment.provider_stub import ProviderStub, provider_stub
from harness.model.canary import PREFIX

Sdk = Callable[..., AsyncAnthropic]
HELLO: list[MessageParam] = [{"role": "user", "content": "Hello, how are you today?"}]


async def test_the_model_repeats_what_the_user_said_last(sdk: Sdk) -> None:
    turns: list[MessageParam] = [
        {"role": "user", "content": "the first"},
        {"role": "assistant", "content": "the second"},
        {"role": "user", "content": [{"type": "text", "text": "the third"}]},
    ]

    message = await sdk().messages.create(
        model="claude-x", max_tokens=50, system="Be brief.", messages=turns
    )

    (block,) = message.content
    assert isinstance(block, TextBlock)
    assert block.text == "You said: the third"
    assert (message.role, message.model) == ("assistant", "claude-x")
    assert message.stop_reason == "end_turn"
    # All of the 37 characters that were sent, four to a token.
    assert message.usage.input_tokens == 10
    assert message.id.startswith("msg_")


async def test_a_stream_brings_the_same_message_in_events(sdk: Sdk) -> None:
    client = sdk()
    whole = await client.messages.create(model="m", max_tokens=50, messages=HELLO)

    kinds: list[str] = []
    pieces: list[str] = []
    async with client.messages.stream(
        model="m", max_tokens=50, messages=HELLO
    ) as stream:
        async for event in stream:
            kinds.append(event.type)
            if event.type == "text":
                pieces.append(event.text)
        final = await stream.get_final_message()

    (block,) = whole.content
    assert isinstance(block, TextBlock)
    assert [one.text for one in final.content if one.type == "text"] == [block.text]
    assert "".join(pieces) == block.text
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.usage.input_tokens == whole.usage.input_tokens
    assert final.stop_reason == "end_turn"
    assert len(pieces) > 1
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"


async def test_raw_events_come_in_the_order_of_the_protocol(sdk: Sdk) -> None:
    stream = await sdk().messages.create(
        model="m", max_tokens=50, messages=HELLO, stream=True
    )

    kinds = [event.type async for event in stream]

    assert list(dict.fromkeys(kinds)) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_no_word_is_cut_between_two_events(sdk: Sdk) -> None:
    words = [f"word{number}withalongtail" for number in range(40)]
    turn: MessageParam = {"role": "user", "content": " ".join(words)}
    pieces: list[str] = []

    async with sdk().messages.stream(
        model="m", max_tokens=1_000, messages=[turn]
    ) as stream:
        async for text in stream.text_stream:
            pieces.append(text)  # noqa: PERF401

    assert set(words) <= {word for piece in pieces for word in piece.split()}


async def test_an_answer_ends_at_the_tokens_that_were_asked_for(sdk: Sdk) -> None:
    message = await sdk().messages.create(model="m", max_tokens=1, messages=HELLO)

    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 1


async def test_a_tool_that_must_be_used_is_used(sdk: Sdk) -> None:
    message = await sdk().messages.create(
        model="m",
        max_tokens=10,
        messages=HELLO,
        tools=[{"name": "look_up", "input_schema": {"type": "object"}}],
        tool_choice={"type": "any"},
    )

    (block,) = message.content
    assert isinstance(block, ToolUseBlock)
    assert (block.name, message.stop_reason) == ("look_up", "tool_use")


SEARCH: ToolParam = {
    "name": "search",
    "input_schema": {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "page": {"type": "integer", "minimum": 2},
            "order": {"enum": ["newest", "oldest"]},
            "unasked": {"type": "string"},
        },
        "required": ["query", "page", "order"],
    },
}


async def test_a_model_that_may_use_a_tool_does_so_once_and_says_what_it_was_told(
    sdk: Sdk,
) -> None:
    client = sdk()
    async with client.messages.stream(
        model="m", max_tokens=100, messages=HELLO, tools=[SEARCH]
    ) as stream:
        asked = await stream.get_final_message()
    (block,) = asked.content
    assert isinstance(block, ToolUseBlock)

    told = await client.messages.create(
        model="m",
        max_tokens=100,
        tools=[SEARCH],
        messages=[
            *HELLO,
            {"role": "assistant", "content": asked.content},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": block.id,
                        "content": "two documents",
                    }
                ],
            },
        ],
    )

    assert asked.stop_reason == "tool_use"
    assert block.input == {"query": PREFIX, "page": 2, "order": "newest"}
    assert told.stop_reason == "end_turn"
    assert isinstance(told.content[0], TextBlock)
    assert "two documents" in told.content[0].text


async def test_a_model_that_must_not_use_a_tool_answers(sdk: Sdk) -> None:
    message = await sdk().messages.create(
        model="m",
        max_tokens=100,
        messages=HELLO,
        tools=[SEARCH],
        tool_choice={"type": "none"},
    )

    assert message.stop_reason == "end_turn"


async def test_a_stub_can_be_told_that_its_model_uses_no_tool_unless_it_must() -> None:
    async with (
        provider_stub(tools=False) as stub,
        AsyncAnthropic(api_key="sk-ant-test", base_url=stub.url) as client,
    ):
        free = await client.messages.create(
            model="m", max_tokens=100, messages=HELLO, tools=[SEARCH]
        )
        forced = await client.messages.create(
            model="m",
            max_tokens=100,
            messages=HELLO,
            tools=[SEARCH],
            tool_choice={"type": "any"},
        )

    assert (free.stop_reason, forced.stop_reason) == ("end_turn", "tool_use")


async def test_tokens_are_counted_without_a_message(
    sdk: Sdk, stub: ProviderStub
) -> None:
    client = sdk()

    counted = await client.messages.count_tokens(model="m", messages=HELLO)
    message = await client.messages.create(model="m", max_tokens=1, messages=HELLO)

    assert counted.input_tokens == message.usage.input_tokens
    assert [call.request.path for call in stub.calls] == [
        "/v1/messages/count_tokens",
        "/v1/messages",
    ]


async def test_models_can_be_listed_and_looked_up(sdk: Sdk) -> None:
    client = sdk()

    listed = [one.id async for one in await client.models.list()]

    assert len(listed) == 1
    assert (await client.models.retrieve("claude-x")).id == "claude-x"


async def test_a_malformed_request_is_refused(sdk: Sdk) -> None:
    with pytest.raises(BadRequestError, match="at least one message"):
        await sdk().messages.create(model="m", max_tokens=5, messages=[])
    with pytest.raises(BadRequestError, match="max_tokens"):
        await sdk().messages.create(model="m", max_tokens=0, messages=HELLO)


async def test_without_a_key_nothing_is_answered(stub: ProviderStub) -> None:
    async with httpx.AsyncClient(base_url=stub.url) as client:
        answer = await client.post("/v1/messages", json={})

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authentication_error"
    assert answer.headers["request-id"].startswith("req_")
    assert [call.key for call in stub.calls] == [""]


async def test_a_bearer_token_is_a_key_as_well(stub: ProviderStub) -> None:
    async with AsyncAnthropic(
        auth_token="sk-ant-bearer", base_url=stub.url, max_retries=0
    ) as client:
        await client.messages.create(model="m", max_tokens=5, messages=HELLO)

    assert stub.calls[0].key == "sk-ant-bearer"


async def test_a_path_that_the_provider_does_not_have_is_not_found(
    stub: ProviderStub,
) -> None:
    async with httpx.AsyncClient(base_url=stub.url) as client:
        answer = await client.get("/v2/nothing", headers={"x-api-key": "k"})

    assert answer.status_code == 404
    assert answer.json()["type"] == "error"


async def test_what_was_sent_is_recorded(sdk: Sdk, stub: ProviderStub) -> None:
    await sdk("sk-ant-one").messages.create(
        model="m", max_tokens=5, system="the system prompt", messages=HELLO
    )

    (call,) = stub.calls
    assert (call.number, call.key, call.owner, call.retry) == (1, "sk-ant-one", None, 0)
    assert (call.request.method, call.request.path) == ("POST", "/v1/messages")
    assert json.loads(call.request.body)["system"] == "the system prompt"
    assert call.request.header("anthropic-version")


async def test_a_compressed_request_is_understood(stub: ProviderStub) -> None:
    body = {"model": "m", "max_tokens": 50, "messages": HELLO}
    async with httpx.AsyncClient(base_url=stub.url) as client:
        answer = await client.post(
            "/v1/messages",
            content=gzip.compress(json.dumps(body).encode()),
            headers={"x-api-key": "k", "content-encoding": "gzip"},
        )

    assert answer.json()["content"][0]["text"] == f"You said: {HELLO[0]['content']}"


async def test_many_at_once_are_all_answered(sdk: Sdk, stub: ProviderStub) -> None:
    client = sdk()

    messages = await asyncio.gather(
        *(
            client.messages.create(
                model="m",
                max_tokens=50,
                messages=[{"role": "user", "content": f"number {number}"}],
            )
            for number in range(50)
        )
    )

    said = [
        block.text for one in messages for block in one.content if block.type == "text"
    ]
    assert said == [f"You said: number {number}" for number in range(50)]
    assert len({one.id for one in messages}) == 50
    assert len(stub.calls) == 50
