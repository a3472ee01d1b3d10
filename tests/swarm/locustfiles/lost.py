"""The machine ends each worker before it tells anything; the master goes on."""

import os
import signal
from typing import Any

from locust import events
from locust.runners import WorkerRunner

from harness.swarm.worker import TenantUser


@events.init.add_listener  # type: ignore[untyped-decorator] # is not annotated
def lose(environment: Any, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        os.kill(os.getpid(), signal.SIGKILL)


class Nobody(TenantUser):
    """Nobody comes."""
