"""A result for people: what was not covered, what was found, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.model.coverage import Gap
from harness.model.finding import Finding, Severity
from harness.model.result import Result
from harness.model.verdict import Outcome
from harness.reports.text import (
    plural,
    receiver_name,
    replay_command,
    tenant_name,
    visible,
)

UNWRAPPED = 100_000
"""Columns of output whose lines must not be broken."""


def render(
    result: Result,
    *,
    runs: str = ".harness/runs",
    width: int = UNWRAPPED,
    color: bool = False,
) -> str:
    """Return a result as text.

    Args:
        result: What to render.
        runs: Directory of the runs, for the commands that reproduce findings.
        width: Columns to wrap at; by default a fact stays on its line.
        color: Whether to use ANSI colours.
    """
    console = Console(
        file=StringIO(),
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        console.print(renderable(result, runs=runs), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def renderable(result: Result, *, runs: str = ".harness/runs") -> Group:
    """Return a result for a rich console, such as one that records a picture."""
    return Group(
        *_header(result),
        *_not_covered(result),
        *_found(result, runs),
        *_remarks(result),
        Text(),
        _verdict(result),
    )


def _header(result: Result) -> Iterator[RenderableType]:
    """Say what ran, on what."""
    yield Text(f"harness {result.exercise}", "bold")
    facts = {
        "target": result.target,
        **({"variant": result.variant} if result.variant else {}),
        "seed": str(result.seed),
        **result.environment,
    }
    rows = [(visible(name), visible(value)) for name, value in facts.items()]
    yield _rows(rows, indent=2)


def _not_covered(result: Result) -> Iterator[RenderableType]:
    """List the gaps, those that the verdict depends on first."""
    groups: dict[tuple[bool, str], list[Gap]] = {}
    for gap in result.coverage.gaps:
        groups.setdefault((not gap.floor, gap.reason), []).append(gap)
    if not groups:
        return
    yield Text("\nNOT COVERED", "bold yellow")
    for (harmless, reason), gaps in sorted(groups.items(), key=lambda item: item[0][0]):
        mark = "·" if harmless else "!"
        style = "" if harmless else "yellow"
        below = "" if harmless else " (below the floor)"
        yield _rows([(mark, Text(f"{visible(reason)}{below}", style))], indent=2)
        names = ", ".join(visible(gap.what) for gap in gaps)
        yield Padding(Text(names), (0, 0, 0, 6), expand=False)


def _found(result: Result, runs: str) -> Iterator[RenderableType]:
    """Describe each finding, the worst first."""
    if not result.findings:
        return
    yield Text("\nFOUND", "bold red")
    for number, finding in enumerate(result.findings, start=1):
        yield Text.assemble(
            f"\n {number}. ",
            (finding.severity.upper(), _SEVERITY_STYLE[finding.severity]),
            (f"  {visible(finding.operation)}", "bold"),
        )
        yield Padding(Text(visible(finding.summary)), (0, 0, 0, 4), expand=False)
        yield _rows(list(_facts(result, finding)), indent=4)
        yield Text("    reproduce", "dim")
        # Not in the grid: a command must never be broken over lines.
        command = f"    {replay_command(result, finding, runs)}"
        yield Text(command, "cyan", no_wrap=True, overflow="ignore")


_SEVERITY_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.MAJOR: "bold red",
    Severity.MINOR: "yellow",
}


def _facts(result: Result, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to know of a finding, as labelled lines."""
    names = result.tenants
    yield "leaked", visible(finding.what, 200)
    yield "owner", tenant_name(finding.owner, names, absent="no single tenant")
    receiver = receiver_name(finding, names)
    yield "receiver", f"{receiver} · identity: {visible(finding.shape)}"
    yield "channel", f"{finding.channel} · oracle: {visible(finding.oracle)}"
    if finding.count > 1:
        yield "seen", f"{finding.count} times"
    for number, fact in enumerate(finding.evidence[:3]):
        exchange = f"#{fact.exchange} " if fact.exchange else ""
        yield "" if number else "evidence", f"{exchange}{visible(fact.text, 300)}"
    for number, step in enumerate(finding.script[:_STEPS], start=1):
        yield "steps" if number == 1 else "", f"{number}. {visible(str(step))}"
    if len(finding.script) > _STEPS:
        yield "", f"and {plural(len(finding.script) - _STEPS, 'more step')}"


_STEPS = 8


def _remarks(result: Result) -> Iterator[RenderableType]:
    if result.notes:
        yield Text("\nNOTES", "bold")
        yield _rows([("·", visible(note)) for note in result.notes], indent=2)


def _verdict(result: Result) -> Text:
    """Return the last line: the outcome, its first reason, and the figures."""
    verdict, coverage = result.verdict, result.coverage
    reasons = [visible(verdict.reasons[0])] if verdict.reasons else []
    if verdict.outcome is Outcome.INCONCLUSIVE and len(verdict.reasons) > 1:
        reasons[0] += f" (and {len(verdict.reasons) - 1} more)"
    seconds = [one.value for one in result.measurements if one.name == "duration"]
    figures = [
        f"{coverage.operations}/{coverage.operations_known} operations",
        f"{coverage.fields_seen}/{coverage.fields_planted} fields",
        plural(coverage.probes, "probe"),
        f"watched: {', '.join(coverage.channels) or 'nothing'}",
        *(f"{value:.1f} s" for value in seconds),
    ]
    outcome = (verdict.outcome.upper(), _OUTCOME_STYLE[verdict.outcome])
    return Text.assemble(outcome, "  ", " · ".join([*reasons, *figures]))


_OUTCOME_STYLE = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
}


def _rows(rows: Sequence[tuple[str, Text | str]], *, indent: int) -> RenderableType:
    """Lay out labels beside texts that wrap in their own column."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, Text(text) if isinstance(text, str) else text)
    return Padding(grid, (0, 0, 0, indent), expand=False)
