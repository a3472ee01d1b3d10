"""The WebSocket: kept apart as requests are, and refused before it is accepted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Message
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from reference_app.logs import LOGGER
from tests.reference_app.running import RunningApp, running
from tests.reference_app.serving import (
    PATIENCE,
    ServedApp,
    said,
    serving,
    until_nobody_listens,
)


async def handshake(
    app: RunningApp,
    *,
    host: str,
    token: str = "",
    extensions: Mapping[str, Any] | None = None,
) -> list[Message]:
    """Ask for a socket, without a server; return what is answered."""
    sent: list[Message] = []
    incoming: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.disconnect", "code": 1000},
    ]

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {**asking(app, host, token), "extensions": dict(extensions or {})}
    async with asyncio.timeout(PATIENCE):
        await app.app(scope, receive, send)
    return sent


def asking(app: RunningApp, host: str, token: str) -> dict[str, Any]:
    """Return the scope of somebody who asks for a socket."""
    return {
        "type": "websocket",
        "path": "/socket",
        "raw_path": b"/socket",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", host.encode()),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "subprotocols": [],
        "extensions": {},
        "state": dict(app.state),
    }


async def test_a_tenants_events_reach_its_sockets_and_no_others(dsn: str) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.socket() as at_a, b.socket() as at_b:
            assert (await said(at_a))["type"] == (await said(at_b))["type"] == "ready"
            await a.write("only for a")
            await b.write("only for b")

            heard = await said(at_a), await said(at_b)

        assert [message["kind"] for message in heard] == ["document.created"] * 2
        titles = [message["data"]["title"] for message in heard]
        assert titles == ["only for a", "only for b"]


async def test_a_socket_answers_commands_and_says_what_it_did_not_understand(
    dsn: str,
) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.socket() as at_a, b.socket() as at_b:
            for websocket, slug in ((at_a, "a"), (at_b, "b")):
                await said(websocket)
                await websocket.send('{"type": "ping"}')
                assert await said(websocket) == {"type": "pong", "tenant": slug}
                await websocket.send(json.dumps({"type": "echo", "data": slug}))
                assert await said(websocket) == {"type": "echo", "data": slug}
            for nonsense in ("{", '{"type": "shout"}', b"\xff", b'{"type": "ping"'):
                await at_a.send(nonsense)
                assert (await said(at_a))["type"] == "error"
            await at_a.send(b'{"type": "ping"}')
            assert (await said(at_a))["type"] == "pong"


async def test_a_command_that_is_too_long_ends_the_socket(dsn: str) -> None:
    async with serving(dsn) as app:
        a = await app.tenant("a")
        async with a.socket() as websocket:
            await said(websocket)
            await websocket.send("x" * 65_537)
            with pytest.raises(ConnectionClosed):
                await said(websocket)
        assert websocket.close_code == 1009
        await until_nobody_listens(app)


async def test_the_token_may_come_in_the_address(dsn: str) -> None:
    async with serving(dsn) as app:
        a = await app.tenant("a")
        url = f"ws://a.localhost/socket?access_token={a.token}"
        async with connect(url, host="127.0.0.1", port=app.port, proxy=None) as socket:
            assert (await said(socket))["type"] == "ready"


async def status_of_refusal(app: ServedApp, slug: str, token: str) -> int:
    """Return the status that a handshake is answered with."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://{slug}.localhost/socket",
            host="127.0.0.1",
            port=app.port,
            additional_headers={"authorization": f"Bearer {token}"},
            proxy=None,
        ):
            pass
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"]
    return response.status_code


async def test_a_server_that_can_answer_a_handshake_says_why_not(dsn: str) -> None:
    async with serving(dsn, streams_per_tenant=1) as app:
        a, b = await app.tenant("a"), await app.tenant("b")

        assert await status_of_refusal(app, "nobody", a.token) == 404
        assert await status_of_refusal(app, "b", "") == 401
        assert await status_of_refusal(app, "b", a.token) == 401
        async with a.socket():
            assert await status_of_refusal(app, "a", a.token) == 429
        suspended = {"status": "suspended"}
        await app.operate("PUT", "/admin/tenants/b/status", json=suspended)
        assert await status_of_refusal(app, "b", b.token) == 403


async def test_a_server_that_cannot_is_told_to_close_before_accepting(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await app.tenant("b")

        unknown = await handshake(app, host="nobody.localhost", token=a.token)
        foreign = await handshake(app, host="b.localhost", token=a.token)
        own = await handshake(app, host="a.localhost", token=a.token)

        for refused in (unknown, foreign):
            assert [message["type"] for message in refused] == ["websocket.close"]
            assert refused[0]["code"] == 1008
        assert own[0]["type"] == "websocket.accept"


async def test_a_socket_has_a_log_line_with_its_tenant(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        caplog.clear()

        await handshake(app, host=a.host, token=a.token)
        await handshake(app, host=b.host, token=a.token)

    lines = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == LOGGER and record.levelno == logging.INFO
    ]
    assert [(line["tenant"], line["route"], line["status"]) for line in lines] == [
        ("a", "/socket", 101),
        ("b", "/socket", 403),
    ]
    assert all(line["request_id"] for line in lines)


async def test_suspension_closes_a_tenants_sockets_and_no_others(dsn: str) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.socket() as at_a, b.socket() as at_b:
            await said(at_a)
            await said(at_b)
            suspended = {"status": "suspended"}
            await app.operate("PUT", "/admin/tenants/a/status", json=suspended)

            with pytest.raises(ConnectionClosed):
                await said(at_a)
            await b.write("goes on")
            assert (await said(at_b))["kind"] == "document.created"
        assert (at_a.close_code, at_a.close_reason) == (1008, "tenant")


async def test_shutdown_closes_open_sockets(dsn: str) -> None:
    async with asyncio.timeout(60):
        async with serving(dsn) as app:
            a = await app.tenant("a")
            websocket = await a.socket()
            await said(websocket)
        with pytest.raises(ConnectionClosed):
            await said(websocket)
    assert websocket.close_code == 1012
    assert app.resources.hub.count() == 0


@pytest.mark.parametrize("client", ["gone", "deaf"])
async def test_the_end_of_a_socket_that_nobody_hears_is_no_failure(
    dsn: str, caplog: pytest.LogCaptureFixture, client: str
) -> None:
    async with running(dsn, send_timeout=0.05) as app:
        a = await app.tenant("a")
        resources = app.state["resources"]
        current = await resources.directory.by_slug("a")
        incoming: list[Message] = [{"type": "websocket.connect"}]

        async def receive() -> Message:
            if not incoming:
                await asyncio.Event().wait()
            return incoming.pop(0)

        async def send(message: Message) -> None:
            if message["type"] == "websocket.send":
                resources.hub.end(current, "tenant")
            if message["type"] == "websocket.close":
                if client == "gone":
                    raise OSError("planted")
                await asyncio.Event().wait()

        caplog.clear()
        async with asyncio.timeout(PATIENCE):
            await app.app(asking(app, a.host, a.token), receive, send)

    levels = {record.levelno for record in caplog.records if record.name == LOGGER}
    assert levels == {logging.INFO}
