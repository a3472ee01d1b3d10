"""Requests that an app makes become events: whose they are, and what they hold."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from anthropic import AsyncAnthropic

from harness.environment.outside import Outside
from harness.model.canary import FIELD_PROVIDER_KEY, CanaryKey
from harness.model.event import Destination, Egress
from harness.model.scanner import Scanner
from harness.model.tenant import STRANGER
from harness.recording.recorder import Recorder
from harness.run.beside import beside_app

KEY = CanaryKey.from_seed(5)
A, B, URL, TEXT = 0, 1, 17, 16


@dataclass(frozen=True, slots=True)
class Watched:
    """What runs beside an app, and what was recorded of it."""

    outside: Outside
    recorder: Recorder

    def only(self) -> Egress:
        (event,) = self.recorder.since()
        assert isinstance(event, Egress)
        return event


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    recorder = Recorder(Scanner(KEY, sparing=True))
    async with beside_app(KEY, recorder) as outside:
        yield Watched(outside, recorder)


async def test_a_webhook_is_its_addresss_and_is_shown_without_canaries(
    watched: Watched,
) -> None:
    address = f"{watched.outside.sink.url}/{KEY.mint(B, URL)}7"
    async with httpx.AsyncClient() as client:
        await client.post(
            address,
            content=gzip.compress(f'{{"text": "{KEY.mint(A, TEXT)}"}}'.encode()),
            headers={"content-encoding": "gzip"},
        )

    event = watched.only()
    assert (event.destination, event.exchange) == (Destination.SINK, 0)
    assert event.request == "POST /<B.17>7"
    assert event.receivers == {B}
    places = {(one.where, one.hit.owner, one.hit.form) for one in event.found}
    assert places == {("url", B, "literal"), ("body", A, "gzip+literal")}


async def test_a_call_of_the_provider_is_its_keys(watched: Watched) -> None:
    key = f"sk-ant-{KEY.mint(A, FIELD_PROVIDER_KEY)}"
    url = watched.outside.provider.url
    async with AsyncAnthropic(api_key=key, base_url=url) as client:
        await client.messages.create(
            model="m",
            max_tokens=5,
            messages=[{"role": "user", "content": KEY.mint(B, TEXT).upper()}],
        )

    event = watched.only()
    assert event.destination is Destination.PROVIDER
    assert event.receivers == {A}
    assert event.request == "POST /v1/messages"
    places = {(one.where, one.hit.owner, one.hit.form) for one in event.found}
    # Which header shows the key is up to the SDK.
    assert places - {("x-api-key", A, "literal"), ("authorization", A, "literal")} == {
        ("body", B, "case")
    }


async def test_what_comes_while_one_request_is_served_belongs_to_it(
    watched: Watched,
) -> None:
    recorder, url = watched.recorder, watched.outside.sink.url
    async with httpx.AsyncClient() as client:
        with recorder.serving(8):
            await client.get(url)
            with recorder.serving(9):
                await client.get(url)
        await client.get(url)

    events = [one for one in recorder.since() if isinstance(one, Egress)]
    assert [one.exchange for one in events] == [8, 0, 0]


async def test_an_address_can_be_a_strangers(watched: Watched) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(f"{watched.outside.sink.url}/?u={KEY.mint(STRANGER, URL)}")

    assert watched.only().receivers == {STRANGER}


async def test_nothing_of_it_stays_in_memory(watched: Watched) -> None:
    async with httpx.AsyncClient() as client:
        await client.post(watched.outside.sink.url, content=b"x" * 1000)
        await client.post(
            f"{watched.outside.provider.url}/v1/messages", content=b"x" * 1000
        )

    assert watched.outside.sink.requests == []
    assert [call.request.body for call in watched.outside.provider.calls] == [b""]
