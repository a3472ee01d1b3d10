"""Rate limits of one key: what is left of a minute, as the headers say it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, final

WINDOW: Final = 60.0
"""Seconds after which what was used is forgotten."""
KINDS: Final = ("requests", "tokens", "input-tokens", "output-tokens")
"""As the headers call them: ``anthropic-ratelimit-<kind>-limit`` and so on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may use in a minute."""

    requests: int = 4_000
    input_tokens: int = 400_000
    output_tokens: int = 80_000
    tokens: int = 480_000

    def of(self, kind: str) -> int:
        """Return one of them, by the name that the headers have for it."""
        return int(getattr(self, kind.replace("-", "_")))


@dataclass(slots=True)
class _Window:
    ends: float
    used: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))


@final
class RateLimit:
    """The state of one key.

    Args:
        limits: What it may use.
        clock: Tells the time, in seconds since the epoch.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._window = _Window(0.0)

    def admit(self, input_tokens: int) -> bool:
        """Whether one more request is within the limits; counts it if it is.

        Args:
            input_tokens: That its prompt takes.
        """
        wanted = {"requests": 1, "tokens": input_tokens, "input-tokens": input_tokens}
        window = self._current()
        if any(
            window.used[kind] + n > self.limits.of(kind) for kind, n in wanted.items()
        ):
            return False
        if self._remaining("output-tokens") <= 0:
            return False
        for kind, n in wanted.items():
            window.used[kind] += n
        return True

    def spend(self, output_tokens: int) -> None:
        """Count what an answer takes."""
        window = self._current()
        for kind in ("tokens", "output-tokens"):
            window.used[kind] += output_tokens

    def renew(self) -> None:
        """Forget what was used."""
        self._window = _Window(0.0)

    def exhaust(self) -> None:
        """Use up the requests of this minute."""
        self._current().used["requests"] = self.limits.requests

    @property
    def retry_after(self) -> int:
        """Whole seconds until what was used is forgotten, at least 1."""
        return max(1, math.ceil(self._current().ends - self._clock()))

    def remaining(self) -> Mapping[str, int]:
        """Return what is left, by kind."""
        return {kind: self._remaining(kind) for kind in KINDS}

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield what the provider tells with each answer."""
        moment = datetime.fromtimestamp(math.ceil(self._current().ends), UTC)
        reset = moment.isoformat().replace("+00:00", "Z")
        for kind in KINDS:
            lead = f"anthropic-ratelimit-{kind}"
            yield f"{lead}-limit", str(self.limits.of(kind))
            yield f"{lead}-remaining", str(self._remaining(kind))
            yield f"{lead}-reset", reset

    def _remaining(self, kind: str) -> int:
        return max(0, self.limits.of(kind) - self._current().used[kind])

    def _current(self) -> _Window:
        now = self._clock()
        if now >= self._window.ends:
            self._window = _Window(now + WINDOW)
        return self._window
