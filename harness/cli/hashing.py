"""The hash seed: the same in each process that runs schedules."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from harness.races.hashes import VARIABLE, is_fixed

_SEEDS: Final = 2**32


def start_anew(seed: int, arguments: object) -> None:
    """Have this process's hashes fixed: it becomes one whose hash seed is given.

    The order of a set of texts depends on it, and so may the order in which an app
    does things. A hash seed that the user chose stays.

    Args:
        seed: Of the run.
        arguments: What the process was started with, the interpreter first. Anything
            else, as where somebody calls the verb from a process of their own, leaves
            it as it is.
    """
    if is_fixed(os.environ) or not isinstance(arguments, tuple) or not arguments:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    command, environ = anew(seed, arguments, os.environ)
    os.execve(sys.executable, command, environ)  # noqa: S606 - it is this program


def anew(
    seed: int, arguments: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the variables of a process with a fixed hash seed."""
    fixed = {**environ, VARIABLE: str(seed % _SEEDS)}
    return [sys.executable, *arguments[1:]], fixed
