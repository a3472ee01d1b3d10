"""Who left this behind: a mark in a name that tells whether its process still lives."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"(?<![0-9a-f])([0-9a-f]{8})_([0-9]+)_([0-9a-f]{8})(?![0-9a-f])")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def this_host() -> str:
    """Eight hex digits for this machine, or for this container on it.

    A process id means something only inside its own pid namespace, so that is
    part of it.
    """
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return _digest(os.uname().nodename, namespace)


def start_mark(pid: int) -> str:
    """When process `pid` began, as eight hex digits; "" when there is none.

    A process that has ended and was not yet waited for counts as gone.
    """
    if not Path("/proc/self/stat").exists():
        return _start_mark_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        return ""
    # The command may contain spaces and parentheses; fields count from its end.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else _digest(boot, fields[19])


def _start_mark_by_ps(pid: int) -> str:
    answer = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", "/bin:/usr/bin"), "LC_ALL": "C"},
    ).stdout.split(maxsplit=1)
    return "" if len(answer) < 2 or answer[0][0] == "Z" else _digest(answer[1].strip())


@dataclass(frozen=True, slots=True)
class Owner:
    """One process, told apart from a later one that got the same id.

    Attributes:
        host: What `this_host` says where it runs.
        pid: Its process id there.
        started: What `start_mark` said of it.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Owner:
        """Return the owner that stands for this process."""
        pid = os.getpid()
        return cls(this_host(), pid, start_mark(pid))

    @classmethod
    def find(cls, name: str) -> Owner | None:
        """Read the owner from a name that carries its mark, if one does."""
        found = _MARK.search(name)
        if not found:
            return None
        return cls(found[1], int(found[2]), found[3])

    @property
    def mark(self) -> str:
        """How the owner is written into names: lower case, digits, underscores."""
        return f"{self.host}_{self.pid}_{self.started}"

    def new_name(self) -> str:
        """Return a name with the mark that nothing else has."""
        return f"{self.mark}_{secrets.token_hex(3)}"

    def is_dead(self) -> bool:
        """Whether the process is provably gone; always False for another host's."""
        return self.host == this_host() and start_mark(self.pid) != self.started
