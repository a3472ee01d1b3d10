"""What holds for an app in this process and for a served one alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import pytest

from harness.errors import AppFailed, TargetError
from harness.hosting.hosted import ConnectionDropped, Hosted, Request
from harness.model.canary import CanaryKey
from harness.model.event import BeaconSent, LogLine
from harness.recording.recorder import Recorder

Get = Callable[[str], Request]
Lines = Callable[[], list[LogLine]]


class Host(Protocol):
    def __call__(
        self, app: str, **options: Any
    ) -> AbstractAsyncContextManager[Hosted]: ...


async def test_a_request_arrives_as_it_was_sent(host: Host) -> None:
    request = Request(
        "POST",
        "/echo/a%2Fb%20c/%C3%A4?x=1&y=%20",
        (
            (b"host", b"shop.example"),
            (b"x-two", b"one"),
            (b"x-two", b"two"),
            (b"content-length", b"4"),
        ),
        b"body",
    )
    async with host("plain:app", environment={"APP_VARIABLE": "set"}) as hosted:
        response = await hosted.send(request, exchange=5)

    seen = json.loads(response.body)
    assert response.status == 200
    assert response.header(b"x-kind") == "echo"
    assert seen["method"] == "POST"
    assert seen["path"] == "/echo/a/b c/ä"
    assert seen["raw_path"] == "/echo/a%2Fb%20c/%C3%A4"
    assert seen["query"] == "x=1&y=%20"
    assert seen["headers"] == [[n.decode(), v.decode()] for n, v in request.headers]
    assert (seen["body"], seen["variable"]) == ("body", "set")
    assert (seen["scheme"], seen["root_path"]) == ("http", "")


async def test_a_stream_is_read_to_its_end(host: Host, get: Get) -> None:
    async with host("plain:app") as hosted:
        response = await hosted.send(get("/stream"))

    assert response.body == b"".join(b"%d," % n for n in range(100)) + b"end"


async def test_an_exception_is_a_500_and_its_traceback_a_line(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("plain:app") as hosted:
        response = await hosted.send(get("/raises"), exchange=3)
        logged = [line for line in lines() if line.exchange == 3]

    assert (response.status, response.body) == (500, b"Internal Server Error")
    (line,) = logged
    assert (line.logger, line.level) == ("uvicorn.error", "ERROR")


async def test_an_exit_in_a_handler_ends_only_the_request(host: Host, get: Get) -> None:
    async with host("plain:app") as hosted:
        assert (await hosted.send(get("/exits"))).status == 500
        assert (await hosted.send(get("/echo"))).status == 200


async def test_no_answer_at_all_is_a_500(host: Host, get: Get) -> None:
    async with host("plain:app") as hosted:
        assert (await hosted.send(get("/says_nothing"))).status == 500


@pytest.mark.parametrize("path", ["/breaks_off", "/short"])
async def test_half_an_answer_is_a_dropped_connection(
    host: Host, get: Get, path: str
) -> None:
    async with host("plain:app") as hosted:
        with pytest.raises(ConnectionDropped):
            await hosted.send(get(path))
        assert (await hosted.send(get("/echo"))).status == 200


@pytest.mark.parametrize("path", ["/slow", "/endless"])
async def test_an_answer_that_does_not_end_is_a_timeout(
    host: Host, get: Get, path: str
) -> None:
    async with host("plain:app", shutdown_timeout=5.0) as hosted:
        with pytest.raises(TimeoutError):
            await hosted.send(get(path), timeout=0.3)
        assert (await hosted.send(get("/echo"))).status == 200


async def test_an_app_sees_that_the_client_is_gone(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("plain:app") as hosted:
        with pytest.raises(TimeoutError):
            await hosted.send(get("/slow"), exchange=4, timeout=0.3)

    said = [line.template for line in lines() if line.exchange == 4]
    assert said == ["slow begins", "client is gone"]


async def test_an_app_sees_a_disconnect_after_its_answer(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("plain:app") as hosted:
        await hosted.send(get("/waits_for_disconnect"), exchange=4)

        said = [line.template for line in lines() if line.exchange == 4]
        assert said == ["after the answer: http.disconnect"]


async def test_what_an_app_does_after_its_answer_belongs_to_it(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("plain:app") as hosted:
        await hosted.send(get("/lingers"), exchange=9)

        said = [line.template for line in lines() if line.exchange == 9]
        assert said == ["background work is done"]


async def test_each_request_is_a_task_and_context_of_its_own(
    host: Host, get: Get
) -> None:
    async with host("plain:app") as hosted:
        contexts = [
            await hosted.send(get(f"/sets_context?{name}")) for name in ("a", "b")
        ]
        tasks = [await hosted.send(get("/tells_task")) for _ in range(3)]

    assert [response.body for response in contexts] == [b"clean", b"clean"]
    assert [response.body for response in tasks] == [b"new"] * 3


async def test_a_leak_of_the_apps_own_stays_visible(host: Host, get: Get) -> None:
    async with host("plain:app") as hosted:
        await hosted.send(get("/keeps_in_module?a"))
        response = await hosted.send(get("/keeps_in_module?b"))

    assert response.body == b"a,b"


async def test_a_second_start_is_a_fresh_one(host: Host, get: Get) -> None:
    for _ in range(2):
        async with host("plain:app") as hosted:
            response = await hosted.send(get("/keeps_in_module?a"))
            assert response.body == b"a"


async def test_lines_belong_to_their_exchange_under_concurrency(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("logs:app") as hosted:
        await asyncio.gather(
            *(
                hosted.send(get(f"/{kind}/n{number}"), exchange=number)
                for number, kind in enumerate(["coroutine", "thread"] * 10, start=1)
            )
        )
        logged = [line for line in lines() if line.exchange]

    for number in range(1, 21):
        kinds = {line.template for line in logged if line.exchange == number}
        expected = {"begin %s", "end %s"} if number % 2 else {"thread %s"}
        assert kinds == expected | (set() if number % 2 else {f"print n{number}"})
    assert len(logged) == 40


async def test_background_tasks_log_before_send_returns(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("logs:app") as hosted:
        for number in range(1, 11):
            await hosted.send(get(f"/background/n{number}"), exchange=number)
            assert [line.template for line in lines() if line.exchange == number] == [
                "background %s"
            ]


async def test_a_logger_that_the_app_disables_stays_silent(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("logs:app") as hosted:
        await hosted.send(get("/disabled"), exchange=1)

    assert not [line for line in lines() if line.exchange]


async def test_beacons_come_through_before_the_call_returns(
    host: Host, recorder: Recorder, key: CanaryKey, lines: Lines
) -> None:
    async with host("logs:app") as hosted:
        await hosted.send_beacons(key)
        seen = {hit.owner for line in lines() for hit in line.hits if not hit.field}

    sent = [one for one in recorder.since() if isinstance(one, BeaconSent)]
    assert {one.source for one in sent} == {"harness.beacon", "stdout", "stderr"}
    assert seen == {one.owner for one in sent}


async def test_state_of_the_lifespan_is_copied_into_each_request(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("lifespans:good") as hosted:
        responses = [await hosted.send(get("/state")) for _ in range(2)]
    said = [line.template for line in lines() if line.logger == "apps.lifespans"]

    assert [response.body for response in responses] == [b'{"pool":"open"}'] * 2
    assert said == ["opening", "closing"]


async def test_an_app_that_takes_the_lifespan_for_a_request_has_none(
    host: Host, get: Get
) -> None:
    async with host("lifespans:takes_lifespan_for_a_request") as hosted:
        assert (await hosted.send(get("/"))).status == 204


async def test_an_import_string_that_points_to_nothing_is_said(host: Host) -> None:
    with pytest.raises(TargetError, match="has no 'absent'"):
        async with host("plain:absent"):
            pytest.fail("it started")


@pytest.mark.parametrize(
    ("app", "says", "tail"),
    [
        ("lifespans:raises", "ConnectionError: no database", "looking for the databa"),
        ("lifespans:raw_raises", "ConnectionError: raw and no database", ""),
        ("factories:raises", "LookupError: no settings", ""),
    ],
)
async def test_an_app_that_fails_to_start_says_why(
    host: Host, app: str, says: str, tail: str
) -> None:
    with pytest.raises(AppFailed) as caught:
        async with host(app):
            pytest.fail("it started")

    assert says in caught.value.message
    assert len(caught.value.message.splitlines()) == 1
    assert tail in caught.value.hint


@pytest.mark.parametrize("app", ["lifespans:hangs", "lifespans:blocks"])
async def test_an_app_that_hangs_at_start_up_is_given_up(host: Host, app: str) -> None:
    with pytest.raises(AppFailed) as caught:
        async with host(app, startup_timeout=4.0):
            pytest.fail("it started")

    assert "4 s" in caught.value.message
    assert "the database" in caught.value.hint


@pytest.mark.parametrize(
    "app", ["lifespans:ignores_cancellation", "lifespans:blocks_late"]
)
async def test_an_app_that_hangs_at_shutdown_is_given_up(
    host: Host, get: Get, app: str
) -> None:
    with pytest.raises(AppFailed, match=r"0\.5 s|blocked"):
        async with host(app, shutdown_timeout=0.5) as hosted:
            await hosted.send(get("/"))


async def test_an_app_that_fails_at_shutdown_says_why(host: Host) -> None:
    with pytest.raises(AppFailed, match="shutdown failed: ConnectionError: already"):
        async with host("lifespans:raises_late"):
            pass


async def test_what_ended_the_run_outranks_a_bad_shutdown(host: Host) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        async with host("lifespans:raises_late"):
            raise ZeroDivisionError

    assert any("already closed" in note for note in caught.value.__notes__)
