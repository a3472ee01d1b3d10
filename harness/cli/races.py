"""``harness races``: do start-up and first use hold in whatever order they meet?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal


def races(
    ctx: typer.Context,
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCENARIO]...",
            help="Names of scenarios that come along (docs/races.md says which; an "
            "unknown name lists them), or files of your own (mine.py, mine.py:name); "
            "all that come along if left out.",
        ),
    ] = None,
    *,
    target: options.Target = None,
    variant: options.Variant = None,
    schedules: options.Schedules = None,
    task_steps: options.TaskSteps = None,
    seed: options.Seed = None,
    tenants: options.Tenants = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    fail_on: options.FailOn = None,
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
    junit: options.Junit = None,
) -> None:
    """Explore the orders in which start-up, first requests and failures can meet."""
    flags = {name: value for name, value in ctx.params.items() if name != "scenarios"}
    end_with(partial(_races, scenarios or [], flags, ctx.obj))


def _races(
    scenarios: Sequence[str],
    flags: Mapping[str, object],
    process: object,
    terminal: Terminal,
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.hashing import start_anew
    from harness.cli.progress import following
    from harness.cli.showing import show, write_junit

    beginning = begin(
        flags, terminal, first=lambda settings: start_anew(settings.seed, process)
    )
    settings = beginning.settings
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    with following(terminal) as listener:
        result = run.races(beginning.order(listener), scenarios)
    show(result, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(result, settings.junit, runs=beginning.runs)
    return result.verdict.outcome.exit_code
