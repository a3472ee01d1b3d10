"""``harness isolation``: does anything of one tenant ever reach another?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal

if TYPE_CHECKING:
    from harness.settings import Settings


def isolation(
    ctx: typer.Context,
    *,
    target: options.Target = None,
    variant: options.Variant = None,
    seed: options.Seed = None,
    tenants: options.Tenants = None,
    sweep: options.Sweep = None,
    machine: options.Machine = None,
    examples: options.Examples = None,
    steps: options.Steps = None,
    together: options.Together = None,
    hosting: options.Hosting = None,
    workers: options.Workers = None,
    port: options.Port = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    fail_on: options.FailOn = None,
    floor_channels: options.FloorChannels = None,
    floor_operations: options.FloorOperations = None,
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
    junit: options.Junit = None,
) -> None:
    """Look for anything of one tenant that reaches another."""
    end_with(partial(_isolation, ctx.params, ctx.obj))


def _isolation(flags: Mapping[str, object], process: object, terminal: Terminal) -> int:
    from harness.cli.beginning import begin
    from harness.cli.hashing import start_anew
    from harness.cli.progress import following
    from harness.cli.showing import show, write_junit

    def same_hashes(settings: Settings) -> None:
        if settings.together and settings.hosting == "inprocess":
            start_anew(settings.seed, process)

    beginning = begin(flags, terminal, first=same_hashes)
    settings = beginning.settings
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    with following(terminal) as listener:
        result = run.isolation(beginning.order(listener))
    show(result, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(result, settings.junit, runs=beginning.runs)
    return result.verdict.outcome.exit_code
