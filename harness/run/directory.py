"""A run's directory: its files, and how many runs are kept."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.provisioning.worlds import write_world
from harness.recording.ndjson import write_events
from harness.reports import json as json_report
from harness.run.limits import room_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.event import Event
    from harness.model.result import Result
    from harness.model.world import World

HISTORY, REPORT, WORLD = "history.ndjson", "report.json", "world.json"


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Where a run's files go.

    Attributes:
        path: The directory.
        started: When the run began.
    """

    path: Path
    started: datetime

    @classmethod
    def make(cls, runs: Path, exercise: str, *, keep: int) -> RunDirectory:
        """Make a directory for a new run, and remove the oldest ones."""
        started = datetime.now(UTC)
        name = f"{started:%Y%m%d-%H%M%S}-{exercise}-{secrets.token_hex(2)}"
        path = runs / name
        with room_in(runs):
            path.mkdir(parents=True, mode=0o700)
            _ignore(runs)
        _prune(runs, keep)
        return cls(path, started)

    @property
    def id(self) -> str:
        """Name of the run."""
        return self.path.name

    def write_history(self, events: Iterable[Event]) -> None:
        """Write ``history.ndjson``."""
        with room_in(self.path):
            write_events(self.path / HISTORY, events)

    def write_world(self, world: World) -> None:
        """Write ``world.json``."""
        with room_in(self.path):
            write_world(self.path / WORLD, world)

    def write_report(self, result: Result) -> None:
        """Write ``report.json``."""
        with room_in(self.path):
            (self.path / REPORT).write_bytes(json_report.render(result))


def _ignore(runs: Path) -> None:
    """Keep runs, which hold secrets of test tenants, out of version control."""
    ignore = runs / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _prune(runs: Path, keep: int) -> None:
    """Remove the oldest runs; only directories that look like ours."""
    ours = sorted(
        path
        for path in runs.iterdir()
        if path.is_dir() and path.name[:8].isdigit() and path.name[8:9] == "-"
    )
    for path in ours[:-keep]:
        shutil.rmtree(path, ignore_errors=True)
