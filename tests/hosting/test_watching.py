"""Who watches a served app hears how each worker starts and stops."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from harness.errors import AppFailed, TargetError
from harness.hosting.served import Served, served
from harness.model.boot import Phase, Stage
from harness.observe.asyncpg.connections import Connection
from harness.observe.runs import Call
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec
from harness.target.initialiser import Initialiser

Specify = Callable[..., AppSpec]
APP = "apps.starting:app"
OPEN = Initialiser(function="apps.starting:open_tenant", tenant="slug")


@dataclass
class Notes:
    """A `Watch` that keeps what it hears, and looks at Postgres in the end."""

    dsn: str
    initialisers: Sequence[Initialiser] = (OPEN,)
    phases: list[tuple[int, Phase, float, int]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    looked: int = 0

    def reached(self, worker: int, phase: Phase, at: float, memory: int) -> None:
        self.phases.append((worker, phase, at, memory))

    def called(self, worker: int, call: Call) -> None:
        self.calls.append(call)

    def connected(self, worker: int, connection: Connection) -> None:
        self.connections.append(connection)

    async def stopped(self) -> None:
        self.looked += 1
        connection = await asyncpg.connect(self.dsn)
        opened = {one.backend for one in self.connections}
        rows = await connection.fetch("select pid from pg_stat_activity")
        self.left = [row["pid"] for row in rows if row["pid"] in opened]
        await connection.close()


async def test_each_worker_comes_through_all_phases_in_order(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(server_dsn)
    began = time.monotonic()
    spec = specify(APP, environment={"DSN": server_dsn})

    async with served(spec, recorder, workers=2, watch=notes):
        pass

    ended = time.monotonic()
    for worker in (1, 2):
        own = [one for one in notes.phases if one[0] == worker]
        assert [phase for _, phase, _, _ in own] == [
            Phase.SPAWNED,
            Phase.RUNNING,
            Phase.IMPORTED,
            Phase.STARTED,
            Phase.LISTENING,
            Phase.STOPPED,
        ]
        times = [began, *(at for _, _, at, _ in own), ended]
        assert times == sorted(times)
        memory = [one[3] for one in own[1:]]
        assert memory == sorted(memory)
        assert 10_000_000 < memory[0] < memory[-1] < 1_000_000_000
    assert notes.looked == 1


async def test_initialisers_and_connections_are_told_of_and_balance(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(server_dsn)
    spec = specify(APP, environment={"DSN": server_dsn})

    async with served(spec, recorder, watch=notes):
        assert [(one.key, one.stage) for one in notes.calls] == [
            ("acme", Stage.BEGUN),
            ("acme", Stage.READY),
            ("globex", Stage.BEGUN),
            ("globex", Stage.READY),
        ]

    assert [(one.key, one.stage) for one in notes.calls[4:]] == [
        ("globex", Stage.CLOSING),
        ("globex", Stage.CLOSED),
        ("acme", Stage.CLOSING),
        ("acme", Stage.CLOSED),
    ]
    opened = {one.backend: one for one in notes.connections if one.open}
    assert {one.key for one in opened.values()} == {"acme", "globex"}
    assert {one.where for one in opened.values()} == {"apps/starting.py:16"}
    assert {one.backend for one in notes.connections if not one.open} == set(opened)
    assert notes.left == []


async def test_what_the_app_leaves_open_is_still_there_when_somebody_looks(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(server_dsn)
    spec = specify(APP, environment={"DSN": server_dsn, "LEAVE": "1"})

    async with served(spec, recorder, watch=notes):
        pass

    closed = {one.backend for one in notes.connections if not one.open}
    assert notes.left == [
        one.backend for one in notes.connections if one.backend not in closed
    ]
    assert len(notes.left) == 1


async def test_an_app_that_hangs_at_shutdown_is_killed_and_nobody_looks(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(server_dsn)
    environment = {"DSN": server_dsn, "HANG": "1"}
    spec = specify(APP, environment=environment, shutdown_timeout=1.0)

    with pytest.raises(AppFailed, match="did not stop"):
        async with served(spec, recorder, watch=notes):
            pass

    assert notes.looked == 0


async def test_a_process_that_ended_by_itself_is_told_of_though_nobody_asked_it(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(server_dsn)
    spec = specify(APP, environment={"DSN": server_dsn})

    async def lose_it() -> None:
        async with served(spec, recorder, watch=notes) as hosted:
            assert isinstance(hosted, Served)
            os.kill(hosted.pids[0], signal.SIGKILL)
            await hosted.gone()

    with pytest.raises(AppFailed, match="was ended by SIGKILL before it was stopped"):
        await lose_it()

    assert notes.looked == 0


async def test_an_initialiser_that_is_not_there_is_a_mistake_of_the_target(
    specify: Specify, recorder: Recorder, server_dsn: str
) -> None:
    notes = Notes(
        server_dsn, (Initialiser(function="apps.starting:opn", tenant="slug"),)
    )
    spec = specify(APP, environment={"DSN": server_dsn})

    with pytest.raises(TargetError, match=r"apps\.starting:opn"):
        async with served(spec, recorder, watch=notes):
            pytest.fail("it started")
