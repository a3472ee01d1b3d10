"""What no tap stands before works all the same, and is told of."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import asyncpg
import pytest

from harness.model.race import Ending
from harness.point import point
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from tests.scheduling.ground import acting, play


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """Where a server says back what it is told, on a thread of its own."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                while data := peer.recv(100):
                    peer.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def test_a_socket_of_an_unknown_library_works_and_is_named(
    echo: tuple[str, int],
) -> None:
    heard: list[bytes] = []

    async def scenario(_: Kernel) -> None:
        async def talk() -> None:
            reader, writer = await asyncio.open_connection(*echo)
            writer.write(b"hello")
            heard.append(await reader.readexactly(5))
            writer.close()
            await writer.wait_closed()

        await asyncio.create_task(acting("request 1", talk()))

    ran = play(scenario).ran

    assert ran.ending is Ending.ENDED
    assert heard == [b"hello"]
    connects, reads = ran.uncontrolled
    assert connects.startswith("request 1: GatedLoop.sock_connect was woken")
    assert reads.startswith("request 1: StreamReader._wait_for_data was woken")
    assert reads.endswith("(StreamReaderProtocol)")


def test_who_waits_for_a_socket_that_says_nothing_is_stuck_not_deadlocked(
    echo: tuple[str, int],
) -> None:
    async def scenario(_: Kernel) -> None:
        reader, writer = await asyncio.open_connection(*echo)
        try:
            await reader.read(1)
        finally:
            writer.close()

    ran = play(scenario).ran

    assert ran.ending is Ending.STUCK
    assert ran.waiting


def test_a_thread_that_the_app_started_is_waited_for() -> None:
    heard: list[str] = []

    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        may_go = threading.Event()

        def work() -> None:
            may_go.wait(10)
            loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=work)
        thread.start()
        loop.call_later(5, may_go.set)
        await done.wait()
        heard.append("done")
        thread.join()

    ran = play(scenario).ran

    assert ran.ending is Ending.ENDED
    assert heard == ["done"]
    assert ran.uncontrolled == (
        "scenario: Event.wait was woken from outside (a thread)",
    )


def test_who_listens_to_postgres_is_no_deadlock(dsn: str, locks: Locks) -> None:
    heard: list[object] = []

    async def scenario(_: Kernel) -> None:
        came = asyncio.Event()
        listener, speaker = await asyncpg.connect(dsn), await asyncpg.connect(dsn)

        def hear(*args: object) -> None:
            heard.append(args[-1])
            came.set()

        try:
            await listener.add_listener("news", hear)
            await speaker.execute("select pg_notify('news', 'hello')")
            await acting("listener", came.wait())
        finally:
            listener.terminate()
            speaker.terminate()

    ran = play(scenario, locks=locks).ran

    assert ran.ending is Ending.ENDED
    assert ran.error is None
    assert heard == ["hello"]


def test_who_listens_to_postgres_and_hears_nothing_is_stuck(
    dsn: str, locks: Locks
) -> None:
    async def scenario(_: Kernel) -> None:
        listener = await asyncpg.connect(dsn)
        try:
            await listener.add_listener("news", print)
            await asyncio.Event().wait()
        finally:
            listener.terminate()

    assert play(scenario, locks=locks).ran.ending is Ending.STUCK


def test_a_task_that_a_thread_starts_is_put_in_order_like_others() -> None:
    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()

        async def inside() -> str:
            await point("inside")
            return "through"

        def work() -> str:
            return asyncio.run_coroutine_threadsafe(inside(), loop).result(10)

        assert await asyncio.to_thread(work) == "through"

    played = play(scenario)

    assert played.ran.error is None
    assert not played.ran.uncontrolled
    assert played.kinds("scenario") == ["thread", "point"]
