"""``harness replay``: does a finding still happen?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal
from harness.model.result import Result


def replay(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's directory, report.json or id.")
    ],
    fingerprint: Annotated[
        str,
        typer.Argument(help="Of the finding, or how it begins; all if left out."),
    ] = "",
    *,
    hosting: options.Hosting = None,
    workers: options.Workers = None,
    port: options.Port = None,
    postgres: options.Postgres = None,
    dsn: options.Dsn = None,
    postgres_image: options.PostgresImage = None,
    runs: options.Runs = None,
    junit: options.Junit = None,
) -> None:
    """Repeat a finding on a fresh state: 1 if it fails again, 0 if it does not."""
    flags = {
        name: value
        for name, value in ctx.params.items()
        if name not in {"run", "fingerprint"}
    }
    end_with(partial(_replay, run, fingerprint, flags))


def _replay(
    run: str, fingerprint: str, flags: Mapping[str, object], terminal: Terminal
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.progress import following
    from harness.cli.runs import find_finding, find_run, read_result
    from harness.cli.showing import show, write_junit

    beginning = begin(flags, terminal)
    settings = beginning.settings
    directory = find_run(run, settings.runs)
    recorded = read_result(directory)
    if fingerprint:
        fingerprint = find_finding(recorded, fingerprint).fingerprint
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run as runner

    with following(terminal) as listener:
        order = beginning.order(listener).changed(**_as_then(recorded, flags))
        result = runner.replay(order, directory, fingerprint)
    show(result, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(result, settings.junit, runs=beginning.runs)
    return result.verdict.outcome.exit_code


def _as_then(recorded: Result, flags: Mapping[str, object]) -> dict[str, object]:
    """Return how the app was run then, but for what a flag says otherwise."""
    then = recorded.environment
    how: dict[str, object] = {}
    if flags.get("hosting") is None and "hosting" in then:
        how["hosting"] = then["hosting"]
    if flags.get("workers") is None and then.get("workers", "").isdigit():
        how["workers"] = int(then["workers"])
    return how
