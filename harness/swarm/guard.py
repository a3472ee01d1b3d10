"""Keeps a program and all that it starts from outliving the run; a script of its own.

    guard.py OUTCOME PROGRAM [ARGUMENT…]

It leads a process group and runs the program in it. The parent's end of standard input
is a line to it: "stop" asks the program to end, and when the line breaks, the parent is
gone and the whole group is killed. When the program ends, its exit code is written to
the descriptor OUTCOME and the group is killed: what it forked does not stay behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
LOOK = 1.0
"""Seconds between two looks at whether the parent is still the parent."""


def become(command: list[str]) -> None:
    """Turn into the program; where the kernel can, it ends with its guard."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.execv(command[0], command)  # noqa: S606 - a shell would only be in the way


def main(arguments: list[str]) -> None:
    """Do what the module says."""
    outcome, *command = arguments
    parent = os.getppid()
    # The parent sees it close when this process ends, and the program stays.
    os.set_inheritable(int(outcome), False)
    waker, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    child = os.fork()
    if not child:
        become(command)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            # The parent may be gone, and with it whoever would read this.
            with contextlib.suppress(OSError):
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
