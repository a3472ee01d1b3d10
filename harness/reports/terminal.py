"""A result for people: what was not covered, what was found, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel
from harness.model.finding import Finding, Severity
from harness.model.race import Interleaving
from harness.model.result import Result
from harness.model.tenant import alias
from harness.model.verdict import Outcome
from harness.reports.groups import Numbered, grouped
from harness.reports.interleaving import diagram, order_facts
from harness.reports.load import load_tables
from harness.reports.races import races_table, scenarios_explored
from harness.reports.starts import budget_lines, starts_table, ways_to_start
from harness.reports.text import (
    leaked_field,
    one_line,
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
    full: bool = False,
) -> str:
    """Return a result as text.

    Args:
        result: What to render.
        runs: Directory of the runs, for the commands that reproduce findings.
        width: Columns to wrap at; by default a fact stays on its line.
        color: Whether to use ANSI colours.
        full: Whether to describe every finding rather than the first of its group.
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
        console.print(renderable(result, runs=runs, full=full), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def renderable(
    result: Result, *, runs: str = ".harness/runs", full: bool = False
) -> Group:
    """Return a result for a rich console, such as one that records a picture."""
    return Group(
        *_header(result),
        *_not_covered(result),
        *_found(result, runs, full=full),
        *races_table(result),
        *load_tables(result, full=full),
        *starts_table(result),
        *budget_lines(result),
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
        mark = Text("·") if harmless else Text("✗", "bold red")
        style = "" if harmless else "yellow"
        below = "" if harmless else " (below the floor)"
        names = ", ".join(one_line(gap.what) for gap in gaps)
        first = one_line(reason) or names
        yield _rows([(mark, Text(f"{first}{below}", style))], indent=2)
        if first != names:
            yield Padding(Text(names), (0, 0, 0, 7), expand=False)


def _found(result: Result, runs: str, *, full: bool) -> Iterator[RenderableType]:
    """Describe the findings by groups, the worst first."""
    if not result.findings:
        return
    groups = grouped(result)
    count = plural(len(result.findings), "finding")
    if len(result.findings) > 1:
        count += f" in {plural(len(groups), 'group')}"
    yield Text.assemble("\n", ("FOUND", "bold red"), f"  {count}")
    for group in groups:
        yield Text(f"\n■ {visible(group.meaning)} — {group.extent}", "bold")
        shown = len(group.members) if full else 1
        for one in group.members[:shown]:
            yield from _described(result, one, runs, full=full)
        if group.members[shown:]:
            yield Text()
            yield _listed(result, group.members[0], group.members[shown:])
    if not full and len(result.findings) > len(groups):
        command = visible(f"harness report {runs}/{result.id} --full")
        yield Text("\nEach in full, with its steps:", "dim")
        yield _unbroken(("  ", ""), (command, "cyan"))


_SEVERITY_STYLE = {
    Severity.CRITICAL: "red",
    Severity.MAJOR: "magenta",
    Severity.MINOR: "yellow",
}


def _described(
    result: Result, numbered: Numbered, runs: str, *, full: bool
) -> Iterator[RenderableType]:
    """Tell all that is known of a finding."""
    finding = numbered.finding
    yield Text.assemble(
        f"\n{numbered.number:3}. ",
        (finding.severity.upper(), f"bold reverse {_SEVERITY_STYLE[finding.severity]}"),
        (f"  {visible(finding.operation)}", "bold"),
    )
    yield Padding(Text(one_line(finding.summary)), (0, 0, 0, 5), expand=False)
    yield _rows(list(_facts(result, finding)), indent=5, labels=len("reproduce"))
    if finding.interleaving is not None:
        yield Padding(_Diagram(finding.interleaving, full=full), (1, 0, 1, 5))
    yield _Command("     reproduce", replay_command(result, finding, runs))


def _listed(
    result: Result, first: Numbered, others: Sequence[Numbered]
) -> RenderableType:
    """Name findings on a line each; `first` is the one that is told in full."""
    longest = max(len(visible(one.finding.operation)) for one in others)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", min_width=min(longest, _OPERATION))
    grid.add_column(overflow="ellipsis")
    grid.add_column(no_wrap=True, style="dim")
    for one in others:
        finding = one.finding
        severity = (finding.severity, _SEVERITY_STYLE[finding.severity])
        grid.add_row(
            Text.assemble(f"{one.number:3}. ", severity),
            Text(visible(finding.operation)),
            Text(_briefly(result, finding, first.finding), no_wrap=True),
            finding.fingerprint,
        )
    return grid


_OPERATION = 28
"""Columns that an operation keeps before what it did is cut."""


def _briefly(result: Result, finding: Finding, first: Finding) -> str:
    """Say in a few words what a finding did, and how it differs from the first."""
    leaked = leaked_field(finding, result)
    words = leaked or visible(finding.what)
    if leaked and finding.owner is not None:
        words = f"{alias(finding.owner)}'s {leaked}"
    if finding.receiver not in {first.receiver, None}:
        words = f"{'to' if leaked else 'by'} {alias(finding.receiver)}: {words}"
    if finding.channel is not first.channel:
        words = f"{finding.channel}: {words}"
    return words


def _facts(result: Result, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to know of a finding, as labelled lines."""
    names = result.tenants
    if leaked := leaked_field(finding, result):
        yield "leaked", leaked
    yield "owner", tenant_name(finding.owner, names, absent="no single tenant")
    if finding.channel is not Channel.PROCESS:
        receiver = receiver_name(finding, names)
        yield "receiver", f"{receiver} · identity: {visible(finding.shape)}"
    yield "channel", f"{finding.channel} · oracle: {visible(finding.oracle)}"
    if finding.count > 1:
        yield "seen", f"{finding.count} times"
    for number, fact in enumerate(finding.evidence[:3]):
        exchange = f"#{fact.exchange} " if fact.exchange else ""
        yield "" if number else "evidence", f"{exchange}{one_line(fact.text)}"
    for number, step in enumerate(finding.script[:_STEPS], start=1):
        yield "steps" if number == 1 else "", f"{number}. {visible(str(step))}"
    if len(finding.script) > _STEPS:
        yield "", f"and {plural(len(finding.script) - _STEPS, 'more step')}"

    if finding.interleaving is not None:
        yield from order_facts(finding.interleaving)


_STEPS = 8


@dataclass(frozen=True, slots=True)
class _Diagram:
    """The order of events that shows a finding, as wide as the console."""

    interleaving: Interleaving
    full: bool

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        rows = diagram(self.interleaving, width=options.max_width, full=self.full)
        for row in rows:
            yield _unbroken((row.text, "bold yellow" if row.deviates else ""))


@dataclass(frozen=True, slots=True)
class _Command:
    """A labelled command: never broken, and beside its label where it fits."""

    label: str
    command: str

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        label = (self.label, "dim")
        if len(self.label) + 2 + cell_len(self.command) <= options.max_width:
            yield _unbroken(label, ("  ", ""), (self.command, "cyan"))
        else:
            indent = len(self.label) - len(self.label.lstrip())
            yield _unbroken(label)
            yield _unbroken((" " * indent, ""), (self.command, "cyan"))


def _unbroken(*parts: tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="ignore")


def _remarks(result: Result) -> Iterator[RenderableType]:
    if result.notes:
        yield Text("\nNOTES", "bold")
        yield _rows([("·", one_line(note)) for note in result.notes], indent=2)


def _verdict(result: Result) -> Text:
    """Return the last line: the outcome, its first reason, and the figures."""
    verdict, coverage = result.verdict, result.coverage
    reasons = [one_line(verdict.reasons[0])] if verdict.reasons else []
    if verdict.outcome is Outcome.INCONCLUSIVE and len(verdict.reasons) > 1:
        reasons[0] += f" (and {len(verdict.reasons) - 1} more)"
    seconds = [one.value for one in result.measurements if one.name == "duration"]
    scenarios = scenarios_explored(result)
    if scenarios and result.exercise == "isolation":
        # Schedules are but a part of it.
        scenarios = [*_figures(coverage), *scenarios[1:]]
    seen = ways_to_start(result) or scenarios or _figures(coverage)
    figures = [*seen, *(f"{value:.1f} s" for value in seconds)]
    outcome = (verdict.outcome.upper(), _OUTCOME_STYLE[verdict.outcome])
    return Text.assemble(outcome, "  ", " · ".join([*reasons, *figures]))


def _figures(coverage: Coverage) -> list[str]:
    """Say how much was seen; of a replay, only how much it was about."""
    if not coverage.operations_known and not coverage.gaps:
        return [plural(coverage.operations, "operation")]
    operations = f"{coverage.operations}/{coverage.operations_known} operations"
    watched = f"watched: {', '.join(coverage.channels) or 'nothing'}"
    if not coverage.fields_planted and not coverage.probes:
        return [operations, watched]
    return [
        operations,
        f"{coverage.fields_seen}/{coverage.fields_planted} fields",
        plural(coverage.probes, "probe"),
        watched,
    ]


_OUTCOME_STYLE = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
}


def _rows(
    rows: Sequence[tuple[Text | str, Text | str]], *, indent: int, labels: int = 0
) -> RenderableType:
    """Lay out labels beside texts that wrap in their own column.

    Args:
        rows: Labels and texts.
        indent: Columns before the labels.
        labels: Columns that the labels take at least.
    """
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim", min_width=labels)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(_as_text(label), _as_text(text))
    return Padding(grid, (0, 0, 0, indent), expand=False)


def _as_text(text: Text | str) -> Text:
    # A string would be read as markup.
    return Text(text) if isinstance(text, str) else text
