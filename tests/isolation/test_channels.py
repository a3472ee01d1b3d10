"""What comes out elsewhere than in a body: streams, sockets, files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.isolation.scripts import perform
from harness.model.event import Channel, Exchange
from harness.model.step import Principal, Role, Step
from harness.run.judgement import check
from tests.isolation.hubs import (
    ASSISTANT,
    EVENTS,
    FILE,
    ROOM,
    SOCKET,
    stage_of_hub,
    swept,
)

OFFERED = {
    Channel.BODY,
    Channel.STREAM,
    Channel.SOCKET,
    Channel.FILE,
    Channel.METRIC,
}


COUNTER = "metric requests_total"


@dataclass(frozen=True)
class Leak:
    """What is wrong with the hub, and how it must be found."""

    fault: str
    operation: str
    oracle: str
    channel: Channel
    shape: str


LEAKS = [
    Leak("broadcast", EVENTS, "canary", Channel.STREAM, "another tenant"),
    Leak("any token", EVENTS, "access", Channel.STREAM, "mixed"),
    Leak("rooms", ROOM, "access", Channel.SOCKET, "another tenant"),
    Leak("files", FILE, "access", Channel.FILE, "another tenant"),
    Leak("assistant", ASSISTANT, "access", Channel.STREAM, "another tenant"),
    Leak("e-mail", COUNTER, "canary", Channel.METRIC, "metrics"),
    Leak("first label", COUNTER, "label", Channel.METRIC, "wrong"),
]


@pytest.mark.parametrize("serve", [False, True])
async def test_a_correct_app_is_watched_on_each_channel_and_nothing_is_found(
    tmp_path: Path, serve: bool
) -> None:
    found = await swept(tmp_path, serve=serve)

    covered = found.coverage()
    assert found.findings == []
    assert set(covered.channels) >= OFFERED
    assert {EVENTS, SOCKET, ROOM, FILE, ASSISTANT} <= set(covered.covered)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.fault)
async def test_a_leak_through_a_channel_is_found_with_steps_that_show_it_again(
    tmp_path: Path, leak: Leak
) -> None:
    found = await swept(tmp_path, leak.fault)

    finding = next(one for one in found.findings if one.operation == leak.operation)
    shown = (finding.oracle, finding.channel, finding.shape)
    assert shown == (leak.oracle, leak.channel, leak.shape)
    assert 1 <= len(finding.script) <= 2
    again = await perform(found.stage, check, finding.script)
    assert finding.fingerprint in {one.fingerprint for one in again.findings}


async def test_a_leak_to_a_listener_of_a_served_app_is_found(tmp_path: Path) -> None:
    found = await swept(tmp_path, "any token", serve=True)

    (finding,) = found.findings
    assert (finding.operation, finding.channel) == (EVENTS, Channel.STREAM)
    listens, *causes = finding.script
    assert (listens.operation, len(causes)) == (EVENTS, 1)


async def test_a_file_that_takes_a_while_is_waited_for(tmp_path: Path) -> None:
    found = await swept(tmp_path, "late file")

    assert found.findings == []
    assert Channel.FILE in found.coverage().channels
    assert FILE in found.coverage().covered


async def test_each_start_of_the_app_has_its_listeners(tmp_path: Path) -> None:
    stage = await stage_of_hub(tmp_path)
    async with stage.boot() as driver:  # the first finds out which streams go on
        await driver.make(Step(EVENTS, Principal(0, 0), 0, Role.CONTROL))
    mark = stage.recorder.mark
    async with stage.boot() as driver:
        assert driver.trail == []

    events = stage.recorder.since(mark)
    opened = [one for one in events if isinstance(one, Exchange) and one.endless]
    assert {(one.operation, str(one.principal)) for one in opened} == {
        (operation, tenant)
        for operation in (EVENTS, SOCKET, ROOM)
        for tenant in ("A", "B")
    }
