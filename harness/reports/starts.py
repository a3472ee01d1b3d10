"""The figures of starts as a table: a row for each strategy and number of tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.reports.text import one_line, plural, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.model.result import Result

OVER: Final = "over budget: "
_WIDEST: Final = 1000
UNMEASURED: Final = "nothing was measured for the budget "
"""How reasons of a verdict begin that speak of budgets."""
_FIRST: Final = "first 200: p50/p95/max"
_REQUEST: Final = "its request: p50/p95/max"
_HEADS: Final = (
    *("import", "lifespan", "listens", "ready", "all served", _FIRST, _REQUEST),
    *("connections", "left", "memory", "AI calls"),
)
_SPREAD: Final = ("p50", "p95", "max")
_NONE: Final = "-"
_LEGEND: Final = """\
Seconds from the spawn until the last worker came so far: median of {trials} (worst).
First 200: from the spawn to a tenant's first success, over the tenants; its request:
how much of that came after it had first asked, when the app was ready and it its turn.
Connections: most at once, and left after the shutdown; memory of all workers; calls of
the model provider, and the most with one tenant's key: the worst trial.
Nothing cooled file caches down: all trials but perhaps the first found them warm."""


def starts_table(result: Result) -> Iterator[RenderableType]:
    """Yield the table of a start-up run; nothing for another result."""
    rows = _rows(result)
    if not rows:
        return
    yield Text("\nSTARTS", "bold")
    yield Padding(_Tables(rows), (0, 0, 0, 2), expand=False)
    most = max(int(row.get("trials", 0)) for row in rows.values())
    trials = "1 trial" if most == 1 else f"{most} trials"
    legend = Text(_LEGEND.format(trials=trials), "dim")
    yield Padding(legend, (1, 0, 0, 2), expand=False)


def ways_to_start(result: Result) -> list[str]:
    """Say how many ways of starting were seen through; nothing of another result."""
    if result.exercise != "startup":
        return []
    ways = plural(result.coverage.operations, "way")
    watched = ", ".join(result.coverage.channels) or "nothing"
    return [f"{ways} of starting", f"watched: {watched}"]


def budget_lines(result: Result) -> Iterator[RenderableType]:
    """Yield what is to be said of budgets, of any exercise."""
    said = [one for one in result.verdict.reasons if one.startswith((OVER, UNMEASURED))]
    if not said:
        return
    yield Text("\nBUDGETS", "bold red")
    for reason in said:
        yield Padding(Text(f"✗  {one_line(reason)}"), (0, 0, 0, 2), expand=False)


def _rows(result: Result) -> Rows:
    rows: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for one in result.measurements:
        if set(one.labels) == {"strategy", "tenants"}:
            rows[one.labels["strategy"], one.labels["tenants"]][one.name] = one.value
    return rows


Rows = Mapping[tuple[str, str], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Tables:
    """All figures in one table where it fits, else in several."""

    rows: Rows

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        left = list(_HEADS)
        while left:
            count = len(left)
            while count > 1 and not self._fits(left[:count], console, options):
                count -= 1
            if len(left) < len(_HEADS):
                yield Text()
            yield _table(self.rows, left[:count])
            del left[:count]

    def _fits(
        self, heads: Sequence[str], console: Console, options: ConsoleOptions
    ) -> bool:
        boundless = options.update(width=_WIDEST, max_width=_WIDEST)
        wanted = Measurement.get(console, boundless, _table(self.rows, heads))
        return wanted.maximum <= options.max_width


def _table(rows: Rows, heads: Sequence[str]) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    grid.add_column("strategy", no_wrap=True)
    for head in ("tenants", *heads):
        grid.add_column(head, justify="right", no_wrap=True)
    for (strategy, tenants), row in rows.items():
        cells = _cells(row)
        shown = (cells[head] for head in heads)
        grid.add_row(Text(visible(strategy)), visible(tenants), *shown)
    return grid


def _cells(row: Mapping[str, float]) -> Mapping[str, str]:
    calls, most = row.get("provider_calls", 0), row.get("provider_calls_per_tenant", 0)
    return {
        "import": _seconds(row.get("imported")),
        "lifespan": _seconds(row.get("started")),
        "listens": _seconds(row.get("listening")),
        "ready": _with_worst(row, "ready"),
        _FIRST: _spread(row, "first_200"),
        _REQUEST: _spread(row, "first_request"),
        "all served": _with_worst(row, "served"),
        "connections": f"{row.get('connections', 0):.0f}",
        "left": f"{row.get('connections_left', 0):.0f}",
        "memory": f"{row['memory'] / 1e6:.0f} MB" if "memory" in row else _NONE,
        "AI calls": f"{calls:.0f} ({most:.0f})" if calls else _NONE,
    }


def _spread(row: Mapping[str, float], name: str) -> str:
    return " / ".join(_seconds(row.get(f"{name}_{one}")) for one in _SPREAD)


def _with_worst(row: Mapping[str, float], name: str) -> str:
    worst = row.get(f"{name}_worst")
    if worst is None or row.get("trials") == 1:
        return _seconds(row.get(name))
    return f"{_seconds(row.get(name))} ({_seconds(worst)})"


def _seconds(value: float | None) -> str:
    if value is None:
        return _NONE
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"
