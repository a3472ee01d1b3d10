from __future__ import annotations

import os
import pty
import subprocess
import sys

from harness.cli.progress import PLAIN_INTERVAL, PlainProgress
from harness.model.progress import Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_plain_line_comes_when_a_phase_begins_and_then_every_few_seconds() -> None:
    lines: list[str] = []
    clock = Clock()
    show = PlainProgress(lines.append, clock=clock)

    show(Progress("postgres", detail="starting"))
    show(Progress("sweep", 1, 400, "GET /a"))
    show(Progress("sweep", 2, 400, "GET /b"))
    clock.now += PLAIN_INTERVAL
    show(Progress("sweep", 200, 400, "GET /c"))
    show(Progress("sweep", 201, 400, "GET /d"))
    show(Progress("machine", 7))

    assert lines == [
        "postgres starting",
        "sweep 1/400 GET /a",
        "sweep 200/400 GET /c",
        "machine 7",
    ]


def test_a_finding_is_told_at_once_and_cannot_steer_the_terminal() -> None:
    lines: list[str] = []
    show = PlainProgress(lines.append, clock=Clock())

    show(Progress("sweep", 1, 4))
    show(Progress("sweep", 2, 4, finding="B reads [red]A's\x1b[2J\nname"))

    assert lines == ["sweep 1/4", "found B reads [red]A's\\x1b[2J\\nname"]


SHOWING = """
import io, os, sys
from harness.cli.progress import following
from harness.cli.terminal import Terminal
from harness.model.progress import Progress

terminal = Terminal.of_this_process(os.environ)
taken = sys.stderr = io.StringIO()
with following(terminal) as show:
    print("of the app", file=sys.stderr)
    show(Progress("provision"))
    show(Progress("sweep", 1, 9))
    show(Progress("provision", 2, 2))
    show(Progress("sweep", 3, 9, "GET /[red]x", "B reads [red]A's\\x07 name"))
assert taken.getvalue() == "of the app\\n"
"""


def shown_on_a_terminal(environ: dict[str, str]) -> str:
    """Run `SHOWING` with a terminal for its standard error; return what it drew."""
    ours, theirs = pty.openpty()
    child = subprocess.run(
        [sys.executable, "-c", SHOWING],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)
    assert (child.returncode, child.stdout) == (0, b"")
    return drawn


def test_on_a_terminal_bars_are_drawn_and_findings_stay(
    environ: dict[str, str],
) -> None:
    drawn = shown_on_a_terminal({**environ, "TERM": "xterm", "COLUMNS": "100"})

    assert "sweep" in drawn
    assert "B reads [red]A's\\x07 name" in drawn
    assert "GET /[red]x" in drawn
    # The cursor, hidden meanwhile, is back.
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_under_ci_a_terminal_gets_plain_lines(environ: dict[str, str]) -> None:
    drawn = shown_on_a_terminal({**environ, "TERM": "xterm", "CI": "true"})

    assert drawn.splitlines() == [
        "provision",
        "sweep 1/9",
        "provision 2/2",
        "sweep 3/9 GET /[red]x",
        "found B reads [red]A's\\x07 name",
    ]


def test_no_color_means_none(environ: dict[str, str]) -> None:
    drawn = shown_on_a_terminal({**environ, "TERM": "xterm", "NO_COLOR": "1"})

    assert "B reads" in drawn
    assert "\x1b[31m" not in drawn
    assert "\x1b[1;31m" not in drawn
