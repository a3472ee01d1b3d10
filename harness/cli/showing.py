"""Showing a result to the user, and to a CI server."""

from __future__ import annotations

from pathlib import Path

from harness.cli.terminal import Terminal
from harness.errors import ResourceError
from harness.model.result import Result
from harness.reports import junit, terminal


def show(result: Result, screen: Terminal, *, runs: str, full: bool = False) -> None:
    """Print a result.

    Args:
        result: What to print.
        screen: Where to.
        runs: Directory of the runs, for the commands that reproduce findings.
        full: Whether to describe every finding rather than the first of its group.
    """
    screen.say(
        terminal.render(
            result, runs=runs, width=screen.width, color=screen.color, full=full
        )
    )


def write_junit(result: Result, path: Path, *, runs: str) -> None:
    """Write a result as JUnit XML.

    Raises:
        ResourceError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit.render(result, runs=runs))
    except OSError as error:
        raise ResourceError(
            f"The JUnit report cannot be written to {path}: {error.strerror}."
        ) from error
