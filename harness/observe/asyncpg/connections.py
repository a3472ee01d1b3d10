"""The tap on asyncpg: which connections the app opens and closes, and where."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import harness
from harness.observe.owning import opened_for
from harness.observe.patching import Patch, patched_on_import

Function = Callable[..., Any]

_CLASS: Final = "asyncpg.connection:Connection"
_DEEPEST: Final = 200
_OURS: Final = str(Path(harness.__file__).parent)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that was opened or closed.

    Attributes:
        at: `time.monotonic`.
        backend: Process id of the server's end.
        open: Whether it was opened; else it was closed.
        key: Of whose initialiser it was opened in; "" outside of any.
        where: File and line of the app's that opened it; "" if none is to be seen.
    """

    at: float
    backend: int
    open: bool
    key: str = ""
    where: str = ""


Sink = Callable[[Connection], None]


@contextlib.contextmanager
def connections_tapped(sink: Sink, *, directory: Path) -> Iterator[None]:
    """Tell of each connection that asyncpg opens or that the app closes.

    Whoever uses asyncpg is seen: its pools, and SQLAlchemy's. A connection that the
    server or the network ended is not told of as closed. It raises nothing into the
    app, leaves asyncpg as it was, and does not import it.

    Args:
        sink: Hears of each, on the thread that it happens on.
        directory: Of the app: its frames are those that are shown.
    """
    home = directory.resolve()

    def told(connection: Any, *, is_open: bool) -> None:
        with contextlib.suppress(Exception):
            backend = connection.get_server_pid()
            key = opened_for() if is_open else ""
            where = _place(home) if is_open else ""
            sink(Connection(time.monotonic(), backend, is_open, key, where))

    def opening(init: Function) -> Function:
        @functools.wraps(init)
        def opened(self: Any, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            told(self, is_open=True)

        return opened

    def closing(close: Function) -> Function:
        @functools.wraps(close)
        async def closed(self: Any, *args: Any, **kwargs: Any) -> None:
            if not self.is_closed():
                told(self, is_open=False)
            await close(self, *args, **kwargs)

        return closed

    def terminating(terminate: Function) -> Function:
        @functools.wraps(terminate)
        def terminated(self: Any) -> None:
            if not self.is_closed():
                told(self, is_open=False)
            terminate(self)

        return terminated

    patches = (
        Patch(f"{_CLASS}.__init__", opening),
        Patch(f"{_CLASS}.close", closing),
        Patch(f"{_CLASS}.terminate", terminating),
    )
    with patched_on_import(patches):
        yield


def _place(directory: Path) -> str:
    """Return the innermost line of the app's own code that is running."""
    frame = sys._getframe(2)  # noqa: SLF001 - inspect.stack reads files
    inside = f"{directory}/"
    for _ in range(_DEEPEST):
        name = frame.f_code.co_filename
        own = name.startswith(inside) and "site-packages" not in name
        if own and not name.startswith(_OURS):
            return f"{name.removeprefix(inside)}:{frame.f_lineno}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""
