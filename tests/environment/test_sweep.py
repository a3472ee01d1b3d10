"""What dead runs left is cleared away; what may be alive stays."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.environment.account import server_account
from harness.environment.owner import Owner, start_mark, this_host
from harness.environment.place import Place, find_place
from harness.environment.sweep import server_pid, sweep
from tests.environment.processes import (
    all_gone,
    child,
    has_ended,
    server_child,
    servers_below,
)


@pytest.fixture
def place(home: Path) -> Place:
    return find_place(home, server_account())


def dead_owner() -> Owner:
    process = subprocess.Popen(["/bin/sleep", "60"])
    owner = Owner(this_host(), process.pid, start_mark(process.pid))
    process.kill()
    process.wait()
    return owner


def left_by(owner: Owner, place: Place) -> Path:
    directory = place.runs / owner.new_name()
    directory.mkdir()
    (directory / "file").touch()
    return directory


def test_the_directory_of_a_dead_process_goes(place: Place) -> None:
    directory = left_by(dead_owner(), place)

    assert sweep(place) == (directory.name,)
    assert not directory.exists()


def test_the_directory_of_a_living_process_stays(place: Place) -> None:
    directory = left_by(Owner.current(), place)

    assert sweep(place) == ()
    assert directory.exists()


def test_a_process_that_got_the_id_of_a_dead_one_does_not_keep_its_directory(
    place: Place,
) -> None:
    directory = left_by(replace(Owner.current(), started="0123abcd"), place)

    sweep(place)

    assert not directory.exists()


def test_another_hosts_directory_stays(place: Place) -> None:
    directory = left_by(replace(dead_owner(), host="0123abcd"), place)

    assert sweep(place) == ()
    assert directory.exists()


def test_what_carries_no_mark_stays(place: Place) -> None:
    (place.runs / "something").mkdir()

    assert sweep(place) == ()
    assert (place.runs / "something").exists()


def test_a_process_not_yet_waited_for_counts_as_dead() -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    owner = Owner(this_host(), process.pid, start_mark(process.pid))
    alive = not owner.is_dead()

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert alive
    assert owner.is_dead()
    process.wait()


def test_an_owner_is_read_back_from_a_name() -> None:
    owner = Owner.current()

    assert Owner.find(f"harness_app_{owner.new_name()}_kept") == owner
    assert Owner.find("harness_app_12_ab") is None


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_server_that_outlived_its_run_is_stopped_first(
    place: Place, home: Path
) -> None:
    code = server_child(
        f"embedded(reason='', home=Path({str(home)!r}), follow='watchdog')"
    )
    with child(code) as (parent, _):
        (directory,) = place.runs.iterdir()
        watchdogs = [
            pid
            for pid in servers_below(directory)
            if b"launcher.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        for pid in watchdogs:
            os.kill(pid, 9)
        parent.kill()
        parent.wait()
        server = server_pid(directory / "server" / "data")
        assert server is not None

        assert sweep(place) == (directory.name,)

        # Without its files it would end by itself, but later.
        assert has_ended(server, within=0.0)
        assert all_gone(home)
