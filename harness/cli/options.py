"""The flags that set settings; each parameter has its setting's name."""

from __future__ import annotations

from typing import Annotated

import typer

Target = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:NAME",
        help="Import string of the target that describes the app.",
    ),
]
Variant = Annotated[
    str | None,
    typer.Option(help="Variant of the app, as the target names it."),
]
Postgres = Annotated[
    str | None,
    typer.Option(metavar="SOURCE", help="auto, testcontainers, embedded or dsn."),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        metavar="DSN",
        help="A Postgres server that is there already; the variable HARNESS_DSN "
        "keeps it out of the process list.",
    ),
]
PostgresImage = Annotated[
    str | None, typer.Option(metavar="IMAGE", help="What testcontainers starts.")
]
Hosting = Annotated[
    str | None, typer.Option(metavar="HOW", help="inprocess or served.")
]
Workers = Annotated[int | None, typer.Option(help="Processes of a served app.")]
Port = Annotated[
    int | None, typer.Option(help="TCP port of a served app; 0 for any free one.")
]
Seed = Annotated[int | None, typer.Option(help="Of everything random.")]
Tenants = Annotated[int | None, typer.Option(help="How many tenants are made.")]
Sweep = Annotated[
    bool | None,
    typer.Option("--sweep/--no-sweep", help="Try each operation as everybody."),
]
Machine = Annotated[
    bool | None,
    typer.Option("--machine/--no-machine", help="Search for sequences."),
]
Examples = Annotated[int | None, typer.Option(help="Sequences that are tried.")]
Steps = Annotated[int | None, typer.Option(help="Longest sequence, in requests.")]
Together = Annotated[
    int | None,
    typer.Option(help="Schedules in which requests of tenants meet; 0 for none."),
]
Schedules = Annotated[
    int | None, typer.Option(help="Schedules of each scenario that are explored.")
]
TaskSteps = Annotated[
    bool | None,
    typer.Option(
        "--task-steps/--no-task-steps",
        help="Also order steps of tasks between which nothing outside is waited for.",
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="SEVERITY", help="Fail on minor, major or critical findings and up."
    ),
]
FloorChannels = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Channels that must be watched."),
]
FloorOperations = Annotated[
    float | None,
    typer.Option(
        metavar="FRACTION", help="Fraction of the operations that must be covered."
    ),
]
Budget = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FIGURE",
        help="Fail when a measured figure is over it, as in p99=500ms, failures=1% "
        "or ready=2s; may be repeated.",
    ),
]
StartupTenants = Annotated[
    str | None,
    typer.Option(
        "--tenants",
        metavar="N,N",
        help="How many tenants the app is started with, one world each.",
    ),
]
Strategy = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Start-up strategy, as the target names it; may be repeated. All if "
        "left out.",
    ),
]
Trials = Annotated[
    int | None, typer.Option(help="How often the app is started in each way.")
]
Runs = Annotated[
    str | None, typer.Option(metavar="DIRECTORY", help="Where runs are kept.")
]
KeepRuns = Annotated[int | None, typer.Option(help="How many runs are kept.")]
Junit = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write JUnit XML there as well.")
]
Snapshot = Annotated[
    bool | None,
    typer.Option(
        "--snapshot/--no-snapshot",
        help="Keep the world that is made, and take it from there the next time.",
    ),
]
Cache = Annotated[
    str | None, typer.Option(metavar="DIRECTORY", help="Where worlds are kept.")
]
