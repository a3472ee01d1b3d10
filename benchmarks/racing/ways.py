"""Ways to look for a race: each has the same wall time, and the same oracle.

Those of third parties are called as their documentation shows, with their defaults, and
are looked for only when they are asked for.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from time import perf_counter  # as it is: a tool may set another clock
from typing import Any, Final, TypeAlias

from benchmarks.racing.databases import Database, InMemory, Postgres
from benchmarks.racing.program import Program
from benchmarks.racing.races import Cancelled

BUDGET: Final = 200
"""Schedules of one exploration of ours; then another begins, with another seed."""
MOST_HOPS: Final = 3
"""Plain runs cancel at once, or after up to so many answers less one."""


@dataclass
class Search:
    """One search for one race.

    Attributes:
        program: What is searched.
        dsn: Of the server; "" for doubles.
        seconds: How long it may take.
        seed: Of what is drawn.
        most: How often it may run the program; 0 for as often as there is time.
        runs: How often the program was run.
        found: What the oracle saw first.
        took: Seconds until then.
        note: Why it ended otherwise.
    """

    program: type[Program]
    dsn: str
    seconds: float
    seed: int
    most: int = 0
    runs: int = 0
    found: str = ""
    took: float = 0.0
    note: str = ""
    started: float = field(default_factory=perf_counter)

    @property
    def goes_on(self) -> bool:
        """Whether there is time left, and nothing found."""
        left = self.left > 0 and (not self.most or self.runs < self.most)
        return left and not (self.found or self.note)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.started + self.seconds - perf_counter()

    def database(self, pause: Callable[[str], Coroutine[Any, Any, None]]) -> Database:
        return Postgres(self.dsn) if self.dsn else InMemory(pause)

    def judge(self, program: Program) -> bool:
        """Take what one run showed; True if nothing."""
        self.runs += 1
        if findings := program.findings():
            self.took = self.took or perf_counter() - self.started
            self.found = self.found or findings[0]
        return not findings


Way: TypeAlias = Callable[[Search], None]


async def sleep(_: str) -> None:
    """Suspend once, as the documentation of the simulators does."""
    await asyncio.sleep(0)


async def gathered(program: Program) -> None:
    """Let all actors act at once, and drop what they opened."""
    try:
        await asyncio.gather(*(actor() for actor in program.actors()))
    finally:
        program.end()


def plain(search: Search) -> None:
    """Run it again and again, by `asyncio.gather`."""
    drawn = random.Random(search.seed)

    async def once() -> None:
        hops = drawn.randrange(MOST_HOPS)
        program = search.program(search.database(sleep), hops=hops)
        await gathered(program)
        search.judge(program)

    while search.goes_on:
        asyncio.run(once())


def ours(search: Search) -> None:
    """Explore schedules by the portfolio, as `harness races` does."""
    from harness.observe.gates.all import gated
    from harness.scheduling.locks import locks_seen
    from harness.scheduling.search.portfolio import Portfolio

    with gated(), locks_seen(search.dsn) as locks:
        for round_ in itertools.count():
            portfolio = Portfolio(BUDGET, seed=1000 * search.seed + round_)
            while search.goes_on and (chosen := portfolio.next()) is not None:
                portfolio.record(_schedule(search, chosen[1], locks))
            if not search.goes_on:
                return


def _schedule(search: Search, chooser: Any, locks: Any) -> Any:
    """Run one schedule; return its trace."""
    from harness.model.race import Ending
    from harness.point import point
    from harness.scheduling.actors import ACTOR
    from harness.scheduling.fresh import gated_loop
    from harness.scheduling.kernel import Kernel

    program = search.program(search.database(point))

    async def act(number: int, actor: Callable[[], Coroutine[Any, Any, None]]) -> None:
        ACTOR.set(f"actor {number}")
        await actor()

    async def whole() -> None:
        try:
            actors = enumerate(program.actors())
            await asyncio.gather(*itertools.starmap(act, actors))
        finally:
            program.end()

    with gated_loop() as loop:
        ran = Kernel(loop, chooser, locks=locks).run(whole())
    if ran.error is not None:
        raise ran.error
    if ran.ending != Ending.ENDED:
        search.note = f"alarm: {ran.ending}"
    search.judge(program)
    return ran.trace


def frontrun(search: Search) -> None:
    """Half of the time its DPOR, which is its default; then its random schedules.

    It does not say that it puts `Task.cancel` in order, but explores when time-outs
    end: there cancellation is by one.
    """
    tool: Any = importlib.import_module("frontrun")
    cancels = issubclass(search.program, Cancelled)
    clock = {"clock": "explored"} if cancels else {}

    def program() -> Program:
        return search.program(search.database(sleep), times_out=cancels)

    def worker(number: int) -> Callable[[Program], Coroutine[Any, Any, None]]:
        async def work(program: Program) -> None:
            await program.actors()[number]()

        return work

    def invariant(program: Program) -> bool:
        program.end()
        return search.judge(program)

    async def explore(**options: Any) -> Any:
        return await tool.explore(
            setup=program,
            workers=[worker(number) for number in range(len(program().actors()))],
            invariant=invariant,
            detect_sql=bool(search.dsn),
            **clock,
            **options,
        )

    result = asyncio.run(
        explore(total_timeout=search.seconds / 2, reproduce_on_failure=0)
    )
    if search.goes_on:
        result = asyncio.run(
            explore(
                strategy="random",
                seed=search.seed,
                max_attempts=1_000_000,
                total_timeout=search.left,
            )
        )
    if not search.found and not result.property_holds:
        why = result.inconclusive_reason or result.explanation or "no verdict"
        alarm = result.property_holds is False
        search.note = f"{'alarm' if alarm else 'no verdict'}: {why.strip()}"


def simloop(search: Search) -> None:
    """Its `explore`, seed after seed."""
    tool: Any = importlib.import_module("simloop")

    def seeds() -> Iterator[int]:
        for seed in itertools.count(search.seed * 1_000_000):
            if not search.goes_on:
                return
            yield seed

    report = tool.explore(_asserting(search), seeds())
    if report is not None and not search.found:
        search.note = f"alarm: {type(report.exception).__name__}: {report.exception}"


def simloom(search: Search) -> None:
    """Its runs, seed after seed."""
    tool: Any = importlib.import_module("simloom")
    main = _asserting(search)
    for seed in itertools.count(search.seed * 1_000_000):
        if not search.goes_on:
            return
        result = tool.run(main, seed=seed, raise_on_error=False)
        if result.error is not None and not search.found:
            search.note = f"alarm: {type(result.error).__name__}: {result.error}"


def _asserting(search: Search) -> Callable[[], Coroutine[Any, Any, None]]:
    async def main() -> None:
        program = search.program(search.database(sleep))
        await gathered(program)
        assert search.judge(program), search.found

    return main


def ways() -> dict[str, Way]:
    """Return all, by the names that the table has."""
    return {
        "gather": plain,
        "harness": ours,
        "frontrun": frontrun,
        "simloop": simloop,
        "simloom": simloom,
    }
