"""Users hold streams and sockets open, and what they hear is looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.checkers.load import load_coverage
from harness.model.coverage import Coverage
from harness.model.event import Channel
from harness.model.load import Tally
from harness.swarm.figures import measurements
from harness.swarm.flows.dialogue import Dialogue, open_dialogue
from harness.swarm.flows.flow import BrokenOff, Flow
from harness.swarm.flows.stream import Stream, open_stream
from tests.swarm.swarming import Running, running

EVENTS, SOCKET = "GET /events", "WEBSOCKET /socket"


def headers(app: Running, tenant: int) -> dict[str, str]:
    access, address = app.world.credentials[tenant], app.world.addresses[tenant]
    return {"host": address.host, **dict(address.headers), **dict(access.headers)}


def events(app: Running, tenant: int, **changed: str) -> Stream:
    sent = {**headers(app, tenant), **changed}
    return open_stream(app.world.url, "GET", "/events", sent, None)


def socket(app: Running, tenant: int, **changed: str) -> Dialogue:
    sent = {**headers(app, tenant), **changed}
    return open_dialogue(app.world.url, "/socket", sent, ["hello"])


def covered(app: Running) -> Coverage:
    operations = [one.operation for one in app.world.requests]
    return load_coverage(app.history(), operations=operations)


async def write(app: Running, tenant: int, title: str) -> None:
    """Make a note as a tenant."""
    reader, writer = await asyncio.open_connection(*_address(app))
    body = f'{{"title": "{title}"}}'
    lines = [f"{name}: {value}" for name, value in headers(app, tenant).items()]
    head = ["POST /notes HTTP/1.1", *lines, "content-type: application/json"]
    head += [f"content-length: {len(body)}", "connection: close", "", body]
    writer.write("\r\n".join(head).encode())
    assert b" 201 " in await reader.read()
    writer.close()


def _address(app: Running) -> tuple[str, int]:
    host, _, port = app.world.url.rpartition("/")[2].partition(":")
    return host, int(port)


async def test_what_happens_is_heard_by_its_tenant_on_both_and_by_nobody_else(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        flows: list[Flow] = [await asyncio.to_thread(events, app, n) for n in range(2)]
        flows += [await asyncio.to_thread(socket, app, n) for n in range(2)]
        heard = [one.messages() for one in flows]
        first = [await asyncio.to_thread(next, one) for one in heard]
        await write(app, 1, "secret")
        await write(app, 0, "own")
        then = [await asyncio.to_thread(next, one) for one in heard]
        for one in flows:
            one.close()

    assert first == [b"hello"] * 2 + [b'{"said":"hello"}'] * 2
    # A stream tells the kind of an event before what it is of.
    assert then == [b"note"] * 2 + [b'{"note":"own"}', b'{"note":"secret"}']


async def test_who_is_not_let_in_gets_an_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        stream = await asyncio.to_thread(events, app, 0, **{"x-key": "wrong"})
        dialogue = await asyncio.to_thread(socket, app, 0, **{"x-key": "wrong"})
        stream.close()
        dialogue.close()

    assert (stream.status, dialogue.status) == (401, 403)
    assert stream.content


async def test_what_breaks_off_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, bug="broken") as app:
        stream = await asyncio.to_thread(events, app, 0)
        heard = stream.messages()
        assert await asyncio.to_thread(next, heard) == b"hello"
        await write(app, 0, "own")
        with pytest.raises(BrokenOff):
            await asyncio.to_thread(list, heard)
        dialogue = await asyncio.to_thread(socket, app, 0)
        with pytest.raises(BrokenOff, match="closed with code 1011"):
            await asyncio.to_thread(list, dialogue.messages())
        stream.close()
        dialogue.close()


async def test_a_swarm_hears_tenants_own_and_times_no_tenant_by_it(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as app:
        plan = app.plan(locustfile="listening.py", seconds=10)
        moments = await app.swarm(plan)

        assert not app.findings()
    tallies: list[Tally] = app.events(Tally)
    figures = {
        (one.name, one.labels.get("operation", "")): one.value
        for one in measurements(tallies, moments)
        if "tenant" not in one.labels
    }
    coverage = covered(app)
    assert {EVENTS, SOCKET} <= set(coverage.covered)
    assert {Channel.STREAM, Channel.SOCKET} <= set(coverage.channels)
    assert figures["failed", ""] == 0
    assert figures["operation_max", EVENTS] > 0
    assert figures["operation_max", SOCKET] > 0


async def test_a_flow_that_breaks_off_is_a_failure_of_its_operation(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, bug="broken") as app:
        plan = app.plan(locustfile="listening.py", seconds=10)
        moments = await app.swarm(plan)

    tallies: list[Tally] = app.events(Tally)
    reasons = {
        (one.labels["operation"], one.labels["reason"])
        for one in measurements(tallies, moments)
        if one.name == "failure"
    }
    assert {operation for operation, _ in reasons} == {EVENTS, SOCKET}
    assert (SOCKET, "closed with code 1011") in reasons
    missing = {gap.what for gap in covered(app).gaps}
    assert "channel stream" in missing
