"""Says plainly that a machine ran out of something, whichever way it showed."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from harness.errors import PostgresError, ResourceError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_FULL_WORDS = ("No space left on device", "Disk quota exceeded")


def full_disk(directory: Path) -> ResourceError:
    """Return the error for a disk with no room left for `directory`."""
    return ResourceError(
        f"no space is left on the disk that holds {directory}",
        hint="Free some 100 MB there, or point TMPDIR to a disk that has them.",
    )


def says_full(text: str) -> bool:
    """Whether a program's output, in the C locale, complains of a full disk."""
    return any(words in text for words in _FULL_WORDS)


@contextlib.contextmanager
def noticed(directory: Path) -> Iterator[None]:
    """Turn the system's errors inside the block into ours.

    Args:
        directory: Where the block writes; named in the error.

    Raises:
        ResourceError: The disk is full, or too many files are open.
        PostgresError: The system refused for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full_disk(directory) from error
        if error.errno in _FILES:
            raise ResourceError(
                "too many files are open to start Postgres",
                hint="Raise the limit: `ulimit -n 4096`.",
            ) from error
        raise PostgresError(
            f"cannot prepare Postgres in {directory}: {error}",
            hint="Point TMPDIR to a directory that you may write to.",
        ) from error
