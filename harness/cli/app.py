"""The verbs, put together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from harness.cli import (
    doctor,
    isolation,
    mutants,
    races,
    replay,
    report,
    startup,
    swarm,
)

app = typer.Typer(
    name="harness",
    help="Proves that a multi-tenant service keeps its tenants apart.",
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 usage or settings, "
    "3 environment, 4 inconclusive, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("isolation")(isolation.isolation)
app.command("races")(races.races)
app.command("startup")(startup.startup)
app.command("swarm", context_settings=swarm.PASSING_ON)(swarm.swarm)
app.command("mutants")(mutants.mutants)
app.command("replay")(replay.replay)
app.command("report")(report.report)
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback form
    if not wanted:
        return
    try:
        typer.echo(f"harness {version('tenant-harness')}")
    except PackageNotFoundError:
        typer.echo("harness, from a checkout")
    raise typer.Exit


@app.callback()
def _harness(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Prove that a multi-tenant service keeps its tenants apart."""
