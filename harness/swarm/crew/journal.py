"""The journal of a worker: what it has to say, as NDJSON that the run reads along."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from harness.model.event import Event

OWNER_ONLY = 0o600


@final
class Journal:
    """Writes events, each on a line of its own and at once.

    Attributes:
        name: Of the worker, unique in a run.

    Args:
        directory: Where to write; None to write nothing.
    """

    def __init__(self, directory: Path | None) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(2)}"
        self._descriptor = -1
        if directory is not None:
            path = directory / f"worker-{self.name}.ndjson"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._descriptor = os.open(path, flags, OWNER_ONLY)

    def write(self, event: Event) -> None:
        """Write an event."""
        if self._descriptor >= 0:
            line = json.dumps(dataclasses.asdict(event), default=_listed)
            os.write(self._descriptor, f"{line}\n".encode())


def _listed(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)
