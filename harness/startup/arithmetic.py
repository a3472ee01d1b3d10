"""Connection arithmetic: does Postgres take what the app may open?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.environment.activity import Limits
    from harness.target.connections import ConnectionPlan


def refuse_if_too_many(
    plan: ConnectionPlan, limits: Limits, *, strategy: str, tenants: int, workers: int
) -> None:
    """Refuse to start an app that may open more connections than there are.

    Raises:
        UsageError: The message shows the sum.
    """
    most = plan.most(tenants=tenants, workers=workers)
    if most <= limits.available:
        return
    raise UsageError(
        f"Strategy {strategy} with {tenants} tenants may take more connections than "
        f"Postgres has: {plan.sum(tenants=tenants, workers=workers)} > "
        f"{limits.available} (max_connections {limits.most} - {limits.reserved} "
        "reserved).",
        hint="Lower the app's connection budget, its pools or the number of workers, "
        "or raise max_connections; Target.connections says what the app may take.",
    )
