"""``harness swarm``: many users of many tenants, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Final

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal

PASSING_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Settings of the command: what it does not know is for Locust."""

Scenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="steady, cold_start, or the path of a locustfile of yours.",
        show_default=False,
    ),
]
Cold = Annotated[
    bool | None,
    typer.Option(
        "--cold/--warm",
        help="Whether users come before the app is started, as in cold_start.",
    ),
]
Users = Annotated[
    str | None,
    typer.Option("-u", "--users", metavar="N", help="Locust: users at once."),
]
SpawnRate = Annotated[
    str | None,
    typer.Option("-r", "--spawn-rate", metavar="N", help="Locust: users per second."),
]
RunTime = Annotated[
    str | None,
    typer.Option("-t", "--run-time", metavar="TIME", help="Locust: 30s, 5m, 1h."),
]
Processes = Annotated[
    str | None,
    typer.Option("--processes", metavar="N", help="Locust: worker processes."),
]
Html = Annotated[
    str | None,
    typer.Option("--html", metavar="FILE", help="Locust: its own report."),
]
Csv = Annotated[
    str | None,
    typer.Option("--csv", metavar="PREFIX", help="Locust: its own figures."),
]
HANDED_ON: Final = ("users", "spawn_rate", "run_time", "processes", "html", "csv")
"""Parameters that are Locust's options."""


def swarm(
    ctx: typer.Context,
    scenario: Scenario,
    *,
    users: Users = None,
    spawn_rate: SpawnRate = None,
    run_time: RunTime = None,
    processes: Processes = None,
    html: Html = None,
    csv: Csv = None,
    cold: Cold = None,
    target: options.Target = None,
    variant: options.Variant = None,
    seed: options.Seed = None,
    tenants: options.Tenants = None,
    workers: options.Workers = None,
    port: options.Port = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    fail_on: options.FailOn = None,
    floor_channels: options.FloorChannels = None,
    budget: options.Budget = None,
    snapshot: options.Snapshot = None,
    cache: options.Cache = None,
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
    junit: options.Junit = None,
) -> None:
    """Have many users of all tenants ask at once, with Locust.

    Options that are not listed here are Locust's: --mix zipf, --tags, -L DEBUG, …
    """
    end_with(partial(_swarm, ctx.params, tuple(ctx.args)))


def _swarm(
    params: Mapping[str, object], further: Sequence[str], terminal: Terminal
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.progress import following
    from harness.cli.showing import show, write_junit

    own = {*HANDED_ON, "scenario", "cold"}
    flags = {name: value for name, value in params.items() if name not in own}
    flags["budget"] = flags["budget"] or None
    beginning = begin(flags, terminal)
    settings = beginning.settings
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    cold = params["cold"]
    with following(terminal) as listener:
        result = run.swarm(
            beginning.order(listener),
            str(params["scenario"]),
            cold=cold if isinstance(cold, bool) else None,
            locust=(*_handed_on(params), *further),
        )
    show(result, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(result, settings.junit, runs=beginning.runs)
    return result.verdict.outcome.exit_code


def _handed_on(params: Mapping[str, object]) -> Sequence[str]:
    """Return Locust's options as Locust spells them."""
    return [
        text
        for name in HANDED_ON
        if params[name] is not None
        for text in (f"--{name.replace('_', '-')}", str(params[name]))
    ]
