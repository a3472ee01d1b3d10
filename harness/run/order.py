"""An order: what a run was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from harness.model.progress import Listener
from harness.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What a run was asked for.

    Attributes:
        settings: What the user chose.
        command: Command line that repeats the run.
        root: Directory that the target and the app are imported from.
        listener: Hears of progress.
    """

    settings: Settings
    command: str
    root: Path
    listener: Listener

    def changed(self, **settings: object) -> Self:
        """Return the order with other settings."""
        return replace(self, settings=self.settings.model_copy(update=settings))
