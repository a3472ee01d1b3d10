"""Which engine SQLAlchemy's statements went through, and on what kind of thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, event


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was sent.

    Attributes:
        sql: Its text.
        engine: What its connection came from.
        held_up_loop: Whether it was sent from an event loop's thread.
    """

    sql: str
    engine: Engine
    held_up_loop: bool


def on_event_loop() -> bool:
    """Say whether the calling thread is running an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def statements_watched() -> Iterator[list[Statement]]:
    """Collect the statements that are sent while the context lasts."""
    seen: list[Statement] = []

    def note(connection: Connection, _cursor: object, sql: str, *_rest: object) -> None:
        seen.append(Statement(sql, connection.engine, on_event_loop()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
