"""A line as the app wrote it, before anybody looked for canaries in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

LONGEST: Final = 262_144
"""Characters of one text that are kept; the rest is not looked at."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that the app logged or printed, raw.

    Stays inside the harness: it may hold anything.

    Attributes:
        at: `time.monotonic`, the same clock in every process.
        exchange: Id of the exchange it belongs to; 0 outside of any.
        logger: Name of the logger, or ``stdout`` or ``stderr``.
        level: Name of the level; "" for printed lines.
        message: The message before its arguments.
        texts: The line in each form it took: the message with its arguments, what
            handlers made of it, tracebacks.
        extras: Structured keys and values as text, in the order of their weight.
    """

    at: float
    exchange: int
    logger: str
    level: str
    message: str
    texts: tuple[str, ...]
    extras: tuple[tuple[str, str], ...] = ()

    def dump(self) -> list[object]:
        """Return the line as plain values, to be sent as JSON."""
        return [
            self.at,
            self.exchange,
            self.logger,
            self.level,
            self.message,
            self.texts,
            self.extras,
        ]

    @classmethod
    def parse(cls, values: Sequence[Any]) -> Line:
        """Read what `dump` returned, after JSON made lists of its tuples."""
        at, exchange, logger, level, message, texts, extras = values
        pairs = tuple((key, value) for key, value in extras)
        return cls(at, exchange, logger, level, message, tuple(texts), pairs)


Sink = Callable[[Line], None]
