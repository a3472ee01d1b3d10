"""Users who write often, and of whom each holds something open."""

from __future__ import annotations

from locust import task

from harness.swarm.worker import TenantUser, every


class Listening(TenantUser):
    wait_time = every(0.2)
    hold = 1

    @task(2)
    def change(self) -> None:
        self.write()

    @task(1)
    def look(self) -> None:
        self.read()
