"""``harness replay``: does a finding still happen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.ending import end_with
from harness.cli.terminal import Terminal
from harness.model.result import Result

if TYPE_CHECKING:
    from harness.cli.beginning import Beginning
    from harness.settings import Settings

TOKEN = "r1."
"""How tokens begin."""
RACES = "races"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be replayed.

    Attributes:
        run: A run, or a token.
        fingerprint: Of the finding; "" for all.
        step: Whether to wait before each line of a schedule.
        files: Of scenarios that do not come along.
        target: In the place of the settings' one; "" for that.
        process: What this process was started with, if it may be started anew.
    """

    run: str
    fingerprint: str
    step: bool
    files: Sequence[str]
    target: str
    process: object


def replay(
    ctx: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run's directory, report.json or id; or the token of a race.",
        ),
    ],
    fingerprint: Annotated[
        str,
        typer.Argument(help="Of the finding, or how it begins; all if left out."),
    ] = "",
    *,
    step: Annotated[
        bool,
        typer.Option("--step", help="Of a race: wait for Enter before each line."),
    ] = False,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Of a race: a file with scenarios of your own; may be repeated.",
        ),
    ] = None,
    target: options.Target = None,
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
    own = {"run", "fingerprint", "step", "scenario"}
    flags = {name: value for name, value in ctx.params.items() if name not in own}
    asked = _Asked(run, fingerprint, step, scenario or (), target or "", ctx.obj)
    end_with(partial(_replay, asked, flags))


def _replay(asked: _Asked, flags: Mapping[str, object], terminal: Terminal) -> int:
    if asked.run.startswith(TOKEN):
        return _replay_token(asked, flags, terminal)
    from harness.cli.beginning import begin
    from harness.cli.hashing import start_anew
    from harness.cli.progress import following
    from harness.cli.runs import find_finding, find_run, read_result
    from harness.cli.showing import show, write_junit
    from harness.errors import UsageError

    def same_hashes(settings: Settings) -> None:
        recorded = read_result(find_run(asked.run, settings.runs))
        if recorded.exercise == RACES or _tokens(recorded, asked.fingerprint):
            start_anew(recorded.seed, asked.process)

    beginning = begin(flags, terminal, first=same_hashes)
    settings = beginning.settings
    directory = find_run(asked.run, settings.runs)
    recorded = read_result(directory)
    fingerprint = asked.fingerprint
    if fingerprint:
        fingerprint = find_finding(recorded, fingerprint).fingerprint
    asked = replace(asked, fingerprint=fingerprint)
    ordered = _tokens(recorded, fingerprint)
    scripted = any(
        one.script and one.fingerprint.startswith(fingerprint)
        for one in recorded.findings
    )
    if recorded.exercise == RACES or (ordered and not scripted):
        return _replay_races(recorded, asked, beginning, terminal)
    if ordered:
        terminal.tell(
            f"{len(ordered)} more show in an order of requests: replay each by its "
            "token, or name its fingerprint."
        )
    if asked.step or asked.files or asked.target:
        raise UsageError(
            "--step, --scenario and --target are for races; another run knows its own.",
            hint=f"{recorded.id} is a run of {recorded.exercise}.",
        )
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


def _replay_token(
    asked: _Asked, flags: Mapping[str, object], terminal: Terminal
) -> int:
    from harness.cli.beginning import begin
    from harness.cli.hashing import start_anew
    from harness.errors import UsageError
    from harness.scheduling.token import decode

    token = decode(asked.run)
    if asked.fingerprint:
        raise UsageError(
            "A token is of one schedule: no fingerprint goes with it.",
            hint="Leave the fingerprint out, or name the run in the token's place.",
        )
    beginning = begin(
        flags, terminal, first=lambda _: start_anew(token.seed, asked.process)
    )
    return _step_through({asked.run: ""}, asked, beginning, terminal)


def _replay_races(
    recorded: Result, asked: _Asked, beginning: Beginning, terminal: Terminal
) -> int:
    from harness.errors import UsageError
    from harness.reports.text import scenario_files

    tokens = _tokens(recorded, asked.fingerprint)
    if not tokens:
        raise UsageError(
            f"The run {recorded.id} has no finding with a schedule to replay.",
            hint=f"Repeat the whole run: {recorded.command}",
        )
    asked = replace(
        asked,
        files=asked.files or scenario_files(recorded),
        target=asked.target or recorded.target,
    )
    return _step_through(tokens, asked, beginning, terminal)


def _tokens(recorded: Result, fingerprint: str) -> Mapping[str, str]:
    """Return the tokens of a run's findings, each with its fingerprint.

    Args:
        recorded: The run.
        fingerprint: How those begin that count.
    """
    return {
        one.interleaving.token: one.fingerprint
        for one in recorded.findings
        if one.interleaving and one.fingerprint.startswith(fingerprint)
    }


def _step_through(
    tokens: Mapping[str, str],
    asked: _Asked,
    beginning: Beginning,
    terminal: Terminal,
) -> int:
    """Run schedules again, show each line by line, and then what it shows.

    Args:
        tokens: Of the schedules, and for each the fingerprint that is looked for; ""
            for any.
        asked: How to show it.
        beginning: The settings.
        terminal: Where to show it.
    """
    from harness.cli.progress import following
    from harness.cli.showing import show, write_junit
    from harness.cli.stepping import step_through

    settings = beginning.settings
    # After the settings: it loads everything, and a mistyped flag needs nothing.
    from harness import run as runner

    with following(terminal) as listener:
        order = beginning.order(listener)
        order = order.changed(target=asked.target) if asked.target else order
        replayed = runner.replay_orders(order, tokens, files=asked.files)
    for one in replayed.orders:
        step_through(one, terminal, wait=asked.step)
    # Its order has just been shown.
    findings = (replace(one, interleaving=None) for one in replayed.result.findings)
    shown = replace(replayed.result, findings=tuple(findings))
    show(shown, terminal, runs=beginning.runs)
    if settings.junit:
        write_junit(replayed.result, settings.junit, runs=beginning.runs)
    return replayed.result.verdict.outcome.exit_code
