"""Webhooks: signed, to the tenant's own addresses, and never to ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from reference_app.settings import Network
from reference_app.webhooks.addresses import AddressRefused, Destinations
from tests.reference_app.running import PASSWORD, TenantClient, running

SECRET = "a secret of sixteen"
LOOPBACK = (ip_network("127.0.0.0/8"),)
QUICK: dict[str, Any] = {"webhook_networks": LOOPBACK, "webhook_pause": 0.01}
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it reached the receiver."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


@dataclass
class Receiver:
    """A tenant's own service: takes messages and answers as it is told."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    headers: str = ""
    got: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def next(self) -> Received:
        async with asyncio.timeout(PATIENCE):
            return await self.got.get()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers["content-length"]))
            self.got.put_nowait(Received(head[0].split()[1], headers, body))
            status = self.statuses.pop(0) if self.statuses else 204
            if status:
                answer = (
                    f"HTTP/1.1 {status} X\r\n{self.headers}content-length: 0\r\n\r\n"
                )
                writer.write(answer.encode())
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks for a block."""
    one = Receiver()
    async with await asyncio.start_server(one._serve, "127.0.0.1", 0) as server:
        one.port = server.sockets[0].getsockname()[1]
        yield one


async def hook(client: TenantClient, url: str) -> str:
    """Add a webhook and return its path."""
    added = await client.post("/webhooks", {"url": url, "secret": SECRET})
    assert added.status_code == 201, added.text
    location: str = added.headers["location"]
    return location


async def test_a_tenants_changes_go_to_its_own_webhooks_and_no_others(
    dsn: str, storage: str
) -> None:
    async with receiver() as there, running(dsn, storage=storage, **QUICK) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await hook(a, there.url("/of-a?x=1"))
        await hook(b, there.url("/of-b"))
        document = await a.write("a's title")
        first = await there.next()
        await b.write("b's title")
        second = await there.next()

        assert first.path == "/of-a?x=1"
        assert first.json["tenant"] == "a"
        assert first.json["kind"] == "document.created"
        assert first.json["data"] == {"id": document, "title": "a's title"}
        assert (second.path, second.json["data"]["title"]) == ("/of-b", "b's title")
    assert there.got.empty()


async def test_the_signature_covers_time_and_body(dsn: str) -> None:
    async with receiver() as there, running(dsn, **QUICK) as app:
        a = await app.tenant("a")
        await hook(a, there.url("/"))
        await a.write("x")
        message = await there.next()

        stamp = message.headers["x-webhook-timestamp"]
        signed = f"{stamp}.".encode() + message.body
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert message.headers["x-webhook-signature"] == f"sha256={expected}"
        assert abs(time.time() - int(stamp)) < 60
        assert message.headers["host"] == f"127.0.0.1:{there.port}"
        assert message.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [500, 503, 429, 0])
async def test_a_message_that_was_not_taken_comes_again_and_in_order(
    dsn: str, status: int
) -> None:
    async with receiver() as there, running(dsn, **QUICK) as app:
        a = await app.tenant("a")
        await hook(a, there.url("/"))
        there.statuses = [status, status]
        await a.write("first")
        await a.write("second")

        got = [await there.next() for _ in range(4)]

        titles = [message.json["data"]["title"] for message in got]
        assert titles == ["first", "first", "first", "second"]
        ids = [message.headers["x-webhook-id"] for message in got]
        assert ids[0] == ids[1] == ids[2] != ids[3]


async def test_attempts_are_bounded_and_a_refusal_is_not_repeated(
    dsn: str,
) -> None:
    settings = QUICK | {"webhook_attempts": 2}
    async with receiver() as there, running(dsn, **settings) as app:
        a = await app.tenant("a")
        await hook(a, there.url("/"))
        there.statuses = [500, 500, 400]
        for title in ("never taken", "refused", "taken"):
            await a.write(title)

        got = [(await there.next()).json["data"]["title"] for _ in range(4)]

        assert got == ["never taken", "never taken", "refused", "taken"]


async def test_redirects_are_not_followed(dsn: str) -> None:
    async with receiver() as there, running(dsn, **QUICK) as app:
        a = await app.tenant("a")
        await hook(a, there.url("/"))
        there.statuses = [307]
        there.headers = f"location: {there.url('/elsewhere')}\r\n"
        await a.write("first")
        await a.write("second")

        got = [await there.next() for _ in range(2)]

        assert [message.path for message in got] == ["/", "/"]
        assert got[1].json["data"]["title"] == "second"


async def test_a_receiver_that_hangs_delays_nobody_but_its_tenant(dsn: str) -> None:
    # It takes connections, as the system does for it, and never looks at them.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with (
            receiver() as there,
            running(dsn, **QUICK, webhook_timeout=0.3, webhook_attempts=1) as app,
        ):
            a, b = await app.tenant("a"), await app.tenant("b")
            await hook(a, f"http://127.0.0.1:{port}/")
            await hook(b, there.url("/"))
            async with asyncio.timeout(PATIENCE):
                await a.write("answered although its receiver hangs")
                await b.write("b's")
                assert (await there.next()).json["data"]["title"] == "b's"


async def test_no_secret_comes_back_and_none_is_in_the_log(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    # What takes long on a busy machine must not count as a failure of another kind.
    patient = QUICK | {"webhook_timeout": PATIENCE, "close_timeout": PATIENCE}
    async with receiver() as there, running(dsn, **patient) as app:
        a = await app.tenant("a")
        there.statuses = [400]
        added = await a.post(
            "/webhooks", {"url": there.url("/private"), "secret": SECRET}
        )
        await a.write("x")
        await there.next()
        listed = await a.get("/webhooks")

        assert SECRET not in added.text + listed.text
        assert added.json() == listed.json()["items"][0]
    logged = [r.getMessage() for r in caplog.records if r.name != "asyncio"]
    assert not [line for line in logged if SECRET in line or "private" in line]
    (failed,) = [line for line in logged if '"webhook failed"' in line]
    assert json.loads(failed)["outcome"] == 400
    assert json.loads(failed)["tenant"] == "a"


async def test_a_removed_webhook_hears_nothing_more(dsn: str) -> None:
    async with receiver() as there, running(dsn, cache_lifetime=600, **QUICK) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        path = await hook(a, there.url("/gone"))
        await hook(a, there.url("/stays"))
        await a.write("first")
        assert {(await there.next()).path for _ in range(2)} == {"/gone", "/stays"}
        assert (await b.delete(path)).status_code == 404
        assert (await a.delete(path)).status_code == 204
        await a.write("second")
        await a.write("third")

        got = [await there.next() for _ in range(2)]

        assert [message.path for message in got] == ["/stays", "/stays"]


async def test_webhooks_are_for_administrators(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        new = {"email": "m@a.example", "name": "m", "password": PASSWORD}
        await a.post("/members", new)
        member = await app.log_in("a", "m@a.example")
        url = {"url": "https://example.com/", "secret": SECRET}

        answers = [
            await member.get("/webhooks"),
            await member.post("/webhooks", url),
            await member.delete("/webhooks/1"),
        ]

        assert [answer.status_code for answer in answers] == [403] * 3


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "http://93.184.215.14/",
        "https://example.com:0/",
        "https://example.com:99999/",
    ],
)
async def test_an_address_where_nothing_may_go_is_refused_at_once(
    dsn: str, url: str
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")

        answer = await a.post("/webhooks", {"url": url, "secret": SECRET})

        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:problem:address-refused"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https://example.com/\r\nx: y",
        "https://[::1]/",
        "//example.com/",
        "https://exa mple.com/",
    ],
)
async def test_what_is_no_web_address_is_422(dsn: str, url: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")

        answer = await a.post("/webhooks", {"url": url, "secret": SECRET})

        assert answer.status_code == 422


Resolve = Callable[[str], None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names stand for, in place of the domain name system."""
    addresses: dict[str, list[str]] = {}

    async def getaddrinfo(
        self: object, host: str, port: int, **_: object
    ) -> list[tuple[Any, ...]]:
        return [(2, 1, 6, "", (address, port)) for address in addresses[host]]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return addresses


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "10.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fd00::1"],
        ["fe80::1"],
        ["ff02::1"],
    ],
)
async def test_a_name_that_stands_for_an_address_of_ours_is_refused(
    names: dict[str, list[str]], addresses: list[str]
) -> None:
    names["evil.example"] = addresses

    with pytest.raises(AddressRefused):
        await Destinations(()).resolve("https://evil.example/")


async def test_a_public_name_stands_for_its_address_by_https_only(
    names: dict[str, list[str]],
) -> None:
    names["example.com"] = ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"]

    found = await Destinations(()).resolve("https://example.com/")

    assert found == "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
    with pytest.raises(AddressRefused):
        await Destinations(()).resolve("http://example.com/")


async def test_networks_that_are_allowed_are_and_no_others(
    names: dict[str, list[str]],
) -> None:
    names["inside.example"] = ["10.0.0.7"]
    allowed: tuple[Network, ...] = (ip_network("10.0.0.0/24"),)

    assert await Destinations(allowed).resolve("http://inside.example/") == "10.0.0.7"
    names["inside.example"] = ["10.0.1.7"]
    with pytest.raises(AddressRefused):
        await Destinations(allowed).resolve("http://inside.example/")


async def test_what_is_connected_to_is_what_was_checked(
    dsn: str, names: dict[str, list[str]]
) -> None:
    """Nothing resolves the name a second time, when it might stand for another."""
    async with receiver() as there, running(dsn, **QUICK) as app:
        names["127.0.0.1"] = ["127.0.0.1"]
        names["receiver.example"] = ["127.0.0.1"]
        a = await app.tenant("a")
        await hook(a, f"http://receiver.example:{there.port}/")
        await a.write("x")

        assert (await there.next()).headers["host"] == (
            f"receiver.example:{there.port}"
        )
