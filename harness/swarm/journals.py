"""The journals of workers, read while they are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import final

from harness.errors import UsageError
from harness.model.event import Event
from harness.recording.ndjson import parse_line
from harness.swarm.variables import SHARED


@final
class Journals:
    """Reads what workers have written since the last time.

    Args:
        directory: Where they write.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[Path, int] = {}

    @property
    def begun(self) -> bool:
        """Whether Locust came as far as to share its work out among processes."""
        return (self._directory / SHARED).exists()

    def news(self) -> Iterator[Event]:
        """Yield new events; half a line, of a worker that was killed, is left out."""
        for path in sorted(self._directory.glob("worker-*.ndjson")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                try:
                    yield parse_line(line)
                except UsageError as error:
                    message = f"{path.name}: {error.message}"
                    raise UsageError(message, hint=error.hint) from error
