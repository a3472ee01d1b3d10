"""An order of events, shown line by line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.reports.interleaving import LEGEND, Lanes, Row

if TYPE_CHECKING:
    from harness.cli.terminal import Terminal
    from harness.model.race import Interleaving


def step_through(order: Interleaving, screen: Terminal, *, wait: bool) -> None:
    """Print each line of an order in its actor's column.

    Args:
        order: What happened.
        screen: Where to print it.
        wait: Whether to wait for Enter before each line; what is no terminal, or is at
            its end, is not waited for.
    """
    lanes = Lanes(order, width=screen.width)
    for row in lanes.head():
        screen.say(row.text)
    wait = wait and sys.stdin.isatty()
    if wait:
        screen.tell("Enter shows the next line, Ctrl-D all that are left.")
    for number, line in enumerate(order.lines, start=1):
        if wait and not sys.stdin.readline():
            wait = False
        screen.say(_drawn(lanes.row(number, line), screen))
    if order.deviations:
        screen.say(LEGEND)


def _drawn(row: Row, screen: Terminal) -> str:
    marked = row.deviates and screen.color
    return f"\x1b[1;33m{row.text}\x1b[0m" if marked else row.text
