"""Users who ask often enough for a test of a few seconds."""

from __future__ import annotations

from locust import task

from harness.swarm.worker import TenantUser, every


class Often(TenantUser):
    wait_time = every(0.1)

    @task(6)
    def look(self) -> None:
        self.read()

    @task(2)
    def change(self) -> None:
        self.write()

    @task(2)
    def try_another_door(self) -> None:
        self.stray()
