"""Which tenant's user comes next: the mix of tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

UNIFORM: Final = "uniform"
ZIPF: Final = "zipf"


@final
class Mix:
    """Deals out tenants so that each gets its share, evenly over time.

    No dice are thrown (this is smooth weighted round-robin, as nginx balances by):
    short runs keep to the shares too, and no tenant is left out by chance.

    Args:
        shares: Weight of each tenant.
        worker: Number of this worker, from 0.
        workers: How many there are: together they deal out what one alone would.
    """

    def __init__(
        self, shares: Sequence[float], *, worker: int = 0, workers: int = 1
    ) -> None:
        self._shares = tuple(shares)
        self._total = sum(self._shares)
        self._credit = [0.0] * len(self._shares)
        self._workers = max(1, workers)
        for _ in range(worker % self._workers):
            self._deal()

    def next(self) -> int:
        """Return the index of the tenant whose user comes next."""
        chosen = self._deal()
        for _ in range(self._workers - 1):
            self._deal()
        return chosen

    def _deal(self) -> int:
        credit = self._credit
        for tenant, share in enumerate(self._shares):
            credit[tenant] += share
        chosen = max(range(len(credit)), key=credit.__getitem__)
        credit[chosen] -= self._total
        return chosen


def uniform(tenants: int) -> tuple[float, ...]:
    """Return equal shares."""
    return (1.0,) * tenants


def zipf(tenants: int, *, exponent: float) -> tuple[float, ...]:
    """Return the shares of Zipf's law: the k-th tenant has 1/k^exponent of the first.

    Few customers make most of the traffic of most services.
    """
    return tuple(1.0 / rank**exponent for rank in range(1, tenants + 1))
