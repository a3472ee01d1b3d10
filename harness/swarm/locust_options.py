"""Locust's own options: handed on as they are, with what a run cannot do without."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from harness.errors import UsageError
from harness.hosting.port import reserved
from harness.swarm.scenario import Scenario

RUN_TIME: Final = "30s"
_LOOPBACK: Final = "127.0.0.1"
_MEETING: Final = (
    *("--master-host", "--master-port"),
    *("--master-bind-host", "--master-bind-port"),
)
_OURS: Final = (
    ("-f", "--locustfile", "name it as the scenario"),
    ("-H", "--host", "the target says where the app is"),
    ("--master", "--worker", "use --processes"),
    ("--autostart", "--autoquit", "a swarm starts and ends by itself"),
    ("--exit-code-on-error", "--config", "the verdict is the harness's"),
)


def locust_command(
    scenario: Scenario,
    options: Sequence[str],
    *,
    tenants: int,
    environ: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the command that runs a scenario.

    What Locust is not told, by an option or one of its variables, is: two users per
    tenant, all within a second, for half a minute.

    Args:
        scenario: What users do.
        options: Of the user's, as Locust spells them.
        tenants: How many there are.
        environ: Variables, some of which Locust reads.

    Raises:
        UsageError: Locust is not installed, or an option cannot be had.
    """
    if find_spec("locust") is None or find_spec("hdrh") is None:
        message = "A swarm needs Locust, which is not installed."
        raise UsageError(message, hint="pip install 'tenant-harness[swarm]'")
    for *names, reason in _OURS:
        for name in names:
            if given(options, name):
                raise UsageError(f"{name} cannot be used here: {reason}.")
    users = value(options, "-u", "--users") or environ.get("LOCUST_USERS", "")
    added: list[str] = []
    if not users:
        users = str(2 * tenants)
        added += ["--users", users]
    if not (given(options, "-r", "--spawn-rate") or "LOCUST_SPAWN_RATE" in environ):
        added += ["--spawn-rate", users]
    if not (given(options, "-t", "--run-time") or "LOCUST_RUN_TIME" in environ):
        added += ["--run-time", RUN_TIME]
    ours = ("--headless", "--only-summary", "--exit-code-on-error", "0")
    program = (sys.executable, "-m", "locust", "-f", str(scenario.path.resolve()))
    return (*program, *ours, *added, *options)


def meeting_place(
    command: Sequence[str], *, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Return options that let the workers find their own master; () if it is alone.

    All of Locust's masters on a machine ask for the same port, and workers of a second
    one would go to the first.

    Args:
        command: Locust's, in which the user may have chosen a place.
        environ: Variables, some of which Locust reads.

    Raises:
        ResourceError: Too many files are open.
    """
    several = given(command, "--processes") or "LOCUST_PROCESSES" in environ
    if not several or given(command, *_MEETING):
        return ()
    with reserved() as free:
        host, port = _LOOPBACK, str(free.number)
    words: list[str] = []
    for name in _MEETING:
        words += [name, port if name.endswith("port") else host]
    return tuple(words)


def given(options: Sequence[str], *names: str) -> bool:
    """Whether an option is among those given, in any of its spellings."""
    return any(_is(option, name) for option in options for name in names)


def value(options: Sequence[str], *names: str) -> str:
    """Return what an option was given; "" if it was not."""
    for place, option in enumerate(options):
        for name in names:
            if option == name:
                return options[place + 1] if place + 1 < len(options) else ""
            if _is(option, name):
                return option.removeprefix(name).removeprefix("=")
    return ""


def _is(option: str, name: str) -> bool:
    if name.startswith("--"):
        return option == name or option.startswith(f"{name}=")
    return option.startswith(name) and not option.startswith("--")


def processes(options: Sequence[str]) -> int:
    """Return how many workers were asked for; 1 if Locust decides or is not told."""
    told = value(options, "--processes")
    return max(1, int(told)) if told.lstrip("-").isdigit() else 1


def seconds(options: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return how long Locust was told to run; 0 if that cannot be read."""
    told = value(options, "-t", "--run-time") or environ.get("LOCUST_RUN_TIME", "")
    told = told or RUN_TIME
    total, number = 0.0, ""
    for character in told.strip():
        if character.isdigit():
            number += character
        elif number and character in _SECONDS:
            total += int(number) * _SECONDS[character]
            number = ""
        else:
            return 0.0
    return total + float(number or 0)


_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
