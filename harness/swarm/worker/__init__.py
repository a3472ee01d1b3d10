"""What locustfiles import; the only part of the harness that loads Locust."""

from __future__ import annotations

import locust

from harness.swarm.crew.pacing import every, now_and_then
from harness.swarm.worker.hooks import register
from harness.swarm.worker.user import TenantUser

__all__ = ["TenantUser", "every", "now_and_then"]

# Locust knows a locustfile's hooks by its having been imported.
register(locust.events)
