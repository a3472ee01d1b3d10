"""What races explored, as a table: a row for each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.reports.text import one_line, plural, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.model.explored import Explored
    from harness.model.result import Result

_HEADS: Final = ("schedules", "distinct", "n", "k", "depth", "controlled", "parted")
_LEGEND: Final = """\
n actors have k choices between them where nobody interferes. Depth d: all schedules
with at most d deviations from first-come-first-served were run, at operation
granularity; others are samples. Parted: did not repeat, so that luck had a say."""


def races_table(result: Result) -> Iterator[RenderableType]:
    """Yield what was explored; nothing for a result without schedules."""
    if not result.explored:
        return
    yield Text("\nEXPLORED", "bold")
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    grid.add_column("scenario", no_wrap=True)
    for head in (*_HEADS, "found"):
        grid.add_column(head, justify="right", no_wrap=True)
    for one in result.explored:
        style = "red" if one.findings else ""
        grid.add_row(Text(visible(one.scenario), style), *_cells(one))
    yield Padding(grid, (0, 0, 0, 2), expand=False)
    yield Padding(Text(_LEGEND, "dim"), (1, 0, 0, 2), expand=False)
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    for one in result.explored:
        rows.add_row(Text(visible(one.scenario)), Text(detail(one)))
    yield Padding(rows, (1, 0, 0, 2), expand=False)


def detail(one: Explored) -> str:
    """Say which schedules of a scenario were run, and with which chance."""
    parts = [one_line(one.statement), _shares(one.strategies), *_bounds(one)]
    if one.casts > 1:
        parts.append(f"With each of {one.casts} casts of tenants and requests.")
    return " ".join(part for part in parts if part)


def scenarios_explored(result: Result) -> list[str]:
    """Say how much was explored; nothing of a result without schedules."""
    if not result.explored:
        return []
    schedules = sum(one.schedules for one in result.explored)
    return [plural(len(result.explored), "scenario"), f"{schedules:,} schedules"]


def _cells(one: Explored) -> Iterator[str]:
    yield f"{one.schedules:,}"
    yield f"{one.distinct:,}"
    yield str(one.actors)
    yield str(one.choices)
    yield "-" if one.depth < 0 else str(one.depth)
    yield f"{1 - one.uncontrolled:.1%}"
    yield str(one.parted) if one.parted else "-"
    yield f"{len(one.findings)} (at {one.first})" if one.findings else "-"


def _shares(strategies: Mapping[str, int]) -> str:
    shares = ", ".join(f"{count} {name}" for name, count in strategies.items() if count)
    return f"By strategy: {shares}." if shares else ""


def _bounds(one: Explored) -> Iterator[str]:
    """Say how surely a schedule of a random strategy meets a bug of its depth."""
    bounds = [
        f"{name} 1/{round(1 / bound):,}"
        for name, bound in one.bounds.items()
        if bound and one.strategies.get(name)
    ]
    if bounds:
        yield f"Least chance of a schedule to meet a bug: {', '.join(bounds)}."
