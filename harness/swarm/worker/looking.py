"""Looking at what came: a leak ends Locust with 1, wherever that is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.event import Audience
from harness.swarm.worker.hooks import crew_of, tell_of_leak

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.swarm.crew.asked import Asked
    from harness.swarm.crew.reply import Reply


def look(environment: Environment, asked: Asked, reply: Reply) -> None:
    """Look for what is of others than whoever asked."""
    crew, index, prepared = crew_of(environment), asked.by.tenant.index, asked.prepared
    if prepared.audience is Audience.SHARED:
        return
    found = crew.watch.foreign(index, prepared, asked.written.path, reply)
    if found and crew.leaked(asked, reply, found):
        tell_of_leak(environment)
