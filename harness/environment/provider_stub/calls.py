"""What was asked of the provider stub, and how often by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from harness.environment.inbound import Inbound


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the provider.

    Attributes:
        number: From 1, in the order of arrival.
        at: Seconds since the epoch at which it had come to its end.
        key: The API key that it carried; "" for none.
        owner: Index of the tenant whose key that is; None if nobody's.
        request: What was sent; its body is empty if the stub keeps none.
        retry: How often the SDK says that it had tried before: 0 for a first try.
    """

    number: int
    at: float
    key: str = field(repr=False)
    owner: int | None
    request: Inbound
    retry: int

    def without_body(self) -> Call:
        """Return the same call, its body left out."""
        return replace(self, request=replace(self.request, body=b""))


@final
class CallLog:
    """The calls so far; the server's thread adds, any thread reads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Note a call."""
        self._calls.append(call)

    @property
    def mark(self) -> int:
        """Position to hand to `since` later."""
        return len(self._calls)

    def since(self, mark: int = 0) -> tuple[Call, ...]:
        """Return the calls that came after a mark; all of them by default."""
        return tuple(self._calls[mark:])

    def by_owner(self, mark: int = 0) -> Mapping[int | None, tuple[Call, ...]]:
        """Return the calls after a mark by whose key they were made with.

        A try that the SDK repeated is a call as well; `Call.retry` tells it.
        """
        grouped: dict[int | None, list[Call]] = defaultdict(list)
        for call in self.since(mark):
            grouped[call.owner].append(call)
        return {owner: tuple(calls) for owner, calls in grouped.items()}
