"""What the tests of the kernel run their schedules on."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from harness.scheduling.actors import ACTOR, Actor
from harness.scheduling.choice import Chooser, FirstCome, Operation
from harness.scheduling.entry import Entry
from harness.scheduling.fresh import gated_loop
from harness.scheduling.kernel import Kernel, Move, Ran
from harness.scheduling.locks import Locks, NoLocks

Scenario = Callable[[Kernel], Coroutine[Any, Any, None]]

NOWHERE: Final = NoLocks()


@dataclass(frozen=True, slots=True)
class Played:
    """One schedule, and what was told of it."""

    ran: Ran
    moves: list[Move] = field(default_factory=list)

    @property
    def story(self) -> list[tuple[object, ...]]:
        """What happened, without what may differ from run to run."""
        return [
            (*one.operation.key, one.operation.kind, str(one.movement))
            for one in self.moves
        ]

    def kinds(self, actor: str) -> list[str]:
        return [
            one.operation.kind
            for one in self.moves
            if one.operation.actor == actor and one.movement == "went"
        ]


class Seeded:
    """Takes any option, as a seed says."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, options: Sequence[Operation]) -> int:
        return self._random.randrange(len(options))


class Takes:
    """Takes the first option of which something is true, once; else what came first."""

    def __init__(self, *wanted: Callable[[Operation], bool]) -> None:
        self.left = list(wanted)

    def choose(self, options: Sequence[Operation]) -> int:
        for wanted in self.left[:1]:
            for index, one in enumerate(options):
                if wanted(one):
                    self.left.pop(0)
                    return index
        return 0


class Follows:
    """Lets one actor go before others as long as it can, in their order here."""

    def __init__(self, *actors: str) -> None:
        self._actors = actors

    def choose(self, options: Sequence[Operation]) -> int:
        plain = [one for one in options if not one.outcome and one.actor != "clock"]
        for actor in self._actors:
            for index, one in enumerate(plain):
                if one.actor == actor:
                    return index
        return 0


def play(
    scenario: Scenario,
    chooser: Chooser | None = None,
    *,
    locks: Locks = NOWHERE,
    fails: Collection[str] = (),
    faults: int = 0,
    on_advance: Callable[[float], None] = lambda _: None,
    background: Collection[str] = (),
) -> Played:
    """Run one schedule of a scenario."""
    moves: list[Move] = []

    def how(_: Entry) -> Collection[str]:
        return fails

    with gated_loop() as loop:
        loop.on_advance = on_advance
        kernel = Kernel(
            loop,
            chooser or FirstCome(),
            locks=locks,
            told=moves.append,
            fails=how,
            background=background,
            faults=faults,
        )
        ran = kernel.run(scenario(kernel))
    return Played(ran, moves)


async def acting(actor: str, work: Awaitable[Any]) -> Any:
    """Do something in the name of an actor."""
    ACTOR.set(actor)
    return await work


def may_leave(kernel: Kernel, name: str, task: asyncio.Task[Any]) -> None:
    """Let an actor be cancelled, where the schedule says so."""
    kernel.actors[name] = Actor(name, leave=lambda: (task.cancel(), None)[1], task=task)


def read(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the database, outside of any schedule."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            if query.startswith("select"):
                return [tuple(row) for row in await connection.fetch(query)]
            await connection.execute(query)
            return []
        finally:
            await connection.close()

    loop = asyncio.new_event_loop()
    with contextlib.closing(loop):
        return loop.run_until_complete(ask())


def values(dsn: str) -> dict[str, int]:
    """Return what the counters are."""
    return dict(read(dsn, "select name, value from counters"))
