"""Cold start: users arrive while the app is still starting, or before it does.

A refused connection means "not yet": the user tries again until it is answered. What
counts is the time to each tenant's first success.

By itself, before or while the app of the world starts::

    HARNESS_WORLD=world.json locust -f scenarios/swarm/cold_start.py --headless -u 40
"""

from __future__ import annotations

from locust import task

from harness.swarm.worker import TenantUser, now_and_then


class EarlyMember(TenantUser):
    """Stays with its tenant, asks at once, and then about once a second."""

    visit = 0
    wait_time = now_and_then(1.0)

    @task(9)
    def look(self) -> None:
        """Read something: a list, an object, a setting."""
        self.read()

    @task(1)
    def change(self) -> None:
        """Make, change or delete something."""
        self.write()
