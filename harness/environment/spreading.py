"""Where a file system puts the files of a directory's subdirectories."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from pathlib import Path

# _IOR('f', 1, long), _IOW('f', 2, long) and EXT4_TOPDIR_FL of Linux with 64 bits.
_GET_FLAGS = 0x80086601
_SET_FLAGS = 0x40086602
_TOP_OF_HIERARCHY = 0x00020000


def spread(directory: Path) -> None:
    """Ask for the subdirectories to lie far from one another; where it can be had.

    A Postgres server makes a thousand files and its end deletes them, run after run.
    ext4 without a journal, which virtual machines for CI like, does not give out the
    inode of a file that was deleted in the last minutes, and looks at all of them in
    turn: 0.5 ms for each new file near others that were just deleted, 0.03 ms
    elsewhere. Marked as the top of a hierarchy (`chattr +T`), a directory gets its
    subdirectories in different parts of the disk, with what is in them.
    """
    if sys.platform != "linux" or struct.calcsize("l") != 8:
        return
    # Other file systems know no such mark, and have no need of it.
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            answer = fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0))
            (flags,) = struct.unpack("l", answer)
            if not flags & _TOP_OF_HIERARCHY:
                marked = struct.pack("l", flags | _TOP_OF_HIERARCHY)
                fcntl.ioctl(descriptor, _SET_FLAGS, marked)
        finally:
            os.close(descriptor)
