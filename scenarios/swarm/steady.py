"""Steady traffic: users of all tenants read, and now and then write.

By itself::

    HARNESS_WORLD=world.json locust -f scenarios/swarm/steady.py --headless -u 40
"""

from __future__ import annotations

from locust import task

from harness.swarm.worker import TenantUser, now_and_then


class Member(TenantUser):
    """Reads nine times for each time that it writes; about a request a second."""

    wait_time = now_and_then(1.0)

    @task(9)
    def look(self) -> None:
        """Read something: a list, an object, a setting."""
        self.read()

    @task(1)
    def change(self) -> None:
        """Make, change or delete something."""
        self.write()
