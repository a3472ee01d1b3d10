"""The figures of a swarm, as tables: all together, tenants, operations, failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.reports.text import plural, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.model.measurement import Measurement
    from harness.model.result import Result

SHOWN: Final = 10
"""Rows of a table, unless all are asked for."""
_BY: Final = ("first_success", "p99", "p95", "max")
"""What tenants are sorted by: the first of these that any has."""
_QUANTILES: Final = ("p50", "p95", "p99", "max")

Figures = Mapping[str, float]


def load_tables(result: Result, *, full: bool = False) -> Iterator[RenderableType]:
    """Yield the tables of a swarm; nothing for a result without load.

    Args:
        result: What a run has to say.
        full: Whether to show all rows.
    """
    total = _grouped(result, "").get("", {})
    if "p50" not in total and "failed" not in total:
        return
    yield Text("\nLOAD", "bold")
    yield Padding(Text(_all(total)), (0, 0, 0, 2), expand=False)
    tenants = _grouped(result, "tenant")
    names = {alias: visible(name, 24) for alias, name in result.tenants.items()}
    yield from _table("tenant", tenants, names, full=full)
    operations = {
        key: {name.removeprefix("operation_"): value for name, value in found.items()}
        for key, found in _grouped(result, "operation").items()
    }
    yield from _table("operation", operations, {}, full=full)
    yield from _failures(result.measurements, full=full)


def _grouped(result: Result, label: str) -> dict[str, Figures]:
    """Return the figures of each value of a label; of no label for ""."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for one in result.measurements:
        if set(one.labels) == ({label} if label else set()):
            found[one.labels.get(label, "")][one.name] = one.value
    return dict(found)


def _all(total: Figures) -> str:
    parts = [f"{total.get('requests', 0):,.0f} requests"]
    if "rate" in total:
        parts.append(f"{total['rate']:,.1f}/s")
    share = f" ({total['failures']:.2%})" if total.get("failed") else ""
    parts.append(f"{total.get('failed', 0):,.0f} failed{share}")
    if total.get("throttled"):
        parts.append(f"{total['throttled']:,.0f} throttled (429)")
    parts += [f"{name} {_time(total[name])}" for name in _QUANTILES if name in total]
    if "ready" in total:
        parts.append(f"ready after {_time(total['ready'])}")
    return " · ".join(parts)


def _table(
    kind: str, rows: Mapping[str, Figures], names: Mapping[str, str], *, full: bool
) -> Iterator[RenderableType]:
    """Yield a table, the worst rows first."""
    if not rows:
        return
    by = next((one for one in _BY if any(one in row for row in rows.values())), "max")
    worst = sorted(rows, key=lambda key: _rank(rows[key], by), reverse=True)
    shown = worst if full else worst[:SHOWN]
    first = any("first_success" in row for row in rows.values())
    throttled = any(row.get("throttled") for row in rows.values())
    quantiles = [one for one in _QUANTILES if any(one in row for row in rows.values())]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    grid.add_column(kind, overflow="fold")
    heads = ["requests", "failed", *(["429"] if throttled else []), *quantiles]
    for head in [*heads, *(["first success"] if first else [])]:
        grid.add_column(head, justify="right", no_wrap=True)
    for key in shown:
        row = rows[key]
        name = f"{visible(key)}  {names[key]}" if key in names else visible(key)
        cells = [Text(name), Text(f"{row.get('requests', 0):,.0f}"), _failed(row)]
        cells += [Text(f"{row.get('throttled', 0):,.0f}")] if throttled else []
        cells += [Text(_time(row.get(one))) for one in quantiles]
        cells += [Text(_time(row.get("first_success")))] if first else []
        grid.add_row(*cells)
    yield Text()
    yield Padding(grid, (0, 0, 0, 2), expand=False)
    rest = len(worst) - len(shown)
    if rest:
        text = f"and {plural(rest, f'{kind}')} with a lower {by.replace('_', ' ')}"
        yield Padding(Text(text, "dim"), (0, 0, 0, 2), expand=False)


def _rank(row: Figures, by: str) -> tuple[bool, float, float]:
    """Sort by failures that are all there is, then by the figure, then by the rest."""
    nothing = bool(row.get("failed")) and "max" not in row
    return nothing, row.get(by, -1.0), row.get("max", -1.0)


def _failed(row: Figures) -> Text:
    failed = row.get("failed", 0)
    return Text(f"{failed:,.0f}", "red" if failed else "")


def _failures(
    measurements: Sequence[Measurement], *, full: bool
) -> Iterator[RenderableType]:
    failures = [one for one in measurements if one.name == "failure"]
    failures.sort(key=lambda one: one.value, reverse=True)
    if not failures:
        return
    yield Text("\nFAILURES", "bold red")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for one in failures if full else failures[:SHOWN]:
        reason = visible(one.labels.get("reason", ""), 80)
        operation = visible(one.labels.get("operation", ""))
        grid.add_row(f"{one.value:,.0f} times", reason, operation)
    yield Padding(grid, (0, 0, 0, 2), expand=False)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"
