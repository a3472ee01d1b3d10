"""The app in processes of its own, served by uvicorn over a socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Final, TypeVar, final

from harness.errors import AppFailed, HarnessError, UsageError
from harness.hosting.failure import with_tail
from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import ConnectionDropped, Hosted, Request, Response
from harness.hosting.messages import HEADER
from harness.hosting.phone import dial
from harness.hosting.port import Port, reserved
from harness.hosting.surroundings import check_directory
from harness.hosting.watching import Watch
from harness.hosting.wire import Unreachable, Wire
from harness.hosting.worker import Worker
from harness.model.canary import CanaryKey
from harness.observe.beacons import MOST_WORKERS, mint_beacons, record_beacon
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

SETTLE: Final = 1.0
"""Seconds that `send` waits for what an app does after it answered."""
_BEACON: Final = 5.0
_DEATH: Final = 0.2

T = TypeVar("T")


@asynccontextmanager
async def served(
    spec: AppSpec,
    recorder: Recorder,
    *,
    workers: int = 1,
    port: int | Port = 0,
    watch: Watch | None = None,
) -> AsyncIterator[Hosted]:
    """Run an app in child processes that share one socket, each with its log tapped.

    A connection is refused until a worker's lifespan has started up. They end with
    this process, however it ends.

    Args:
        spec: The app.
        recorder: Gets an event for each line that the app logs or prints.
        workers: How many processes; 1 to 16.
        port: Where to serve on loopback; 0 for any free port; or one that was
            reserved before, which is then handed over.
        watch: Hears how the workers start and stop.

    Raises:
        TargetError: The import string points to nothing that can be served.
        AppFailed: The app did not start or stop, or took too long.
        ResourceError: The port is in use, or too many files are open.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"{workers} workers cannot be had; 1 to {MOST_WORKERS} can.")
    check_directory(spec)
    reader = LogReader(recorder)
    crew: list[Worker] = []
    try:
        url = await _start(crew, spec, reader, workers=workers, port=port, watch=watch)
        wire = Wire(url)
        try:
            yield Served(url, wire, crew, reader, recorder)
        finally:
            await wire.close()
    except BaseException as error:
        # What ended the run outranks how the app took it.
        try:
            await _stop(crew, spec, reader, watch)
        except AppFailed as late:
            error.add_note(str(late))
        raise
    await _stop(crew, spec, reader, watch)


async def _start(
    crew: list[Worker],
    spec: AppSpec,
    reader: LogReader,
    *,
    workers: int,
    port: int | Port,
    watch: Watch | None,
) -> str:
    """Start the workers, wait until all serve, and return where.

    Afterwards only they hold the socket: when they are gone, nobody answers.
    """
    with nullcontext(port) if isinstance(port, Port) else reserved(port) as place:
        try:
            async with asyncio.timeout(spec.startup_timeout):
                for number in range(1, workers + 1):
                    worker = await Worker.spawn(
                        spec, place.listener, reader, number=number, watch=watch
                    )
                    crew.append(worker)
                for worker in crew:
                    await worker.ready()
        except TimeoutError:
            await _kill(crew)
            error = AppFailed(
                f"The app was not ready within {spec.startup_timeout:g} s.",
                hint="It hangs, or needs a longer startup_timeout.",
            )
            raise with_tail(error, reader.tail()) from None
        except AppFailed as error:
            await _kill(crew)
            raise with_tail(error, reader.tail()) from error
        except BaseException:
            await _kill(crew)
            raise
        finally:
            place.hand_over()
    return place.url


async def _kill(crew: list[Worker]) -> None:
    """End workers that never served, without asking."""
    while crew:
        await crew.pop().close()


async def _stop(
    crew: Sequence[Worker], spec: AppSpec, reader: LogReader, watch: Watch | None
) -> None:
    alive = [worker for worker in crew if not worker.exited.is_set()]
    patience = spec.shutdown_timeout
    if watch is not None:
        patience = await _watched_end(alive, patience, watch)
    stopped = await asyncio.gather(*(worker.stop(patience) for worker in alive))
    for worker in crew:
        if worker not in alive:
            await worker.close()
    failures: list[HarnessError | None] = [worker.failed_to_stop() for worker in alive]
    # Nobody may have asked for anything since: then nobody has noticed either.
    failures += [
        AppFailed(f"The app's process {worker.ending()} before it was stopped.")
        for worker in crew
        if worker not in alive and (watch is not None or not worker.missed)
    ]
    if not all(stopped):
        seconds = f"{spec.shutdown_timeout:g} s"
        failures.insert(
            0,
            AppFailed(
                f"The app did not stop within {seconds} and was killed.",
                hint="Its shutdown hangs, or needs a longer shutdown_timeout.",
            ),
        )
    for failure in failures:
        if failure is not None:
            raise with_tail(failure, reader.tail())


async def _watched_end(alive: Sequence[Worker], patience: float, watch: Watch) -> float:
    """Stop workers and have them looked at before they end.

    Returns:
        Seconds that they may take from now on.
    """
    wound = await asyncio.gather(*(worker.wind_down(patience) for worker in alive))
    if alive and all(wound):
        await watch.stopped()
    for worker in alive:
        worker.end()
    hangs = not all(
        done or worker.exited.is_set()
        for done, worker in zip(wound, alive, strict=True)
    )
    return 0.0 if hangs else patience


@final
class Served:
    """An app in child processes; made by `served`."""

    def __init__(
        self,
        url: str,
        wire: Wire,
        crew: Sequence[Worker],
        reader: LogReader,
        recorder: Recorder,
    ) -> None:
        self._url = url
        self._wire = wire
        self._crew = crew
        self._reader = reader
        self._recorder = recorder

    @property
    def url(self) -> str:
        return self._url

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers."""
        return tuple(worker.pid for worker in self._crew)

    async def send(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response:
        extra = _mark(exchange)
        return await self._asked(
            self._wire.send(request, extra=extra, timeout=timeout), exchange
        )

    async def open(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Incoming:
        extra = _mark(exchange)
        return await self._asked(
            self._wire.open(request, extra=extra, timeout=timeout), exchange
        )

    async def connect(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Conversation:
        extra = _mark(exchange)
        return await self._asked(
            dial(self._url, request, extra=extra, timeout=timeout), exchange
        )

    async def _asked(self, asking: Coroutine[Any, Any, T], exchange: int) -> T:
        """Ask, and wait until the app is through with it or a stream has begun."""
        try:
            self._check_alive()
        except AppFailed:
            asking.close()
            raise
        done = self._expect(exchange)
        try:
            answer = await asking
        except Unreachable as error:
            self._forget(exchange)
            await self._deaths()
            self._check_alive()
            raise AppFailed(f"Nobody answers at {self._url} any more.") from error
        except ConnectionDropped:
            await self._deaths()
            self._check_alive()
            await self._settled(exchange, done)
            raise
        except BaseException:
            self._forget(exchange)
            raise
        if isinstance(answer, Incoming | Conversation):
            answer.then(lambda: self._settled(exchange, done))
        else:
            await self._settled(exchange, done)
        return answer

    async def send_beacons(self, key: CanaryKey) -> None:
        several = len(self._crew) > 1
        for number, worker in enumerate(self._crew):
            for beacon in mint_beacons(key, worker=number):
                where = f"(worker {number + 1})" if several else ""
                record_beacon(self._recorder, beacon, where=where)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_BEACON):
                        await worker.beacon(beacon.source, beacon.text)

    def _expect(self, exchange: int) -> asyncio.Event | None:
        """Expect a worker to say that it is through with an exchange."""
        if not exchange:
            return None
        done = asyncio.Event()
        for worker in self._crew:
            worker.reported[exchange] = done
        return done

    def _forget(self, exchange: int) -> None:
        for worker in self._crew:
            worker.reported.pop(exchange, None)

    async def _settled(self, exchange: int, done: asyncio.Event | None) -> None:
        """Wait until the app is through with a request, so that its log is whole."""
        try:
            if done is not None and not done.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SETTLE):
                        await done.wait()
        finally:
            self._forget(exchange)

    async def gone(self) -> AppFailed:
        """Wait until a worker has ended, and return the error that says how."""
        exits = [asyncio.create_task(worker.exited.wait()) for worker in self._crew]
        try:
            await asyncio.wait(exits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in exits:
                task.cancel()
        try:
            self._check_alive()
        except AppFailed as error:
            return error
        return AppFailed("The app ended.")

    async def _deaths(self) -> None:
        """Give a process that just ended the time to be noticed."""
        exits = [asyncio.create_task(worker.exited.wait()) for worker in self._crew]
        await asyncio.wait(exits, timeout=_DEATH, return_when=asyncio.FIRST_COMPLETED)
        for task in exits:
            task.cancel()

    def _check_alive(self) -> None:
        for number, worker in enumerate(self._crew, start=1):
            if worker.exited.is_set():
                worker.missed = True
                which = f" (worker {number})" if len(self._crew) > 1 else ""
                error = AppFailed(f"The app's process{which} {worker.ending()}.")
                raise with_tail(error, self._reader.tail())


def _mark(exchange: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((HEADER, b"%d" % exchange),) if exchange else ()
