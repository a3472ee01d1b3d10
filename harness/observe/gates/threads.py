"""The tap on threads: when a function begins in one is up to the schedule.

The loop itself has a say in its executor's jobs. anyio, by which Starlette runs what is
no coroutine, has threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.metadata
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Final

from harness.errors import EnvironmentFailure
from harness.observe.patching import Patch, patched_on_import
from harness.point import Work, running_gate

if TYPE_CHECKING:
    import concurrent.futures

    from harness.point import Gate

_WORKER: Final = "anyio._backends._asyncio:AsyncIOBackend.run_sync_in_worker_thread"
_START: Final = "threading:Thread.start"
# Where callers may have found it.
_BACK: Final = (
    "asyncio:run_coroutine_threadsafe",
    "asyncio.tasks:run_coroutine_threadsafe",
)


@contextlib.contextmanager
def threads_gated() -> Iterator[None]:
    """Have what runs in a thread of anyio's await the gate of the event loop.

    What such a thread has the loop do meanwhile, as `anyio.from_thread` does, is put
    in order like anything else; the thread is not waited for until that is done.

    Raises:
        EnvironmentFailure: anyio lacks what the tap relies on. It comes out of the
            import of anyio if that is imported later.
    """
    patches = (
        Patch(_WORKER, _working),
        Patch(_START, _starting),
        *(Patch(name, _lending) for name in _BACK),
    )
    with patched_on_import(patches, lacking=_outdated):
        yield


def _outdated(function: str) -> Exception:
    return EnvironmentFailure(
        f"anyio {importlib.metadata.version('anyio')} has no {function}, by which "
        "its threads are put in order.",
        hint="Use anyio 4, or tell us of the one that you need.",
    )


def _working(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(run)
    async def ran(cls: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        call = functools.partial(run, cls, func, *args, **kwargs)
        gate = running_gate()
        if gate is None:
            return await call()
        return await gate.perform(Work("thread", name_of(func), call))

    return ran


def name_of(function: Any) -> str:
    """Return what a function is called, without what is put around it."""
    while isinstance(function, functools.partial):
        inner = function.func
        # As `asyncio.to_thread` and Starlette do, to take the context along.
        runs = getattr(inner, "__name__", "") == "run" and function.args
        function = function.args[0] if runs else inner
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def started(self: Any) -> None:
        # Others are none of the app's: the server of a stub has some, too.
        self.harness_of_app = running_gate() is not None
        start(self)

    return started


def _lending(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def submitted(
        coro: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
    ) -> concurrent.futures.Future[Any]:
        gate: Gate | None = getattr(loop, "harness_gate", None)
        work = coro if gate is None else gate.lend(coro)
        future: concurrent.futures.Future[Any] = submit(work, loop)
        return future

    return submitted
