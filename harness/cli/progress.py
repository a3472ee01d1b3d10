"""Live progress: a moving display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from harness.cli.terminal import Terminal
from harness.model.progress import Listener, Progress
from harness.reports.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PLAIN_INTERVAL = 5.0
"""Seconds between two plain lines of the same phase."""


@contextlib.contextmanager
def following(terminal: Terminal) -> Iterator[Listener]:
    """Show progress inside the block, by the listener that it yields."""
    if terminal.live:
        with _bars(terminal.err) as bars:
            yield LiveProgress(bars)
    else:
        yield PlainProgress(terminal.tell)


class LiveProgress:
    """Draws one bar for each phase."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._phase = ""
        self._lock = threading.Lock()

    def __call__(self, event: Progress) -> None:
        """Show a sign of life."""
        from rich.text import Text

        with self._lock:
            if event.phase != self._phase:
                self._settle()
                self._begin(event.phase)
            self._bars.update(
                self._tasks[event.phase],
                completed=event.done,
                total=event.total or None,
                detail=visible(event.detail, 200),
                figures=_figures(event),
            )
        if event.finding:
            found = Text.assemble(("found ", "bold red"), visible(event.finding, 300))
            self._bars.console.print(found)

    def _begin(self, phase: str) -> None:
        """Give a phase a bar, or its old one when it comes again."""
        self._phase = phase
        if phase in self._tasks:
            self._bars.reset(self._tasks[phase])
        else:
            self._tasks[phase] = self._bars.add_task(
                visible(phase), total=None, detail="", figures=""
            )

    def _settle(self) -> None:
        """Let the bars of other phases stand still."""
        for task in self._bars.tasks:
            if task.total is None:
                self._bars.update(task.id, total=1, completed=1)
            self._bars.update(task.id, detail="")
            self._bars.stop_task(task.id)


class PlainProgress:
    """Writes a line when a phase begins, at most every few seconds, and on findings.

    Args:
        tell: Writes a line.
        clock: Seconds, from any start.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._phase = ""
        self._due = 0.0
        self._lock = threading.Lock()

    def __call__(self, event: Progress) -> None:
        """Show a sign of life."""
        with self._lock:
            now = self._clock()
            if event.phase != self._phase or now >= self._due:
                self._phase = event.phase
                self._due = now + PLAIN_INTERVAL
                parts = (event.phase, _figures(event), event.detail)
                self._tell(visible(" ".join(part for part in parts if part), 300))
            if event.finding:
                self._tell(f"found {visible(event.finding, 300)}")


def _figures(event: Progress) -> str:
    if event.total:
        return f"{event.done}/{event.total}"
    return str(event.done) if event.done else ""


def _bars(stream: TextIO) -> Bars:
    """Return the display; it leaves nothing behind but the findings."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
        TextColumn(
            "{task.fields[detail]}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        console=Console(file=stream, highlight=False),
        transient=True,
        refresh_per_second=4,
        # The log taps own sys.stdout and sys.stderr meanwhile.
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    )
