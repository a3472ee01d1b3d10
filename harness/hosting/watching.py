"""Who watches a served app start and stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from harness.model.boot import Phase, Stage
from harness.observe.asyncpg.connections import Connection
from harness.observe.runs import Call
from harness.target.initialiser import Initialiser


class Watch(Protocol):
    """Hears of what happens in the workers; times are `time.monotonic`."""

    @property
    def initialisers(self) -> Sequence[Initialiser]:
        """Functions of the app whose calls are told of."""
        ...

    def reached(self, worker: int, phase: Phase, at: float, memory: int) -> None:
        """A worker has come to a phase; `memory` is the most it had, in bytes."""
        ...

    def called(self, worker: int, call: Call) -> None:
        """An initialiser was called, or is through."""
        ...

    def connected(self, worker: int, connection: Connection) -> None:
        """A connection was opened or closed."""
        ...

    async def stopped(self) -> None:
        """Each worker's lifespan is through; none ends before this returns."""
        ...


def tell(watch: Watch, worker: int, message: Sequence[Any]) -> bool:
    """Hand on what a `Witness` sent; return whether it is such a message."""
    match message:
        case ["reached", str(phase), float(at), int(memory)]:
            watch.reached(worker, Phase(phase), at, memory)
        case ["called", at, what, run, stage, *rest]:
            call = Call(at, what, run, Stage(stage), *rest)
            watch.called(worker, call)
        case ["connection", at, backend, is_open, key, where]:
            watch.connected(worker, Connection(at, backend, is_open, key, where))
        case _:
            return False
    return True
