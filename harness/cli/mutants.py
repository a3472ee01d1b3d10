"""``harness mutants``: does the harness find the bugs that were seeded?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal


def mutants(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Variants; all of them if left out."),
    ] = None,
    *,
    target: options.Target = None,
    seed: options.Seed = None,
    tenants: options.Tenants = None,
    sweep: options.Sweep = None,
    machine: options.Machine = None,
    examples: options.Examples = None,
    steps: options.Steps = None,
    hosting: options.Hosting = None,
    workers: options.Workers = None,
    port: options.Port = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    fail_on: options.FailOn = None,
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
) -> None:
    """Try variants of the app: each bug must be found, the harmless stay silent."""
    flags = {name: value for name, value in ctx.params.items() if name != "names"}
    end_with(partial(_mutants, names or [], flags))


def _mutants(
    names: Sequence[str], flags: Mapping[str, object], terminal: Terminal
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.outcomes import exit_code, judged, table
    from harness.cli.progress import following
    from harness.errors import UsageError

    beginning = begin(flags, terminal)
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    with following(terminal) as listener:
        outcomes = run.mutants(beginning.order(listener), names)
    if not outcomes:
        raise UsageError(
            f"The target {beginning.settings.target} offers no variants.",
            hint="Name them in its `variants`.",
        )
    terminal.say(table(outcomes, width=terminal.width, color=terminal.color))
    return exit_code([judged(one) for one in outcomes])
