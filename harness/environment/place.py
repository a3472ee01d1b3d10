"""The directory of our own where embedded servers live."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.environment.account import Account, can_enter
from harness.environment.exhaustion import noticed
from harness.environment.owner import Owner
from harness.environment.spreading import spread
from harness.errors import PostgresError

_TRAVERSABLE = 0o711


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that holds one directory per run, and what runs share.

    Attributes:
        base: The whole.
        runs: One directory per living run, named by its owner.
        cache: Copied binaries and prepared clusters, named by what is in them.
    """

    base: Path

    @property
    def runs(self) -> Path:
        return self.base / "runs"

    @property
    def cache(self) -> Path:
        return self.base / "cache"

    @contextlib.contextmanager
    def run(self) -> Iterator[Path]:
        """Make a directory for one run; it is gone when the block ends."""
        directory = self.runs / Owner.current().new_name()
        with noticed(directory):
            _make(directory)
        try:
            yield directory
        finally:
            remove(directory)


def find_place(home: Path | None, account: Account) -> Place:
    """Choose and make the directory.

    Args:
        home: Where the caller would have it. Passed over when the account cannot
            get there, such as a checkout under a private home directory.
        account: Whom the servers run as.

    Raises:
        PostgresError: The directory belongs to someone else or is open to them.
        ResourceError: The disk is full.
    """
    if home is not None:
        with noticed(home):
            home.mkdir(parents=True, exist_ok=True)
        if can_enter(home, account):
            return _opened(home.resolve() / "postgres")
    return _opened(Path(tempfile.gettempdir()).resolve() / f"harness-{os.geteuid()}")


def remove(directory: Path) -> None:
    """Delete a directory of ours, though a dying server may still write to it."""
    for _ in range(3):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return


def _opened(base: Path) -> Place:
    place = Place(base)
    with noticed(base):
        for directory in (base, place.runs, place.cache):
            _make(directory)
        for directory in (place.runs, place.cache):
            spread(directory)
    return place


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        _verify(directory)
    else:
        # Not by mkdir's mode: the umask takes bits from that.
        directory.chmod(_TRAVERSABLE)


def _verify(directory: Path) -> None:
    """Refuse what someone else may have put where our directory should be."""
    status = directory.lstat()
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.geteuid()
        or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        raise PostgresError(
            f"{directory} is not a directory that only this user can write to",
            hint="Remove it, or point TMPDIR to another directory.",
        )
