"""Whom the embedded server runs as, and what that user can reach."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as.

    Attributes:
        name: For messages.
        uid: User id.
        gid: Group id; supplementary groups are dropped on a switch.
        switch: Whether a process of ours has to change to it.
    """

    name: str
    uid: int
    gid: int
    switch: bool


def server_account() -> Account:
    """Return this process's own user, or an unprivileged one when that is root.

    Postgres refuses to run as root.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account("65534", 65534, 65534, switch=True)
    # Some systems give nobody the id -2, which comes back as a huge number.
    return Account("nobody", nobody.pw_uid, nobody.pw_gid, switch=True)


def can_read(path: Path, account: Account) -> bool:
    """Whether the account may read this file, or list this directory.

    Goes by mode bits from the root down: an access list may allow more, in which
    case the answer is merely cautious.
    """
    if not account.switch:
        return os.access(path, os.R_OK)
    target = path.resolve()
    return all(_allows(step, account, stat.S_IXOTH) for step in target.parents) and (
        _allows(target, account, stat.S_IROTH)
    )


def can_enter(directory: Path, account: Account) -> bool:
    """Whether the account may go through this directory to what lies beneath."""
    if not account.switch:
        return os.access(directory, os.X_OK)
    target = directory.resolve()
    steps = (target, *target.parents)
    return all(_allows(step, account, stat.S_IXOTH) for step in steps)


def _allows(path: Path, account: Account, bit: int) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_uid == account.uid:
        bit <<= 6
    elif status.st_gid == account.gid:
        bit <<= 3
    return bool(status.st_mode & bit)
