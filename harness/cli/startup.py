"""``harness startup``: does the app start once for each tenant, and fast enough?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal


def startup(
    ctx: typer.Context,
    *,
    target: options.Target = None,
    variant: options.Variant = None,
    seed: options.Seed = None,
    startup_tenants: options.StartupTenants = None,
    strategy: options.Strategy = None,
    trials: options.Trials = None,
    budget: options.Budget = None,
    workers: options.Workers = None,
    port: options.Port = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    fail_on: options.FailOn = None,
    floor_channels: options.FloorChannels = None,
    snapshot: options.Snapshot = None,
    cache: options.Cache = None,
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
    junit: options.Junit = None,
) -> None:
    """Start the app with many tenants, again and again, and time it."""
    end_with(partial(_startup, ctx.params))


def _startup(params: Mapping[str, object], terminal: Terminal) -> int:
    from harness.cli.beginning import begin
    from harness.cli.progress import following
    from harness.cli.showing import show, write_junit

    beginning = begin({k: _joined(v) for k, v in params.items()}, terminal)
    settings = beginning.settings
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    with following(terminal) as listener:
        result = run.startup(beginning.order(listener))
    show(result, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(result, settings.junit, runs=beginning.runs)
    return result.verdict.outcome.exit_code


def _joined(value: object) -> object:
    """Write a flag that was given several times, or never, as the setting is."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or None
    return value
