"""A server ends with the process that started it, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness.environment.account import server_account
from harness.environment.embedded import embedded
from harness.environment.place import Place
from harness.environment.process import start
from tests.environment.processes import (
    all_gone,
    child,
    has_ended,
    server_child,
    servers_below,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses pidfd")


@pytest.mark.parametrize("follow", ["signal", "watchdog"])
def test_a_killed_parent_leaves_no_server(home: Path, follow: str) -> None:
    code = server_child(
        f"embedded(reason='', home=Path({str(home)!r}), follow={follow!r})"
    )

    with child(code) as (parent, _):
        assert len(servers_below(home)) > 3
        parent.kill()

        assert all_gone(home)


@pytest.mark.parametrize("follow", ["signal", "watchdog"])
async def test_what_a_killed_parent_left_is_gone_after_the_next_start(
    home: Path, follow: str
) -> None:
    code = server_child(
        f"embedded(reason='', home=Path({str(home)!r}), follow={follow!r})"
    )
    with child(code) as (parent, _):
        (left,) = Place(home / "postgres").runs.iterdir()
        parent.kill()
        parent.wait()

    async with embedded(reason="the next", home=home):
        assert not left.exists()
        assert len(list(Place(home / "postgres").runs.iterdir())) == 1


def test_an_interrupt_from_the_terminal_lets_the_parent_clean_up(home: Path) -> None:
    code = server_child(f"embedded(reason='', home=Path({str(home)!r}))")

    with child(code) as (parent, _):
        parent.send_signal(signal.SIGINT)
        parent.wait(60)

    assert servers_below(home) == []
    assert list(Place(home / "postgres").runs.iterdir()) == []


def test_a_program_started_off_the_main_thread_outlives_that_thread(
    tmp_path: Path,
) -> None:
    started = []
    up = tmp_path / "up"
    os.mkfifo(up)

    def work() -> None:
        started.append(
            start(
                ["/bin/sh", "-c", f"echo up > {up}; exec sleep 60"],
                account=replace(server_account(), switch=False),
                cwd=Path("/"),
                output=tmp_path / "log",
            )
        )
        # The thread's end counts only once the program is what it will be.
        up.read_text()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    try:
        # Its death by the thread's end would come within milliseconds.
        assert not has_ended(started[0]._child.pid, within=0.5)
    finally:
        started[0].end()


def test_a_program_whose_parent_died_before_it_could_watch_does_not_start(
    tmp_path: Path,
) -> None:
    launcher = Path(start.__code__.co_filename).with_name("launcher.py")
    mark = tmp_path / "ran"
    someone_else = str(os.getppid())

    code = subprocess.run(
        [
            *(sys.executable, "-I", "-S", str(launcher), "signal", someone_else),
            *("9", "-", "-", "/bin/touch", str(mark)),
        ],
        check=False,
    ).returncode

    assert code == 1
    assert not mark.exists()


def test_a_watchdog_ends_as_its_program_does(tmp_path: Path) -> None:
    process = start(
        ["/bin/sh", "-c", "kill -QUIT $$"],
        account=server_account(),
        cwd=Path("/"),
        output=tmp_path / "log",
        follow="watchdog",
    )

    assert has_ended(process._child.pid)
    assert process.returncode == -signal.SIGQUIT
    process.end()
