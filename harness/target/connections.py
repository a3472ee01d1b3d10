"""What a target says of the connections to Postgres that its app may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlan:
    """The most connections that the app may take, as it is configured.

    A process takes ``min(budget, tenants * largest_pool) + shared``; all together take
    that times their number, and `reserve`.

    Attributes:
        budget: Most connections of one process to what belongs to tenants; None if
            nothing limits them but their pools.
        largest_pool: Most connections of one tenant in one process; None if tenants
            have no pools of their own.
        shared: Most connections of one process beside those.
        reserve: What others need: migrations, jobs, people.
    """

    budget: int | None = None
    largest_pool: int | None = None
    shared: int = 0
    reserve: int = 0

    def most(self, *, tenants: int, workers: int) -> int:
        """Return the most connections at once."""
        return workers * (self._of_tenants(tenants) + self.shared) + self.reserve

    def sum(self, *, tenants: int, workers: int) -> str:
        """Write out how `most` comes about."""
        own = self._written(tenants)
        if self.shared:
            own = f"({own} + {self.shared} shared)"
        total = self.most(tenants=tenants, workers=workers)
        unit = "worker" if workers == 1 else "workers"
        return f"{workers} {unit} {TIMES} {own} + {self.reserve} reserve = {total}"

    def _of_tenants(self, tenants: int) -> int:
        pools = None if self.largest_pool is None else tenants * self.largest_pool
        bounds = [bound for bound in (self.budget, pools) if bound is not None]
        return min(bounds, default=0)

    def _written(self, tenants: int) -> str:
        budget = f"budget {self.budget}"
        pools = f"{tenants} tenants {TIMES} {self.largest_pool}"
        if self.largest_pool is None:
            return "0" if self.budget is None else budget
        return pools if self.budget is None else f"min({budget}, {pools})"
