"""A user who keeps the generator so busy that it can hardly ask."""

from __future__ import annotations

import time

from locust import task

from harness.swarm.worker import TenantUser, every


class Burning(TenantUser):
    wait_time = every(0.01)

    @task
    def burn(self) -> None:
        self.read()
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
