"""What a key may still use at the model provider, as the provider's headers say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
"""As in `anthropic-ratelimit-<kind>-remaining`."""


@dataclass(frozen=True, slots=True)
class Window:
    """One of the provider's limits.

    Attributes:
        limit: The most that may be used.
        remaining: What is left of it.
        reset: When it is whole again.
    """

    limit: int
    remaining: int
    reset: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class ProviderLimits:
    """The rate-limit state of one key; nothing is known before the first answer.

    Every answer brings new figures, errors too. In between, what has been asked for
    is taken off, so that many who ask at once do not all take the last request.

    Args:
        clock: Tells the time.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._windows: dict[str, Window] = {}
        self._blocked_until: datetime | None = None

    @property
    def windows(self) -> Mapping[str, Window]:
        """What is known, by kind."""
        return dict(self._windows)

    def update(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says; what it does not say stays."""
        for kind in KINDS:
            window = _window(headers, kind)
            if window is not None:
                self._windows[kind] = window

    def block(self, seconds: float) -> None:
        """Note that the provider has refused, and for how long."""
        self._blocked_until = self._clock() + timedelta(seconds=seconds)

    def wait(self, tokens: int) -> int:
        """Return for how many seconds a call would be refused; 0 if it would not be.

        Args:
            tokens: That the prompt will take, about.
        """
        now = self._clock()
        until = [self._blocked_until] if self._blocked_until else []
        for kind, needed in _needs(tokens).items():
            window = self._windows.get(kind)
            if window is not None and window.remaining < min(needed, window.limit):
                until.append(window.reset)
        return max(0, *(math.ceil((one - now).total_seconds()) for one in until), 0)

    def take(self, tokens: int) -> None:
        """Take off what a call is going to use."""
        for kind, needed in _needs(tokens).items():
            window = self._windows.get(kind)
            if window is not None:
                left = max(0, window.remaining - needed)
                self._windows[kind] = replace(window, remaining=left)


def _needs(tokens: int) -> Mapping[str, int]:
    return {"requests": 1, "tokens": tokens, "input-tokens": tokens, "output-tokens": 1}


def _window(headers: Mapping[str, str], kind: str) -> Window | None:
    """Read one limit; None if the headers do not tell it, or not well."""
    prefix = f"anthropic-ratelimit-{kind}-"
    try:
        return Window(
            limit=int(headers[prefix + "limit"]),
            remaining=int(headers[prefix + "remaining"]),
            reset=_moment(headers[prefix + "reset"]),
        )
    except (KeyError, ValueError):
        return None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
