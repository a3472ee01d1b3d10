"""A locustfile that looks at answers in every second slot of its time only.

Its time is that of the processor: what else the machine does takes none of it. At its
end it writes how many requests were made in each slot to the file that `PAIRED` names.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from locust import constant, events, task

from harness.swarm.worker import TenantUser

if TYPE_CHECKING:
    from harness.swarm.crew.watch import Watch

SLOT: Final = 0.05
"""Seconds of processor time; some hundred requests."""


class Blind:
    """Looks at nothing."""

    def foreign(self, *_: object) -> tuple[()]:
        """Find nothing."""
        return ()

    def sights(self, *_: object) -> bool:
        """Sight nothing."""
        return False


class Paired(TenantUser):
    """Asks without a pause."""

    wait_time = constant(0)
    visit = 50
    made: Counter[int] = Counter()  # noqa: RUF012 - of all users together

    @task
    def look(self) -> None:
        """Read, with or without a look at the answer."""
        slot = int(time.process_time() / SLOT)
        watches = vars(self.crew).setdefault("pair", (self.crew.watch, Blind()))
        self.crew.watch = cast("Watch", watches[slot % 2])
        self.read()
        self.made[slot] += 1


@events.quitting.add_listener  # type: ignore[untyped-decorator] # is not annotated
def _tell(**_: Any) -> None:
    Path(os.environ["PAIRED"]).write_text(json.dumps(Paired.made))
