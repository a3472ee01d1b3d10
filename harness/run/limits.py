"""What the machine has left for a run: open files and disk, said plainly."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

from harness.errors import ResourceError

FEWEST_FILES = 128
"""Open files without which no run gets anywhere."""
PLENTY_OF_FILES = 4096
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FILES = frozenset({errno.EMFILE, errno.ENFILE})
HINT = "Raise the limit, as with `ulimit -n 4096`."


def raise_file_limit() -> None:
    """Use what the system allows, and refuse to start on too few files.

    Raises:
        ResourceError: Even the hard limit is too low.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = PLENTY_OF_FILES if hard == resource.RLIM_INFINITY else hard
    wanted = min(wanted, PLENTY_OF_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY and soft < FEWEST_FILES:
        message = f"Only {soft} files may be open; a run needs {FEWEST_FILES}."
        raise ResourceError(message, hint=HINT)


def ensure_files_left() -> None:
    """Pass if another file can be opened: an app that cannot answers 500.

    Raises:
        ResourceError: This process has no file descriptor left.
    """
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        if error.errno not in FILES:
            raise
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        message = f"The process has all its {soft} files open, connections included."
        hint = "Raise the limit (`ulimit -n`); if that only delays it, the app leaks."
        raise ResourceError(message, hint=hint) from error


@contextlib.contextmanager
def room_in(directory: Path) -> Iterator[None]:
    """Name the directory that could not be written to.

    Raises:
        ResourceError: The disk is full, or the directory cannot be used.
    """
    try:
        yield
    except OSError as error:
        hint = "Set `runs` to another directory."
        message = f"Runs cannot be kept in {directory}: {error.strerror}."
        if error.errno in FULL:
            message = f"The disk that holds {directory} is full."
            hint = "Free some space there, or set `runs` to another directory."
        raise ResourceError(message, hint=hint) from error
