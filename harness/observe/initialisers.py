"""The tap on initialisers: each call of certain functions of the app is told of."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, final

from harness.model.boot import Stage
from harness.observe.patching import Patch, patched_on_import
from harness.observe.runs import AsyncContext, Context, Run, Sink, followed
from harness.target.initialiser import Initialiser


@contextlib.asynccontextmanager
async def _nothing() -> Any:
    yield


@contextlib.contextmanager
def _nothing_either() -> Any:
    yield


# Only these: what else can be entered may be awaited or used in other ways too.
_ASYNC_CONTEXT: Final = type(_nothing())
_CONTEXT: Final = type(_nothing_either())


@contextlib.contextmanager
def initialisers_tapped(
    initialisers: Sequence[Initialiser], sink: Sink
) -> Iterator[Callable[[], None]]:
    """Tell of each call of these functions, from when their modules are imported.

    Install it before the app is imported. It raises nothing into the app, and what
    the functions return, raise or are cancelled by passes through.

    Args:
        initialisers: The functions.
        sink: Hears of each call, on the thread and in the task that makes it.

    Yields:
        What to call once the app is imported: it complains of names that led nowhere.
    """
    patches = [patch for one in initialisers for patch in _patches(one, sink)]
    with patched_on_import(patches) as complain:
        yield complain


def _patches(one: Initialiser, sink: Sink) -> Iterator[Patch]:
    runs = itertools.count(1)
    yield Patch(one.function, lambda f: _opening(f, one, runs, sink))
    if one.closed_by:
        yield Patch(one.closed_by, lambda f: _closing(f, one, sink))


def _opening(
    function: Callable[..., Any], one: Initialiser, runs: Iterator[int], sink: Sink
) -> Callable[..., Any]:
    key_of = _Key(function, one.tenant)

    def run_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Run:
        closes = bool(one.closed_by)
        key = key_of(args, kwargs)
        return Run(
            sink, one.function, next(runs), key, closes=closes, suspends=one.suspends
        )

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            run = run_of(args, kwargs)
            with run.opening():
                await run.turn()
                return await function(*args, **kwargs)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        run = run_of(args, kwargs)
        began = time.monotonic()
        with run.inside():
            made = function(*args, **kwargs)
        # Calling these does nothing yet.
        if isinstance(made, _ASYNC_CONTEXT):
            return AsyncContext(made, run)
        if isinstance(made, _CONTEXT):
            return Context(made, run)
        if inspect.iscoroutine(made):
            return followed(made, run)
        run.tell(Stage.BEGUN, at=began)
        run.tell(Stage.READY)
        return made

    return called


def _closing(
    function: Callable[..., Any], one: Initialiser, sink: Sink
) -> Callable[..., Any]:
    key_of = _Key(function, one.closed_tenant or one.tenant)

    def told(
        args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> contextlib.AbstractContextManager[None]:
        return Run(sink, one.function, 0, key_of(args, kwargs), closes=True).closing()

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with told(args, kwargs):
                return await function(*args, **kwargs)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        with told(args, kwargs):
            return function(*args, **kwargs)

    return called


@final
class _Key:
    """Finds what the arguments of a call say for the tenant."""

    def __init__(self, function: Callable[..., Any], path: str) -> None:
        self._first, *self._rest = path.split(".")
        self._signature = inspect.signature(function)
        names = self._signature.parameters
        if self._first not in names:
            known = ", ".join(names) or "none"
            raise LookupError(f"has no argument {self._first!r}, but {known}")

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        try:
            bound = self._signature.bind(*args, **kwargs)
            bound.apply_defaults()
            found = bound.arguments[self._first]
            for name in self._rest:
                inside = isinstance(found, Mapping)
                found = found[name] if inside else getattr(found, name)
            return str(found)
        except Exception:  # noqa: BLE001 - objects of the app's; the call goes on
            return ""
