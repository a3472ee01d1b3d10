"""How often a start calls the model provider with one key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.checkers.processes import Start, process_finding
from harness.model.boot import ProviderCalls
from harness.model.event import BootCalls
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.finding import Finding
    from harness.model.history import History


def called_too_often(
    history: History, starts: Mapping[int, Start]
) -> Iterator[Finding]:
    """Find starts that called the provider more often than the target allows.

    Where the target says nothing, any number is fine: how often a good app primes a
    key is its own affair.

    Args:
        history: What happened.
        starts: The watched starts among it, by number.
    """
    counted = Counter[tuple[int, int | None]]()
    most: dict[int, int] = {}
    for one in history.of(ProviderCalls):
        counted[one.boot, one.tenant] += one.calls
        most[one.boot] = one.most
    for (number, tenant), calls in counted.items():
        start = starts[number]
        allowed = most[number] * start.boot.workers
        where = f"trial {start.boot.trial}"
        yield from _judged(tenant, calls, allowed, which=f" ({start})", where=where)
    for begun in history.of(BootCalls):
        for tenant, calls in begun.calls:
            where = "a start, before the app was ready"
            yield from _judged(tenant, calls, begun.most, which="", where=where)


def _judged(
    tenant: int | None, calls: int, allowed: int, *, which: str, where: str
) -> Iterator[Finding]:
    """Find that there were too many; a negative allowance is none at all."""
    if 0 <= allowed < calls:
        whose = "nobody's key" if tenant is None else f"{alias(tenant)}'s key"
        yield process_finding(
            "model provider",
            "called too often",
            f"The start called the model provider {calls} times with {whose}; the "
            f"target allows {allowed}{which}",
            f"{whose}: {calls} calls in {where}",
            owner=tenant,
        )
