"""One call of an initialiser while it lasts, in each form that a call can take."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, final

from harness.model.boot import Stage
from harness.observe.owning import NOW_CLOSING, NOW_OPENING, OPENING, Opening
from harness.point import point
from harness.recording.context import EXCHANGE


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an initialiser, and what has become of it.

    Attributes:
        at: `time.monotonic`.
        what: Import string of the initialiser.
        run: Tells its calls apart; 0 where a resource was closed from elsewhere.
        stage: What has become of it.
        key: What its arguments said for the tenant; "" if they said nothing.
        exchange: Id of the request that it was made in; 0 outside of any.
        detail: Class of the error; "" unless it failed.
        closes: Whether the resource's end is told of, too.
    """

    at: float
    what: str
    run: int
    stage: Stage
    key: str
    exchange: int
    detail: str = ""
    closes: bool = False


Sink = Callable[[Call], None]


@final
class Run:
    """Tells of one call.

    Args:
        sink: Whom to tell; what it raises stays here.
        what: Import string of the initialiser.
        number: Tells its calls apart.
        key: What the arguments said for the tenant.
        closes: Whether the resource's end will be told of, too.
        suspends: Whether it certainly waits for something outside.
    """

    def __init__(
        self,
        sink: Sink,
        what: str,
        number: int,
        key: str,
        *,
        closes: bool,
        suspends: bool = False,
    ) -> None:
        self.closes = closes
        self._suspends = suspends
        self._sink = sink
        self._what = what
        self._number = number
        self._key = key
        outer = OPENING.get()
        inner = outer is not None and outer.stage is Stage.BEGUN and outer.key == key
        self._opening = Opening(what, number, key, outer=outer if inner else None)

    def tell(self, stage: Stage, detail: str = "", *, at: float = 0.0) -> None:
        """Tell what has become of the call, now or at another time."""
        self._opening.stage = stage
        when = at or time.monotonic()
        call = Call(
            at=when,
            what=self._what,
            run=self._number,
            stage=stage,
            key=self._key,
            exchange=EXCHANGE.get(),
            detail=detail,
            closes=self.closes,
        )
        with contextlib.suppress(Exception):
            self._sink(call)

    async def turn(self) -> None:
        """Let others go first, if the call waits anyway and a schedule says so."""
        if self._suspends:
            await point(f"{self._what.rpartition(':')[2]} of {self._key}")

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Tell of the block's begin and of how it ended."""
        self.tell(Stage.BEGUN)
        with self.inside():
            yield
        self.tell(Stage.READY)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Tell of what ends the block, unless it ends well."""
        token = NOW_OPENING.set(self._key or self._what)
        call = OPENING.set(self._opening)
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            self.tell(Stage.CANCELLED)
            raise
        except BaseException as error:
            self.tell(Stage.FAILED, type(error).__qualname__)
            raise
        finally:
            # A coroutine may be closed in another context than it ran in.
            with contextlib.suppress(ValueError):
                NOW_OPENING.reset(token)
            with contextlib.suppress(ValueError):
                OPENING.reset(call)

    @contextlib.contextmanager
    def closing(self) -> Iterator[None]:
        """Tell that the resource is being closed in the block, and then is closed."""
        self.tell(Stage.CLOSING)
        token = NOW_CLOSING.set(self._key or self._what)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):
                NOW_CLOSING.reset(token)
            self.tell(Stage.CLOSED)


async def followed(coroutine: Coroutine[Any, Any, Any], run: Run) -> Any:
    """Await what a plain function returned, and tell of it."""
    try:
        with run.opening():
            await run.turn()
            return await coroutine
    finally:
        coroutine.close()


@final
class AsyncContext(contextlib.AbstractAsyncContextManager[Any]):
    """A context manager whose entering and leaving is told of."""

    def __init__(self, inner: Any, run: Run) -> None:
        run.closes = True
        self._inner = inner
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def __aenter__(self) -> Any:
        with self._run.opening():
            await self._run.turn()
            return await self._inner.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        with self._run.closing():
            suppressed: bool | None = await self._inner.__aexit__(kind, error, trace)
        return suppressed


@final
class Context(contextlib.AbstractContextManager[Any]):
    """The same for a context manager that nobody awaits."""

    def __init__(self, inner: Any, run: Run) -> None:
        run.closes = True
        self._inner = inner
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __enter__(self) -> Any:
        with self._run.opening():
            return self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        with self._run.closing():
            suppressed: bool | None = self._inner.__exit__(kind, error, trace)
        return suppressed
