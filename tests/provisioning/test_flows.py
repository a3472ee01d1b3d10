"""What the client records of streams and sockets, and what is heard on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.hosting.inprocess import in_process
from harness.model.canary import CanaryKey
from harness.model.event import Channel, Exchange, Heard
from harness.model.scanner import Scanner
from harness.model.step import Principal, Role
from harness.model.world import Access
from harness.provisioning import streaming
from harness.provisioning.calls import Call, Meaning
from harness.provisioning.client import Client, Reply, never_fails
from harness.provisioning.habits import Habits
from harness.provisioning.listeners import Listeners
from harness.provisioning.speaking import spoken
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec
from harness.target.socket import Socket
from tests.provisioning.opening import ROOT

KEY = CanaryKey.from_seed(7)
TOKEN = KEY.mint(1, 16)
A = Principal(0, 0)
NOTHING = Access()
ACCESS = Access(headers=(("authorization", "Bearer open-sesame"),))


@dataclass
class Talk:
    """A running app, a client of it, and what was recorded."""

    client: Client
    recorder: Recorder
    habits: Habits

    async def get(self, path: str, *, query: str = "") -> Reply:
        call = Call("GET", f"{path}?{query}" if query else path)
        return await self.client.send(call, Meaning(f"GET {path}", A, Role.CONTROL))

    async def publish(self, text: str) -> Reply:
        meaning = Meaning("POST /publish", A, Role.CONTROL, mutates=True)
        return await self.client.send(
            Call("POST", "/publish", body=text.encode()), meaning
        )

    async def connect(self, socket: Socket, access: Access = NOTHING) -> Exchange:
        call = Call("WEBSOCKET", socket.path, body=b'[{"say": "hello"}]')
        call, says = spoken(socket, call, access)
        meaning = Meaning(f"WEBSOCKET {socket.path}", A, Role.CONTROL)
        return (await self.client.talk(call, says, meaning)).exchange

    def heard(self) -> list[Heard]:
        return [one for one in self.recorder.since() if isinstance(one, Heard)]


@asynccontextmanager
async def talking(*, habits: Habits | None = None) -> AsyncIterator[Talk]:
    recorder = Recorder(Scanner(KEY, [(1, 16)]))
    spec = AppSpec(app="tests.provisioning.apps.talker:app", directory=Path(ROOT))
    habits = habits or Habits()
    async with (
        in_process(spec, recorder) as hosted,
        Listeners(recorder, habits, quiet=0.01) as listeners,
    ):
        client = Client(
            hosted,
            recorder,
            key=KEY,
            on_server_error=never_fails,
            habits=habits,
            listeners=listeners,
        )
        yield Talk(client, recorder, habits)


async def test_a_stream_that_ends_is_an_answer_put_together() -> None:
    async with talking() as talk:
        reply = await talk.get("/told", query=TOKEN)

    exchange = reply.exchange
    assert (exchange.status, exchange.endless) == (200, False)
    assert exchange.through is Channel.STREAM
    (found,) = exchange.found
    assert (found.channel, found.hit.owner) == (Channel.STREAM, 1)
    assert talk.habits.endless("GET /told") is False
    assert talk.heard() == []


async def test_a_stream_that_goes_on_is_listened_to() -> None:
    async with talking() as talk:
        opening = (await talk.get("/events")).exchange
        cause = (await talk.publish(f"news of {TOKEN}")).exchange
        (heard,) = talk.heard()

    assert (opening.endless, opening.succeeded) == (True, True)
    assert (heard.listener, heard.during) == (opening.id, cause.id)
    assert [(hit.owner, hit.field) for hit in heard.hits] == [(1, 16)]
    assert heard.channel is Channel.STREAM


async def test_what_came_while_it_was_tried_whether_it_ends_is_heard_too() -> None:
    async with talking() as talk:
        opening = (await talk.get("/events", query=TOKEN)).exchange
        (heard,) = talk.heard()

    assert heard.during == opening.id
    assert len(heard.hits) == 1
    assert not opening.found
    assert talk.habits.greets("GET /events")


async def test_a_stream_that_is_known_to_go_on_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with talking() as talk:
        await talk.get("/events")
        # The silence after which it would be known, and what that takes in all.
        monkeypatch.setattr(streaming, "READING", (60.0, 120.0))
        again = (await talk.get("/events")).exchange
        listeners = (await talk.publish("news")).answer.content

    assert again.endless
    assert again.seconds < 60
    assert listeners == b"1"  # who listens anew listens instead


async def test_a_canary_is_heard_although_two_messages_tell_it() -> None:
    async with talking() as talk:
        await talk.get("/events")
        await talk.publish(f'{{"text": "{TOKEN[:8]}"}}\n{{"text": "{TOKEN[8:]}"}}')

    first, second = talk.heard()
    assert [hit.form for hit in first.hits] in ([], ["truncated"])
    assert ("literal", 1) in {(hit.form, hit.owner) for hit in second.hits}


async def test_texts_at_other_places_are_not_put_together() -> None:
    async with talking() as talk:
        await talk.get("/events")
        await talk.publish(f'{{"one": "{TOKEN[:8]}"}}\n{{"other": "{TOKEN[8:]}"}}')

    heard = talk.heard()
    assert len(heard) == 2
    assert "literal" not in {hit.form for one in heard for hit in one.hits}


async def test_a_stream_that_breaks_off_is_a_failure() -> None:
    async with talking() as talk:
        exchange = (await talk.get("/breaks")).exchange

    assert exchange.failure == "the connection was dropped"
    assert not exchange.succeeded


async def test_without_listeners_a_stream_that_goes_on_is_left() -> None:
    async with talking() as talk:
        talk.client = Client(
            talk.client._hosted,
            talk.recorder,
            key=KEY,
            on_server_error=never_fails,
            habits=talk.habits,
        )
        exchange = (await talk.get("/events")).exchange
        listeners = (await talk.publish("news")).answer.content

    assert (exchange.endless, listeners) == (True, b"0")


SOCKETS = [
    Socket("/asks"),
    Socket("/asks", query={"access_token": "{token}"}),
    Socket("/asks", first={"token": "{token}"}),
]


@pytest.mark.parametrize("socket", SOCKETS, ids=["header", "query", "first"])
async def test_a_socket_is_let_in_by_its_credential_and_hears_its_own_words(
    socket: Socket,
) -> None:
    async with talking() as talk:
        if socket.by_header:
            meaning = Meaning("WEBSOCKET /asks", A, Role.CONTROL)
            call = Call("WEBSOCKET", "/asks", headers=ACCESS.headers)
            reply = await talk.client.talk(call, ("hello",), meaning)
            exchange = reply.exchange
        else:
            exchange = await talk.connect(socket, ACCESS)

    assert (exchange.status, exchange.succeeded) == (101, True)
    assert (exchange.through, exchange.failure) == (Channel.SOCKET, "")
    assert "sesame" not in exchange.request
    assert [one.channel for one in talk.heard()][:1] == [Channel.SOCKET]


@pytest.mark.parametrize("socket", SOCKETS, ids=["header", "query", "first"])
async def test_a_socket_that_is_closed_on_nobody_was_refused(socket: Socket) -> None:
    async with talking() as talk:
        exchange = await talk.connect(socket)

    assert (exchange.status, exchange.succeeded) == (403, False)
    assert exchange.failure == "closed with code 4401"


async def test_a_refused_handshake_is_an_answer() -> None:
    async with talking() as talk:
        exchange = await talk.connect(Socket("/refuses"), ACCESS)

    assert (exchange.status, exchange.endless, exchange.failure) == (403, False, "")
