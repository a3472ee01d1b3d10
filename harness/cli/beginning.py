"""How a verb begins: its settings, and the command line that repeats it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.terminal import Terminal
from harness.model.progress import Listener
from harness.settings import INTERNAL_VARIABLES, PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from harness.run.order import Order

SECRET_FLAG = "--dsn"
SECRET_VARIABLE = "HARNESS_DSN"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What each verb that runs something needs.

    Attributes:
        settings: The settings.
        command: Command line that repeats this one; holds no secret.
        runs: The runs' directory, as short as it can be written from here.
        root: Directory that the target and the app are imported from: that of the
            settings' file, or the current one.
    """

    settings: Settings
    command: str
    runs: str
    root: Path

    def order(self, listener: Listener) -> Order:
        """Return what a run is asked for."""
        from harness.run import Order

        return Order(self.settings, self.command, self.root, listener)


def begin(
    flags: Mapping[str, object],
    terminal: Terminal,
    *,
    first: Callable[[Settings], None] = lambda _: None,
) -> Beginning:
    """Load the settings and say where they came from.

    Args:
        flags: All of a verb's settings by name; None for those not given.
        terminal: Where to say it.
        first: What has to be done with them before anything is said.

    Raises:
        SettingsError: A setting is unknown or bad.
    """
    here = Path.cwd()
    loaded = load_settings(flags, cwd=here, environ=os.environ)
    first(loaded.settings)
    file = [short(loaded.pyproject, here)] if loaded.pyproject else []
    others = [
        origin
        for origin in loaded.origins.values()
        if origin.startswith((PREFIX, "--"))
    ]
    sources = ", ".join([*file, *others]) or "defaults only"
    terminal.tell(f"settings: {sources}")
    return Beginning(
        settings=loaded.settings,
        command=repeating(sys.argv[1:], os.environ),
        runs=short(loaded.settings.runs, here),
        root=loaded.pyproject.parent if loaded.pyproject else here,
    )


def short(path: Path, here: Path) -> str:
    """Write a path relative to a directory that it is in, else as it is."""
    absolute = here / path
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)


def repeating(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the command line that repeats a run, without its secrets.

    A DSN is shown as a reference to the variable that can hold it.
    """
    variables = [
        f"{name}={shlex.quote(value)}"
        for name, value in sorted(environ.items())
        if name.startswith(PREFIX)
        and name != SECRET_VARIABLE
        and name not in INTERNAL_VARIABLES
    ]
    return " ".join([*variables, "harness", *_without_secrets(arguments)])


def _without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    hidden = False
    for argument in arguments:
        if hidden:
            yield f'"${SECRET_VARIABLE}"'
        elif argument.startswith(f"{SECRET_FLAG}="):
            yield f'{SECRET_FLAG}="${SECRET_VARIABLE}"'
        else:
            yield shlex.quote(argument)
        hidden = argument == SECRET_FLAG
