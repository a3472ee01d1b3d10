"""The command line: one module per verb."""

from __future__ import annotations

import contextlib
import io
import sys


def main() -> None:
    """Run the command line; ends the process with one of the exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A tenant's name must not end a run on a terminal without Unicode.
            stream.reconfigure(errors="backslashreplace")
    # Not at the top: importing one verb's module must not load all of them.
    from harness.cli.app import app

    with contextlib.suppress(BrokenPipeError):
        # Some verbs start the process anew; whoever calls one from elsewhere has none.
        app(prog_name="harness", obj=tuple(sys.orig_argv))
