"""Steady traffic: users of all tenants read, now and then write, and rarely stray.

By itself::

    HARNESS_WORLD=world.json locust -f scenarios/swarm/steady.py --headless -u 40
"""

from __future__ import annotations

from locust import task

from harness.swarm.worker import TenantUser, now_and_then


class Member(TenantUser):
    """Asks about once a second: mostly to read, and rarely for what is not its own."""

    wait_time = now_and_then(1.0)

    @task(17)
    def look(self) -> None:
        """Read something: a list, an object, a setting."""
        self.read()

    @task(2)
    def change(self) -> None:
        """Make, change or delete something."""
        self.write()

    @task(1)
    def try_another_door(self) -> None:
        """Read what is another tenant's: an object by its id, or at its door."""
        self.stray()
