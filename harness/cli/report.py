"""``harness report``: a run shown again, from its files."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal

Format = Literal["terminal", "json", "junit"]


def report(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="A run's directory, report.json or id; the latest run if left out.",
        ),
    ] = "",
    *,
    format: Annotated[  # noqa: A002 - the name of the flag
        Format, typer.Option(help="What to write to standard output.")
    ] = "terminal",
    full: Annotated[
        bool, typer.Option("--full", help="Describe each finding, not one per group.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Show the JSON Schema of report.json.")
    ] = False,
    runs: options.Runs = None,
) -> None:
    """Show a run again; ends with 0 whatever its verdict was."""
    if schema:
        end_with(_schema)
    end_with(partial(_report, run, format, runs, full=full))


def _schema(terminal: Terminal) -> int:
    from harness.reports.json import render_schema

    terminal.say(render_schema())
    return 0


def _report(
    run: str, form: Format, runs: str | None, terminal: Terminal, *, full: bool
) -> int:
    from harness.cli.beginning import short
    from harness.cli.runs import find_run, read_result
    from harness.cli.showing import show
    from harness.reports import json, junit
    from harness.settings import load_settings

    here = Path.cwd()
    loaded = load_settings({"runs": runs}, cwd=here, environ=os.environ)
    directory = find_run(run, loaded.settings.runs)
    result = read_result(directory)
    kept_in = short(directory.parent, here)
    if form == "terminal":
        show(result, terminal, runs=kept_in, full=full)
    elif form == "json":
        terminal.say(json.render(result).decode())
    else:
        terminal.say(junit.render(result, runs=kept_in).decode())
    return 0
