"""An app that somebody else runs is driven by the same interface."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from harness.errors import AppFailed, TargetError
from harness.hosting.hosted import ConnectionDropped, Request
from harness.hosting.remote import remote
from harness.hosting.served import served
from harness.model.canary import CanaryKey
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]
Get = Callable[[str], Request]


async def test_requests_reach_it_below_the_path_of_its_url(
    specify: Specify, recorder: Recorder, get: Get, key: CanaryKey
) -> None:
    async with (
        served(specify("apps.plain:app"), recorder) as running,
        remote(f"{running.url}/echo/") as hosted,
    ):
        mark = recorder.mark
        response = await hosted.send(get("/under?x=1"), exchange=3)
        await hosted.send_beacons(key)

        seen = json.loads(response.body)
        assert seen["raw_path"] == "/echo/under"
        assert seen["headers"] == [["host", "a.localhost"]]
        assert recorder.since(mark) == ()
        with pytest.raises(ConnectionDropped):
            await remote_send_to_dead_path(hosted.url, get)


async def remote_send_to_dead_path(url: str, get: Get) -> None:
    async with remote(url.removesuffix("/echo")) as hosted:
        await hosted.send(get("/breaks_off"))


async def test_nobody_there_is_said_at_once(get: Get) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(AppFailed, match="Nobody answers"):
            async with remote(url):
                pytest.fail("it started")


async def test_somebody_who_went_away_is_said(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder) as running:
        connection = remote(running.url)
        hosted = await connection.__aenter__()
    with pytest.raises(AppFailed, match="Nobody answers"):
        await hosted.send(get("/echo"))
    await connection.__aexit__(None, None, None)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:80", "ftp://a.localhost", "http://", "http://a:x", "http://a/?b"]
)
async def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match="is no URL"):
        async with remote(url):
            pytest.fail("it started")
