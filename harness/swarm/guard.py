"""Keeps a program and all that it starts from outliving the run; a script of its own.

    guard.py OUTCOME PROGRAM [ARGUMENT…]

It leads a process group and runs the program in it. The parent's end of standard input
is a line to it: "stop" asks the program to end, and when the line breaks, the parent is
gone and the whole group is killed. When the program ends, its exit code is written to
the descriptor OUTCOME and the group is killed: what it forked does not stay behind.
"""

from __future__ import annotations

import os
import select
import signal
import sys

LOOK = 1.0
"""Seconds between two looks at whether the parent is still the parent."""


def main(arguments: list[str]) -> None:
    """Do what the module says."""
    outcome, *command = arguments
    parent = os.getppid()
    waker, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    nothing = os.open(os.devnull, os.O_RDONLY)
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0)],
    )
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            os.write(int(outcome), b"%d\n" % os.waitstatus_to_exitcode(status))
            os.killpg(os.getpgrp(), signal.SIGKILL)
        readable, _, _ = select.select([0, waker], [], [], LOOK)
        if waker in readable:
            os.read(waker, 64)
        line = os.read(0, 64) if 0 in readable else b"-"
        if not line or os.getppid() != parent:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        if b"stop" in line:
            os.kill(child, signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
