"""Starts a program that ends with its parent; run as a script of its own.

    launcher.py FOLLOW PARENT SIGNAL UID GID PROGRAM [ARGUMENT…]

FOLLOW is `signal` (the kernel tells us of the parent's death; this process turns
into the program) or the number of a descriptor whose other end only the parent
holds (this process stays as the program's parent and watches). UID and GID are
`-` to stay the same user. Imports little, because it runs before every server,
and all of it at once: the user it turns into may not reach the standard library.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
GRACE = 5.0
LOOK = 1.0


def become(uid: str, gid: str) -> None:
    """Give up root for good."""
    os.umask(0o077)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))


def follow_by_signal(parent: int, death: int) -> None:
    """Have the kernel send `death` when the parent ends.

    Comes after the change of user, which would cancel it; and the parent may
    have ended before, which is why it is looked at afterwards.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit(1)


def watch(pipe: int, parent: int, death: int, command: list[str]) -> int:
    """Run the command; send it `death` when the parent's end of the pipe closes.

    A forked child of the parent may hold that end open, so the parent's id is
    looked at as well, every `LOOK` seconds.

    Returns:
        The command's exit code; negative when a signal ended it.
    """
    waker, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    child = os.posix_spawn(command[0], command, os.environ)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    deadline = float("inf")
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        orphaned = deadline < float("inf")
        readable, _, _ = select.select(
            [waker] if orphaned else [pipe, waker], [], [], LOOK
        )
        if waker in readable:
            os.read(waker, 64)
        if not orphaned and (pipe in readable or os.getppid() != parent):
            os.kill(child, death)
            deadline = time.monotonic() + GRACE


def main(arguments: list[str]) -> None:
    """Do what the module says."""
    follow, parent, death, uid, gid, *command = arguments
    become(uid, gid)
    if follow == "signal":
        follow_by_signal(int(parent), int(death))
        os.execv(command[0], command)  # noqa: S606 - a shell would only be in the way
    code = watch(int(follow), int(parent), int(death), command)
    if code < 0:
        # Die of the same signal, so that the parent reads the same story.
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
