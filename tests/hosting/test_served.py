"""What is particular to an app in processes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import AppFailed, ResourceError, UsageError
from harness.hosting.hosted import Request
from harness.hosting.port import reserved
from harness.hosting.served import Served, served
from harness.hosting.worker import Worker
from harness.model.canary import CanaryKey
from harness.model.event import BeaconSent, LogLine
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]
Get = Callable[[str], Request]
Lines = Callable[[], list[LogLine]]


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def gone(pid: int) -> None:
    """Return when a process, which need not be our child, has ended."""
    async with asyncio.timeout(60):
        while is_alive(pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.005)


async def send_until_it_fails(hosted: Served, request: Request) -> None:
    async with asyncio.timeout(60):
        while True:
            await hosted.send(request)


async def test_workers_share_an_address_and_end_with_the_block(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder, workers=2) as hosted:
        assert isinstance(hosted, Served)
        assert hosted.url.startswith("http://127.0.0.1:")
        assert len(set(hosted.pids)) == 2
        response = await hosted.send(get("/echo"))
        assert json.loads(response.body)["pid"] in hosted.pids

    assert not any(map(is_alive, hosted.pids))


async def test_each_worker_is_tapped(
    specify: Specify, recorder: Recorder, key: CanaryKey, lines: Lines
) -> None:
    async with served(specify("apps.plain:app"), recorder, workers=2) as hosted:
        await hosted.send_beacons(key)
        seen = {hit.owner for line in lines() for hit in line.hits}

    sent = [one for one in recorder.since() if isinstance(one, BeaconSent)]
    assert {one.owner for one in sent} == seen
    assert sorted(one.source for one in sent)[:2] == [
        "harness.beacon (worker 1)",
        "harness.beacon (worker 2)",
    ]


async def test_the_mark_of_an_exchange_never_reaches_the_app(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder) as hosted:
        response = await hosted.send(get("/echo"), exchange=77)

    assert b"harness" not in response.body


async def test_lines_are_dated_by_the_recorders_clock(
    specify: Specify, recorder: Recorder, get: Get, lines: Lines
) -> None:
    async with served(specify("apps.plain:app"), recorder) as hosted:
        before = recorder.now()
        with pytest.raises(TimeoutError):
            await hosted.send(get("/slow"), exchange=1, timeout=0.2)
        after = recorder.now()

    (begins,) = [line for line in lines() if line.template == "slow begins"]
    assert before < begins.at < after


async def test_stray_output_and_warnings_are_lines(
    specify: Specify, recorder: Recorder, get: Get, lines: Lines
) -> None:
    async with served(specify("apps.plain:app"), recorder) as hosted:
        await hosted.send(get("/past_the_tap"), exchange=1)
        await hosted.send(get("/warns"), exchange=2)

    said = {(line.logger, line.exchange, line.template) for line in lines()}
    assert ("stdout", 0, "from a library in C") in said
    (warning,) = [line for line in lines() if line.exchange == 2]
    assert warning.logger == "stderr"
    assert "UserWarning: this is odd" in warning.template


async def test_a_port_in_use_is_named(specify: Specify, recorder: Recorder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ResourceError, match=f"Port {port} is in use"):
            async with served(specify("apps.plain:app"), recorder, port=port):
                pytest.fail("it started")


async def test_a_chosen_port_is_used_again_and_again(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(2):
        async with served(specify("apps.plain:app"), recorder, port=port) as hosted:
            assert hosted.url.endswith(f":{port}")
            assert (await hosted.send(get("/echo"))).status == 200


async def test_too_many_workers_are_refused(
    specify: Specify, recorder: Recorder
) -> None:
    with pytest.raises(UsageError):
        async with served(specify("apps.plain:app"), recorder, workers=17):
            pytest.fail("it started")


@contextmanager
def no_more_files() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_too_few_files_to_start_are_said(
    specify: Specify, recorder: Recorder
) -> None:
    with no_more_files(), pytest.raises(ResourceError, match="Too many files"):
        async with served(specify("apps.plain:app"), recorder):
            pytest.fail("it started")


async def test_too_few_files_to_connect_are_said(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder) as hosted:
        with no_more_files(), pytest.raises(ResourceError, match="Too many files"):
            await hosted.send(get("/echo"))
        assert (await hosted.send(get("/echo"))).status == 200


async def test_one_worker_that_does_not_start_fails_all(
    specify: Specify, recorder: Recorder, tmp_path: Path
) -> None:
    spec = specify(
        "apps.lifespans:one_of_two", environment={"ONLY_ONE": str(tmp_path / "one")}
    )
    with pytest.raises(AppFailed, match="RuntimeError: only one may start"):
        async with served(spec, recorder, workers=2):
            pytest.fail("it started")


async def test_an_app_that_dies_says_how_and_what_it_said_last(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder) as hosted:
        with pytest.raises(AppFailed) as caught:
            await hosted.send(get("/dies"), exchange=1)
        assert "was ended by SIGKILL" in caught.value.message
        assert "about to die" in caught.value.hint

        with pytest.raises(AppFailed, match="SIGKILL"):
            await hosted.send(get("/echo"))


async def test_a_worker_that_is_killed_is_named(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    async with served(specify("apps.plain:app"), recorder, workers=2) as hosted:
        assert isinstance(hosted, Served)
        os.kill(hosted.pids[1], signal.SIGKILL)
        with pytest.raises(AppFailed, match=r"\(worker 2\) was ended by SIGKILL"):
            await send_until_it_fails(hosted, get("/echo"))


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_worker_that_ended_before_it_was_told_to_fails_the_block(
    specify: Specify, recorder: Recorder, *, noticed: bool
) -> None:
    async def lose_it() -> None:
        async with served(specify("apps.plain:app"), recorder, workers=2) as hosted:
            assert isinstance(hosted, Served)
            os.kill(hosted.pids[1], signal.SIGKILL)
            if noticed:
                await gone(hosted.pids[1])

    with pytest.raises(AppFailed, match="was ended by SIGKILL"):
        await lose_it()


async def test_a_late_answer_to_a_beacon_is_none_to_the_next(
    specify: Specify, recorder: Recorder, lines: Lines
) -> None:
    reader = LogReader(recorder)
    with reserved() as place:
        spec = specify("apps.plain:app")
        worker = await Worker.spawn(spec, place.listener, reader)
        place.hand_over()
    try:
        await worker.ready()
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await worker.beacon("harness.beacon", "first")
        os.kill(worker.pid, signal.SIGCONT)
        async with asyncio.timeout(60):
            while not lines():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)  # its answer comes right after the line
        os.kill(worker.pid, signal.SIGSTOP)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await worker.beacon("harness.beacon", "second")

        os.kill(worker.pid, signal.SIGCONT)
        async with asyncio.timeout(60):
            await worker.beacon("harness.beacon", "third")
    finally:
        await worker.close()


async def test_what_an_app_started_ends_with_it(
    specify: Specify, recorder: Recorder, get: Get, tmp_path: Path
) -> None:
    async with served(specify("apps.logs:app"), recorder) as hosted:
        response = await hosted.send(get(f"/spawn?mark={tmp_path / 'mark'}"))
        grandchild = json.loads(response.body)["pid"]
        assert is_alive(grandchild)

    await gone(grandchild)
