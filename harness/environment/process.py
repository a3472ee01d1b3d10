"""A child process that ends with this one, also when this one is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, final

from harness.environment.account import Account

Follow = Literal["auto", "signal", "watchdog"]

_LAUNCHER = Path(__file__).with_name("launcher.py")
_TICK = 0.005


@final
class Process:
    """A running child; made by `start`.

    Args:
        child: The process itself, or the watchdog that is its parent.
        lifeline: Descriptor whose closing tells the watchdog to end it; None
            when the kernel does so.
    """

    def __init__(self, child: subprocess.Popen[bytes], lifeline: int | None) -> None:
        self._child = child
        self._lifeline = lifeline

    @property
    def returncode(self) -> int | None:
        """The exit code; negative for a signal; None while it runs."""
        return self._child.poll()

    def outcome(self, *, within: float) -> int | None:
        """Return the exit code, waiting up to `within` seconds for it; blocks."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._child.wait(within)
        return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        self._child.send_signal(number)

    async def ended(self, *, within: float) -> bool:
        """Wait for the end, at most `within` seconds; say whether it came."""
        deadline = time.monotonic() + within
        while self._child.poll() is None:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_TICK)
        self._drop_lifeline()
        return True

    async def stop(self) -> None:
        """End a server: fast shutdown, then immediate, then by force.

        A cancellation while waiting makes it immediate and goes on.
        """
        try:
            self.send(signal.SIGINT)
            if not await self.ended(within=5.0):
                self.end()
        finally:
            self.end()

    def end(self) -> None:
        """End it now, blocking for a moment; no matter whether it runs."""
        if self._child.poll() is None:
            self.send(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(3.0)
        watched = self._lifeline is not None
        self._drop_lifeline()
        if self._child.poll() is None:
            # A watchdog needs a moment: it must not die before its child.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(7.0 if watched else 0.0)
            self._child.kill()
            self._child.wait()

    def _drop_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def start(
    command: Sequence[str | Path],
    *,
    account: Account,
    cwd: Path,
    output: Path,
    follow: Follow = "auto",
    death: signal.Signals = signal.SIGKILL,
) -> Process:
    """Start a program that gets `death` when this process ends.

    It gets a session of its own (a Ctrl-C at the terminal is not for it) and a
    clean environment. The kernel's signal is tied to the *thread* that starts the
    program, so `auto` takes it on the main thread only, and a watchdog elsewhere
    or where the kernel has no such signal.

    Args:
        command: Program and arguments.
        account: Whom to run it as.
        cwd: Its working directory.
        output: File that gets what it prints, appended.
        follow: How it learns of our end.
        death: What it gets then.

    Raises:
        OSError: It could not be started.
    """
    ours: int | None = None
    theirs: int | None = None
    if _needs_watchdog(follow):
        theirs, ours = os.pipe()
    user = (str(account.uid), str(account.gid)) if account.switch else ("-", "-")
    how = "signal" if theirs is None else str(theirs)
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER), how]
    launch += [str(os.getpid()), str(int(death)), *user, *map(str, command)]
    try:
        child = _spawn(launch, cwd, output, () if theirs is None else (theirs,))
    except BaseException:
        if ours is not None:
            os.close(ours)
        raise
    finally:
        if theirs is not None:
            os.close(theirs)
    return Process(child, ours)


def _needs_watchdog(follow: Follow) -> bool:
    if follow != "auto":
        return follow == "watchdog"
    on_main = threading.current_thread() is threading.main_thread()
    return sys.platform != "linux" or not on_main


def _spawn(
    launch: list[str], cwd: Path, output: Path, descriptors: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    with output.open("ab") as sink:
        return subprocess.Popen(
            launch,
            cwd=cwd,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            start_new_session=True,
        )


async def run(
    command: Sequence[str | Path], *, account: Account, cwd: Path, output: Path
) -> int:
    """Run a program to its end and return its exit code; ended on cancellation."""
    process = start(command, account=account, cwd=cwd, output=output)
    try:
        while not await process.ended(within=1.0):
            pass
    finally:
        process.end()
    code = process.returncode
    return -1 if code is None else code
