"""What is particular to an app in this process."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable

import pytest

from harness.hosting.hosted import Request
from harness.hosting.inprocess import in_process
from harness.model.event import LogLine
from harness.recording.context import EXCHANGE
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]
Get = Callable[[str], Request]


async def test_it_has_no_address(specify: Specify, recorder: Recorder) -> None:
    async with in_process(specify("apps.plain:app"), recorder) as hosted:
        assert hosted.url == ""


async def test_all_is_put_back_afterwards(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    before = (sys.stdout, sys.stderr, sys.path[:], signal.getsignal(signal.SIGALRM))
    async with in_process(specify("apps.plain:app"), recorder) as hosted:
        await hosted.send(get("/echo"), exchange=3)
        assert EXCHANGE.get() == 0

    after = (sys.stdout, sys.stderr, sys.path[:], signal.getsignal(signal.SIGALRM))
    assert after == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_head_request_has_no_body(specify: Specify, recorder: Recorder) -> None:
    async with in_process(specify("apps.plain:app"), recorder) as hosted:
        response = await hosted.send(Request("HEAD", "/short"))

    assert (response.status, response.body) == (200, b"")


async def test_a_cancelled_send_lets_the_app_notice(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with in_process(specify("apps.plain:app"), recorder) as hosted:
        task = asyncio.create_task(hosted.send(get("/slow"), exchange=2))
        while not recorder.since():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    said = [one.template for one in recorder.since() if isinstance(one, LogLine)]
    assert said == ["slow begins", "client is gone"]
