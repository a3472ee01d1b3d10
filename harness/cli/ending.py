"""How a verb ends: every failure gets one clear message and its exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

import typer

from harness.cli.terminal import Terminal
from harness.errors import AppFailed, HarnessError, ResourceError

INTERRUPTED = 130
_AGAIN = 0.05
"""Seconds until an interrupt that was dropped comes again."""
BUG = 70
"""Exit code of a failure of the harness itself (EX_SOFTWARE of sysexits.h)."""


def end_with(work: Callable[[Terminal], int]) -> NoReturn:
    """Do a verb's work and end with the exit code that it returns or fails with.

    Raises:
        typer.Exit: Always.
    """
    terminal = Terminal.of_this_process(os.environ)
    try:
        with _terminable():
            code = work(terminal)
    except BaseException as error:  # noqa: BLE001 - each gets its exit code
        code = _explain(error, terminal)
    raise typer.Exit(code)


def _explain(error: BaseException, terminal: Terminal) -> int:
    """Tell the user what happened; return the exit code that says so."""
    leaves = list(_leaves(error))
    if any(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        terminal.tell("interrupted")
        return INTERRUPTED
    for leaf in leaves:
        known = _known(leaf)
        if known is not None:
            terminal.tell(f"error: {known.message}")
            if known.hint:
                terminal.tell(f"  {known.hint}")
            return known.exit_code
    terminal.tell("".join(traceback.format_exception(error)))
    terminal.tell(
        "This is a bug of the harness, and says nothing of your app. Please report "
        "it with the lines above."
    )
    return BUG


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, or those that task groups put into it."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _known(error: BaseException) -> HarnessError | None:
    """Return the error as one of ours, if it is one that users can act on."""
    if isinstance(error, HarnessError):
        return error
    if isinstance(error, SystemExit):
        return AppFailed(
            f"The app ended the process by itself (exit code {error.code!r}).",
            hint="Something that it imports or starts calls sys.exit().",
        )
    if isinstance(error, MemoryError):
        return ResourceError("The machine ran out of memory.")
    if isinstance(error, OSError) and error.errno in _HINTS:
        return ResourceError(f"{error}.", hint=_HINTS[error.errno])
    return None


_FULL = "Free some space there, or point TMPDIR and --runs to another disk."
_FILES = "Raise the limit on open files: `ulimit -n 4096`."
_RIGHTS = "Point TMPDIR and --runs to directories that you may write to."
_HINTS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.EADDRINUSE: "Another program listens on that port; stop it and run again.",
    errno.ENOMEM: "Close other programs, or use fewer tenants and workers.",
}


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that all is torn down as then."""
    names = (signal.SIGTERM, signal.SIGHUP)
    # Not those that are ignored on purpose, as under nohup.
    mine = [one for one in names if signal.getsignal(one) is signal.SIG_DFL]
    for one in mine:
        signal.signal(one, _interrupt)
    try:
        with _undropped():
            yield
    finally:
        for one in mine:
            signal.signal(one, signal.SIG_DFL)


@contextlib.contextmanager
def _undropped() -> Iterator[None]:
    """Interrupt once more where Python drops an interrupt.

    It does where one comes while a finaliser or the callback of a weak reference runs,
    of which there are many when garbage is collected: nothing can be raised there.
    """
    told = sys.unraisablehook

    def again(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            number = signal.SIGTERM if ignored else signal.SIGINT
            # A signal, so that it also ends what the process waits for.
            main = threading.main_thread().ident
            timer = threading.Timer(_AGAIN, signal.pthread_kill, (main, number))
            timer.daemon = True
            timer.start()
        else:
            told(dropped)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = told


def _interrupt(number: int, frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a script: SIGINT means nothing there.
        raise KeyboardInterrupt
    # asyncio has its own handler for SIGINT while a loop runs.
    signal.raise_signal(signal.SIGINT)
