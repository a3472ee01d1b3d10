"""Users come before the app does, and are not turned away for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checkers.load import load_coverage
from harness.hosting.hosted import Hosted
from harness.hosting.port import reserved
from harness.hosting.served import served
from harness.model.history import History
from harness.model.load import Beat, Tally
from harness.model.progress import silent
from harness.provisioning.worlds import write_world
from harness.swarm.exercise import Swarm
from harness.swarm.figures import measurements
from tests.swarm.swarming import new_recorder, plan, spec_of, world_in

HOLD = 0.5
"""Seconds that the app's lifespan takes at least."""


@pytest.fixture
async def word_at() -> AsyncIterator[int]:
    """Hold each lifespan back for a moment."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(HOLD)  # a lifespan that takes its time
        writer.write(b"\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1]


async def test_users_come_first_and_each_tenants_first_success_is_timed(
    tmp_path: Path, word_at: int
) -> None:
    recorder, key = new_recorder()
    environment = {"NOTES_FILE": str(tmp_path / "notes.json")}
    spec = spec_of(environment)
    async with served(spec, recorder) as hosted:
        world = await world_in(hosted, recorder, key, tenants=4)
    refused_at_start: list[int] = []
    slow = replace(spec, environment={**environment, "NOTES_WORD_AT": str(word_at)})
    with reserved() as port:
        write_world(tmp_path / "world.json", replace(world, url=port.url))

        @asynccontextmanager
        async def app() -> AsyncIterator[Hosted]:
            beats = [one for one in recorder.since() if isinstance(one, Beat)]
            refused_at_start.append(max(beat.refused for beat in beats))
            async with served(slow, recorder, port=port) as hosted:
                yield hosted

        cold = plan(tmp_path, seconds=12, cold=True)
        moments = await Swarm(cold, app, recorder, list, silent).run()

    history = History(
        recorder.since(), world.fields, {n: frozenset() for n in range(4)}
    )
    tallies = list(history.of(Tally))
    figures = measurements(tallies, moments)
    waited = {
        one.labels["tenant"]: one.value
        for one in figures
        if one.name == "first_success"
    }
    ready = next(one.value for one in figures if one.name == "ready")
    assert refused_at_start[0] > 0
    assert set(waited) == {"A", "B", "C", "D"}
    assert all(value > HOLD for value in waited.values())
    assert ready > HOLD
    assert sum(one.failures for one in tallies if one.tenant >= 0) == 0
    # One user finds out for all: else each of twelve would ask twenty times a second.
    refused = max(one.refused for one in history.of(Beat))
    assert refused < 2 * 12 + 21 * (moments.ready - moments.began)
    operations = [one.operation for one in world.requests]
    covered = load_coverage(history, operations=operations, cold=True)
    assert not [gap for gap in covered.below_floor if gap.what.startswith("tenant")]
