"""The client sends a request in somebody's name and records what it revealed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from harness.errors import PostgresError
from harness.model.event import Channel, Exchange
from harness.model.step import Principal, Role
from harness.provisioning.client import Call, Client, Meaning, Reply
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, opened

FIELD = 40


async def nothing(tools: Tools, tenant: object) -> None: ...


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Opened]:
    target = Target(
        app="tests.provisioning.apps.answers:create", provision=nothing, openapi=""
    )
    async with opened(target) as it:
        yield it


async def send(
    app: Opened, path: str, *, client: Client | None = None, **call: Any
) -> Reply:
    made = Call(**{"method": "GET", "path": path, "host": "a.test"} | call)
    operation = f"{made.method} {path}"
    meaning = Meaning(operation, Principal(0, 1), Role.PROBE, owner=1, precedes=7)
    return await (client or app.client).send(made, meaning)


def told(text: str) -> tuple[tuple[str, str], ...]:
    return (("x-told", text),)


async def paths(app: Opened) -> list[str]:
    return [one["path"] for one in await app.seen()]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_to_the_other_spelling_is_followed_with_method_and_body(
    app: Opened, status: int
) -> None:
    reply = await send(
        app,
        f"/slash/{status}",
        method="PUT",
        body=b"{}",
        query=(("q", "a b"),),
        headers=told("a.test"),
    )

    assert reply.answer.json() == {"method": "PUT", "body": "{}"}
    assert [(one["path"], one["query"]) for one in await app.seen()] == [
        (f"/slash/{status}", "q=a+b"),
        (f"/slash/{status}/", "q=a+b"),
    ]
    assert len(app.exchanges()) == 1


async def test_a_query_in_the_path_stays_behind_the_mended_slash(app: Opened) -> None:
    await send(app, "/slash/307?q=1", headers=told("A.test:8000"))

    assert [(one["path"], one["query"]) for one in await app.seen()] == [
        ("/slash/307", "q=1"),
        ("/slash/307/", "q=1"),
    ]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/to/307", "http://b.test/to/307/"),
        ("/to/307", "/elsewhere"),
        ("/to/302", "/login?next=/to/302"),
        ("/to/307", "/to/307"),
        ("/to/307", "http://a.test/to/307?x=1"),
        ("/to/201", "/to/201/"),
        ("/to/307", ""),
    ],
)
async def test_any_other_redirect_is_the_answer(
    app: Opened, path: str, location: str
) -> None:
    reply = await send(app, path, headers=told(location))

    assert reply.answer.status == int(path[-3:])
    assert await paths(app) == [path]


@pytest.mark.parametrize("rest", ["a%2Fb", "a%20b", "%C3%BC", "a+b"])
async def test_a_redirect_is_recognised_however_its_path_is_encoded(
    app: Opened, rest: str
) -> None:
    await send(app, f"/slash/307/{rest}", headers=told("a.test"))

    assert await paths(app) == [f"/slash/307/{rest}", f"/slash/307/{rest}/"]


async def test_a_connection_that_drops_after_a_500_is_tried_once_more(
    app: Opened,
) -> None:
    await send(app, "/status/500")

    reply = await send(app, "/drop/1")

    assert reply.exchange.status == 200
    assert not reply.exchange.failure


async def test_it_is_tried_once_only(app: Opened) -> None:
    await send(app, "/status/500")

    reply = await send(app, "/drop/2")

    assert reply.exchange.failure == "the connection was dropped"
    assert (await paths(app)).count("/drop/2") == 2


@pytest.mark.parametrize("before", ["/status/200", "/status/499", "/drop/9"])
async def test_a_connection_that_drops_otherwise_is_recorded_as_a_failure(
    app: Opened, before: str
) -> None:
    await send(app, before)

    reply = await send(app, "/drop/1")

    assert (reply.exchange.status, reply.answer.status) == (0, 0)
    assert reply.exchange.failure == "the connection was dropped"
    assert (await paths(app)).count("/drop/1") == 1


async def test_no_answer_in_time_is_recorded_as_a_failure(app: Opened) -> None:
    scene = app.scene
    hasty = Client(
        app.hosted,
        scene.recorder,
        key=scene.key,
        on_server_error=scene.on_server_error,
        timeout=0.05,
    )

    reply = await send(app, "/hang", client=hasty)

    assert reply.exchange.failure == "no answer within 0.05 s"
    assert reply.exchange.status == 0


@pytest.mark.parametrize("kind", ["seconds", "date"])
async def test_a_429_is_waited_out_as_it_asks(app: Opened, kind: str) -> None:
    reply = await send(app, f"/busy/{kind}")

    assert reply.exchange.status == 200
    assert await paths(app) == [f"/busy/{kind}"] * 3
    assert reply.exchange.seconds >= {"seconds": 0.2, "date": 0.05}[kind]
    assert len(app.exchanges()) == 1


async def test_a_429_that_asks_for_too_much_is_the_answer(app: Opened) -> None:
    reply = await send(app, "/busy/endless")

    assert reply.exchange.status == 429
    assert await paths(app) == ["/busy/endless"]


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "raw", "none"])
async def test_a_coded_answer_is_opened_for_hooks_and_scanned(
    app: Opened, coding: str
) -> None:
    token = app.scene.key.mint(3, FIELD)
    app.scene.recorder.scanner.plant(3, FIELD)

    reply = await send(app, f"/coded/{coding}", headers=told(f'{{"it": "{token}"}}'))

    assert reply.answer.json() == {"it": token}
    found = [
        (one.channel, one.hit.owner, one.hit.field) for one in reply.exchange.found
    ]
    assert found == [(Channel.BODY, 3, FIELD)]


async def test_what_cannot_be_opened_is_taken_as_it_came(app: Opened) -> None:
    reply = await send(app, "/coded/broken", headers=told("text"))

    assert reply.answer.content == b"not gzip text"


async def test_hits_say_their_channel_and_header(app: Opened) -> None:
    token = app.scene.key.mint(3, FIELD)

    headed = await send(app, "/headed", headers=told(token))
    failed = await send(app, "/status/404", headers=told(token))

    found = (*headed.exchange.found, *failed.exchange.found)
    assert [(one.channel, one.where) for one in found] == [
        (Channel.HEADER, "x-one"),
        (Channel.ERROR, ""),
    ]


async def test_what_a_request_carries_is_recorded_by_where_it_is(app: Opened) -> None:
    mint = app.scene.key.mint

    await send(
        app,
        f"/status/200/../{mint(0, 41)}%20x",
        method="POST",
        query=(("q", mint(1, 42)),),
        headers=(("x-note", mint(2, 43)),),
        host=f"{mint(3, 44)}.test",
        body=f"body={mint(4, 45)}".encode(),
    )

    exchange = app.exchanges()[-1]
    assert exchange.sent == {(0, 41), (1, 42), (2, 43), (3, 44), (4, 45)}
    assert exchange.sent_in_url == {(0, 41), (1, 42), (3, 44)}
    assert exchange.request == "POST /status/200/../<A.41>%20x?q=<B.42>"


async def test_the_meaning_of_a_request_is_kept(app: Opened) -> None:
    reply = await send(app, "/status/204")

    exchange = reply.exchange
    assert exchange.principal == Principal(0, 1)
    assert (exchange.role, exchange.owner, exchange.precedes) == (Role.PROBE, 1, 7)
    assert app.exchanges() == [exchange]


@pytest.mark.parametrize("path", ["/status/500", "/status/503", "/drop/1"])
async def test_each_server_error_is_looked_into(app: Opened, path: str) -> None:
    async def gone() -> None:
        raise PostgresError("the database is gone")

    scene = app.scene
    client = Client(app.hosted, scene.recorder, key=scene.key, on_server_error=gone)

    await send(app, "/status/404", client=client)
    with pytest.raises(PostgresError):
        await send(app, path, client=client)

    assert isinstance(scene.recorder.since()[-1], Exchange)
