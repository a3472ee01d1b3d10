"""What is open for one tenant while it is in use."""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_app.ai.context import ModelContext
from reference_app.limits.rate_limits import RateLimits
from reference_app.storage.seam import TenantStore
from reference_app.tenants.ending import EndingSignal


@dataclass(frozen=True, slots=True)
class TenantRuntime:
    """A tenant's own resources; nothing in it is shared with another tenant.

    Attributes:
        store: Where its rows are.
        context: What the assistant answers with.
        limits: How much it and its members may ask for.
        ending: Given when it is about to be closed: who uses it for long leaves.
    """

    store: TenantStore
    context: ModelContext
    limits: RateLimits
    ending: EndingSignal = field(default_factory=EndingSignal)
