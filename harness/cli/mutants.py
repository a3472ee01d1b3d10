"""``harness mutants``: does the harness find the bugs that were seeded?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal

if TYPE_CHECKING:
    from harness.settings import Settings

Exercise = Literal["isolation", "races"]
Kind = Literal["all", "bugs", "equivalents"]


class _Chosen(TypedDict):
    """Which variants are tried."""

    exercise: Exercise
    kind: Kind


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
    exercise: Annotated[
        Exercise,
        typer.Option(help="What shows the variants that are tried."),
    ] = "isolation",
    kind: Annotated[
        Kind, typer.Option(help="Which are tried if none is named.")
    ] = "all",
    schedules: options.Schedules = None,
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
    runs: options.Runs = None,
    keep_runs: options.KeepRuns = None,
) -> None:
    """Try variants of the app: each bug must be found, the harmless stay silent."""
    chosen = _Chosen(exercise=exercise, kind=kind)
    own = {"names", "exercise", "kind"}
    flags = {name: value for name, value in ctx.params.items() if name not in own}
    end_with(partial(_mutants, names or [], chosen, ctx.obj, flags))


def _mutants(
    names: Sequence[str],
    chosen: _Chosen,
    process: object,
    flags: Mapping[str, object],
    terminal: Terminal,
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.hashing import start_anew
    from harness.cli.outcomes import exit_code, judged, table
    from harness.cli.progress import following
    from harness.errors import UsageError

    def same_hashes(settings: Settings) -> None:
        meets = settings.together and settings.hosting == "inprocess"
        if chosen["exercise"] == "races" or meets:
            start_anew(settings.seed, process)

    beginning = begin(flags, terminal, first=same_hashes)
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run

    with following(terminal) as listener:
        outcomes = run.mutants(beginning.order(listener), names, **chosen)
    if not outcomes:
        raise UsageError(
            f"The target {beginning.settings.target} offers no such variants.",
            hint="Name them in its `variants`.",
        )
    terminal.say(table(outcomes, width=terminal.width, color=terminal.color))
    return exit_code([judged(one) for one in outcomes])
