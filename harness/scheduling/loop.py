"""The event loop of a schedule: the stock one, with a say in what it waits for."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any, Final, Protocol, TypeVar, final

from harness.observe.gates.threads import name_of
from harness.point import Gate
from harness.scheduling.actors import ACTOR

T = TypeVar("T")

# What `asyncio.sleep` has called.
_ENDS_SLEEP: Final = "_set_result_unless_cancelled"


class Driver(Protocol):
    """What decides how a gated loop goes on."""

    def idle(self) -> None:
        """Make something ready: nothing can run."""
        ...

    def busy(self) -> None:
        """Look at what is about to run."""
        ...


class ThreadGate(Gate, Protocol):
    """A gate that threads of the loop's executors wait at, too."""

    async def in_thread(self, name: str, call: Callable[[], asyncio.Future[T]]) -> T:
        """Await what runs in another thread."""
        ...

    def owned(self, func: Callable[..., T]) -> Callable[..., T]:
        """Return a function which, in a thread, belongs to the running operation."""
        ...


@final
class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on where in memory it lies.

    Structured concurrency cancels its tasks in the order of a set.
    """

    number = 0
    harness_context: Context

    def __hash__(self) -> int:
        return self.number


@final
class GatedLoop(asyncio.SelectorEventLoop):
    """A stock selector loop on a clock of its own, which a driver sets going.

    What is ready runs in the order in which it became ready, as ever. Only when
    nothing is, the driver decides what happens next.

    Attributes:
        harness_gate: Where taps and `point` find the gate; None lets all through.
        on_advance: Hears of the seconds by which the clock is set forward.
        driver: None until a schedule runs, and after it: then this is a stock loop.
    """

    def __init__(self) -> None:
        super().__init__(selectors.DefaultSelector())
        self.harness_gate: ThreadGate | None = None
        self.driver: Driver | None = None
        self.on_advance: Callable[[float], None] = lambda _: None
        self._skew = 0.0
        self._stopped_at: float | None = None
        self._numbers = itertools.count(1)
        self.set_task_factory(self._numbered)  # type: ignore[arg-type]

    def _numbered(
        self,
        _: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any],
        context: Context | None = None,
        **options: Any,
    ) -> NumberedTask:
        task = NumberedTask.__new__(NumberedTask)
        # Before it is put into the set of all tasks.
        task.number = next(self._numbers)
        # Tasks do not tell theirs before Python 3.12.
        task.harness_context = copy_context() if context is None else context
        task.__init__(work, loop=self, context=task.harness_context, **options)
        return task

    def time(self) -> float:
        """Return the schedule's time; it stands still unless it is set forward."""
        if self._stopped_at is not None:
            return self._stopped_at
        # Not the app's time, which stands still until a schedule is over.
        return time.monotonic() + self._skew

    def stop_clock(self, at: float) -> None:
        """Have it be this time until the clock is set forward."""
        self._stopped_at = at

    def start_clock(self) -> None:
        """Have time pass again, from what it is now."""
        if self._stopped_at is not None:
            self._skew = self._stopped_at - time.monotonic()
            self._stopped_at = None

    @property
    def transports(self) -> tuple[asyncio.Transport, ...]:
        """Those of the sockets that it looks after."""
        return tuple(self._transports.values())  # type: ignore[attr-defined]

    def next_timer(self) -> asyncio.TimerHandle | None:
        """Return what is to be called first; None if nothing is."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        while timers and timers[0].cancelled():
            # As the loop itself does, which counts them.
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
            timer = heapq.heappop(timers)
            timer._scheduled = False  # type: ignore[attr-defined] # noqa: SLF001
        # What is due at infinity never is.
        return timers[0] if timers and timers[0].when() < math.inf else None

    def next_sleep(self) -> asyncio.TimerHandle | None:
        """Return what ends the sleep that ends first; None if nobody sleeps."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        asleep = [
            timer
            for timer in timers
            if not timer.cancelled()
            and getattr(timer._callback, "__name__", "") == _ENDS_SLEEP  # type: ignore[attr-defined] # noqa: SLF001
        ]
        return min(asleep, default=None)

    def timed(self) -> Iterator[str]:
        """Yield in whose names something is to be called later."""
        for timer in self._scheduled:  # type: ignore[attr-defined]
            if not timer.cancelled() and timer.when() < math.inf:
                yield timer._context.get(ACTOR, "scenario")  # noqa: SLF001

    def hasten(self, timer: asyncio.TimerHandle) -> None:
        """Call now what is to be called later; no time passes for anybody else."""
        handle: Any = timer
        callback, args, context = handle._callback, handle._args, handle._context  # noqa: SLF001
        timer.cancel()
        self.call_soon(callback, *args, context=context)

    def advance(self, timer: asyncio.TimerHandle) -> None:
        """Set the clock forward to when a timer is due."""
        before = self.time()
        self._stopped_at = max(before, timer.when())
        self.on_advance(self._stopped_at - before)

    @property
    def is_ready(self) -> bool:
        """Whether something can run."""
        return bool(self._ready)  # type: ignore[attr-defined]

    @property
    def is_stopping(self) -> bool:
        """Whether it returns once what is ready has run."""
        return bool(self._stopping)  # type: ignore[attr-defined]

    def listen(self, timeout: float) -> list[object]:
        """Wait for the outside and make ready what it wakes.

        Args:
            timeout: Real seconds to wait at most.

        Returns:
            What is called back: transports, or functions.
        """
        events = self._selector.select(timeout)  # type: ignore[attr-defined]
        if not events:
            return []
        self._process_events(events)  # type: ignore[attr-defined]
        handles = (one for key, _ in events for one in key.data if one is not None)
        return [_whose(one) for one in handles]

    def woken(self) -> Iterator[asyncio.Task[Any]]:
        """Yield the tasks that are about to go on because what they awaited is done."""
        for handle in self._ready:  # type: ignore[attr-defined]
            owner = getattr(handle._callback, "__self__", None)  # noqa: SLF001
            if isinstance(owner, asyncio.Task):
                yield owner

    def watched(self) -> Iterator[object]:
        """Yield what calls back when a file descriptor is woken, except the loop."""
        own = self._ssock  # type: ignore[attr-defined]
        for key in list(self._selector.get_map().values()):  # type: ignore[attr-defined]
            if key.fileobj is own or key.fd == own.fileno():
                continue
            for handle in key.data or ():
                if handle is not None and not handle.cancelled():
                    yield _whose(handle)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run a function in a thread; when that begins is the driver's choice."""
        gate, threads = self.harness_gate, ThreadPoolExecutor
        if gate is None:
            return super().run_in_executor(executor, func, *args)

        def call() -> asyncio.Future[T]:
            # What goes to another process has to stay as it is.
            here = executor is None or isinstance(executor, threads)
            job = gate.owned(func) if here else func
            return super(GatedLoop, self).run_in_executor(executor, job, *args)

        return self.create_task(gate.in_thread(name_of(func), call))

    def _run_once(self) -> None:
        if self.driver is not None and not self.is_stopping:
            if self.is_ready:
                self.driver.busy()
            else:
                self.driver.idle()
        super()._run_once()  # type: ignore[misc]


def _whose(handle: asyncio.Handle) -> object:
    called: Any = handle._callback  # type: ignore[attr-defined] # noqa: SLF001
    owner = getattr(called, "__self__", None)
    return owner if isinstance(owner, asyncio.BaseTransport) else called
