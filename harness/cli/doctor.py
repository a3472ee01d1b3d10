"""``harness doctor``: can this machine run the harness, and how well?"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import typer

from harness.cli.ending import end_with
from harness.cli.terminal import Terminal

if TYPE_CHECKING:
    from harness.cli.checks import Check

WIDTH = 80


def doctor() -> None:
    """Look at this machine, and say what that means: 3 if something is missing."""
    end_with(_doctor)


def _doctor(terminal: Terminal) -> int:
    from harness.cli.checks import Status, all_checks

    failed = False
    for check in all_checks():
        failed |= check.status is Status.FAIL
        terminal.say(_line(check, color=terminal.color))
    return 3 if failed else 0


def _line(check: Check, *, color: bool) -> str:
    """Write a check as one line, and what it means beneath if it is not fine."""
    from harness.cli.checks import Status
    from harness.reports.text import visible

    styles = {
        Status.OK: typer.colors.GREEN,
        Status.WARN: typer.colors.YELLOW,
        Status.FAIL: typer.colors.RED,
    }
    status = f"{check.status.value:4}"
    if color:
        status = typer.style(status, fg=styles[check.status])
    lines = [f"{status}  {check.name:14}  {visible(check.fact)}"]
    if check.meaning:
        indent = " " * 22
        lines += textwrap.wrap(
            visible(check.meaning),
            width=WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
    return "\n".join(lines)
