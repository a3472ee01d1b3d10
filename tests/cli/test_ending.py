from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from harness.cli.ending import end_with
from harness.cli.terminal import Terminal
from harness.errors import AppFailed, Inconclusive, TargetError


def code_of(work: Callable[[Terminal], int]) -> int:
    with pytest.raises(typer.Exit) as caught:
        end_with(work)
    return caught.value.exit_code


def failing_with(error: BaseException) -> Callable[[Terminal], int]:
    def work(terminal: Terminal) -> int:
        raise error

    return work


DROPPING = """
import gc, signal, sys, time, weakref
from harness.cli.ending import end_with

class Node:
    def __init__(self):
        self.own = self

def work(terminal):
    node = Node()
    reference = weakref.ref(node, lambda _: signal.raise_signal(SIGNAL))
    del node
    gc.collect()
    print("goes on", flush=True)
    time.sleep(600)
    return 0

end_with(work)
"""


@pytest.mark.parametrize("ignored", [False, True])
def test_an_interrupt_that_python_drops_comes_again(ignored: bool) -> None:
    number = "signal.SIGTERM" if ignored else "signal.SIGINT"
    done = subprocess.run(
        [sys.executable, "-c", DROPPING.replace("SIGNAL", number)],
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "goes on\n"
    assert "interrupted" in done.stderr
    assert "KeyboardInterrupt" not in done.stderr


def test_work_that_ends_ends_with_its_code() -> None:
    assert code_of(lambda _: 0) == 0
    assert code_of(lambda _: 1) == 1
    assert code_of(lambda _: 4) == 4


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (TargetError("no such app", hint="name it"), 2, "error: no such app\n  name"),
        (AppFailed("it died"), 3, "error: it died\n"),
        (Inconclusive("saw nothing"), 4, "error: saw nothing\n"),
        (OSError(errno.ENOSPC, "No space left", "/x"), 3, "Free some space"),
        (OSError(errno.EMFILE, "Too many open files"), 3, "ulimit -n 4096"),
        (OSError(errno.EADDRINUSE, "in use"), 3, "listens on that port"),
        (PermissionError(errno.EACCES, "denied", "/x"), 3, "--runs"),
        (MemoryError(), 3, "out of memory"),
        (SystemExit(0), 3, "The app ended the process by itself (exit code 0)"),
        (SystemExit(1), 3, "The app ended the process by itself (exit code 1)"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_a_failure_that_users_can_act_on_gets_its_code_and_no_traceback(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, says: str
) -> None:
    assert code_of(failing_with(error)) == code

    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_a_failure_inside_task_groups_counts_as_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    inner = ExceptionGroup("inner", [ValueError("x"), AppFailed("it died")])

    assert code_of(failing_with(ExceptionGroup("outer", [inner]))) == 3
    assert "error: it died" in capsys.readouterr().err


def test_an_interrupt_inside_a_task_group_outranks_what_it_caused() -> None:
    group = BaseExceptionGroup("", [AppFailed("it died"), KeyboardInterrupt()])

    assert code_of(failing_with(group)) == 130


def test_a_bug_of_the_harness_looks_like_no_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert code_of(failing_with(KeyError("x"))) == 70

    told = capsys.readouterr().err
    assert "KeyError: 'x'" in told
    assert "This is a bug of the harness" in told


def test_complaints_reach_the_user_though_a_tap_has_taken_the_stream(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def work(terminal: Terminal) -> int:
        with (tmp_path / "tap").open("w") as tap:
            monkeypatch.setattr(sys, "stderr", tap)
            raise AppFailed("it died")

    assert code_of(work) == 3
    assert capsys.readouterr().err == "error: it died\n"


WAITING = """
import asyncio, signal
# Under nohup it would be ignored, and rightly stay so.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from harness.cli.ending import end_with

async def wait():
    try:
        print("waiting", flush=True)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("torn down", flush=True)

def work(terminal):
    asyncio.run(wait())
    return 0

import typer
app = typer.Typer()
app.command()(lambda: end_with(work))
app()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_tears_everything_down_and_ends_with_130(
    environ: dict[str, str], number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(number)
        out, err = child.communicate(timeout=60)

    assert (child.returncode, out, err) == (130, "torn down\n", "interrupted\n")


def test_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    code_of(lambda _: 0)

    assert signal.getsignal(signal.SIGTERM) is before


def test_the_work_of_a_verb_may_run_its_own_loop() -> None:
    assert code_of(lambda _: asyncio.run(asyncio.sleep(0, result=4))) == 4


def test_a_full_device_is_told_of_and_ends_with_3(
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")

    def work(terminal: Terminal) -> int:
        descriptor = os.open("/dev/full", os.O_WRONLY)
        try:
            return os.write(descriptor, b"x")
        finally:
            os.close(descriptor)

    assert code_of(work) == 3
    assert "No space left on device" in capsys.readouterr().err
