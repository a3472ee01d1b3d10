"""What takes seconds to load, as an import of many libraries does."""

from __future__ import annotations

import time

from locust import task

from harness.swarm.worker import TenantUser, every

end = time.monotonic() + 4
while time.monotonic() < end:
    pass


class Reader(TenantUser):
    wait_time = every(0.1)

    @task
    def look(self) -> None:
        self.read()
