"""Outcomes of mutants: what each one says, laid out as a table."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.model.verdict import Outcome
from harness.reports.text import visible

if TYPE_CHECKING:
    from harness.run import MutantOutcome


class Judgement(Enum):
    """What became of a variant."""

    RIGHT = 0
    WRONG = 1
    OPEN = 4


def judged(outcome: MutantOutcome) -> Judgement:
    """Say whether a variant came out as it should."""
    if outcome.result is None:
        return Judgement.OPEN
    found = outcome.result.verdict.outcome
    if found is Outcome.INCONCLUSIVE:
        return Judgement.OPEN
    expected = Outcome.PASS if outcome.harmless else Outcome.FAIL
    return Judgement.RIGHT if found == expected else Judgement.WRONG


def exit_code(judgements: Sequence[Judgement]) -> int:
    """Return 1 if any variant came out wrong, else 4 if any is open, else 0."""
    if Judgement.WRONG in judgements:
        return Judgement.WRONG.value
    return max(one.value for one in judgements)


def table(outcomes: Sequence[MutantOutcome], *, width: int, color: bool) -> str:
    """Lay the outcomes out, and count them in the last line."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    grid.add_column("variant", no_wrap=True)
    grid.add_column("kind", no_wrap=True)
    grid.add_column("outcome", no_wrap=True)
    grid.add_column("by", overflow="fold")
    grid.add_column("s", justify="right", no_wrap=True)
    for one in outcomes:
        judgement = judged(one)
        grid.add_row(
            Text(one.name),
            "equivalent" if one.harmless else "bug",
            Text(_outcome(one, judgement), _STYLE[judgement]),
            Text(_reason(one)),
            f"{one.seconds:.1f}",
        )
    console = Console(
        file=StringIO(),
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        console.print(grid)
    right = sum(judged(one) is Judgement.RIGHT for one in outcomes)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join([*lines, "", f"{right} of {len(outcomes)} as they should be"])


_STYLE = {
    Judgement.RIGHT: "green",
    Judgement.WRONG: "bold red",
    Judgement.OPEN: "yellow",
}


def _outcome(outcome: MutantOutcome, judgement: Judgement) -> str:
    if judgement is Judgement.OPEN:
        return "not judged"
    if outcome.harmless:
        return "silent" if judgement is Judgement.RIGHT else "FALSE ALARM"
    return "found" if judgement is Judgement.RIGHT else "MISSED"


def _reason(outcome: MutantOutcome) -> str:
    """Name the oracle and the first finding, or why there is none."""
    result = outcome.result
    if result is None:
        return visible(outcome.error, 200)
    if result.findings:
        first = result.findings[0]
        when = next((one for one in result.explored if one.first), None)
        where = f"{when.scenario}, {when.first}: " if when else ""
        return visible(f"{where}{first.oracle}: {first.operation} ({first.channel})")
    if judged(outcome) is Judgement.OPEN and result.verdict.reasons:
        return visible(result.verdict.reasons[0], 200)
    return ""
