"""Where snapshots are kept: by what determines them, within a size."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.environment.owner import Owner
from harness.environment.spreading import spread
from harness.errors import ResourceError

LARGEST: Final = 2 * 1024**3
"""Bytes that all snapshots together may take; beyond that the oldest ones go."""
_DRAFT: Final = ".draft-"
_LOCK: Final = ".lock-"
_PRIVATE: Final = 0o700


def default_cache() -> Path:
    """Return the user's directory for what can be made again, as XDG has it."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative one.
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "tenant-harness"


@dataclass(frozen=True, slots=True)
class Store:
    """A directory with one directory per snapshot, named by its key.

    A snapshot appears whole or not at all, and is never changed.

    Attributes:
        directory: Where they are; only its user may look into it.
        largest: Bytes that they may take.
    """

    directory: Path
    largest: int = LARGEST

    @classmethod
    def opened(cls, directory: Path, *, largest: int = LARGEST) -> Store:
        """Make the directory if need be, and clear away what died half-way.

        Raises:
            ResourceError: It cannot be made, or somebody else could write to it.
        """
        try:
            directory.mkdir(parents=True, mode=_PRIVATE, exist_ok=True)
            status = directory.lstat()
        except OSError as error:
            message = f"Snapshots cannot be kept in {directory}: {error.strerror}."
            hint = "Set `cache` to another directory."
            raise ResourceError(message, hint=hint) from error
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if not ours or stat.S_IMODE(status.st_mode) & 0o077:
            message = f"{directory} is not a directory that only this user can use."
            hint = "Snapshots hold passwords: make its mode 0700, or set `cache`."
            raise ResourceError(message, hint=hint)
        spread(directory)
        store = cls(directory, largest)
        store._clear()
        return store

    def find(self, key: str) -> Path | None:
        """Return the directory of a snapshot, and note that it was used."""
        found = self.directory / key
        try:
            os.utime(found)
        except OSError:
            return None
        return found

    def discard(self, key: str) -> None:
        """Remove a snapshot."""
        found = self.directory / key
        with contextlib.suppress(OSError):
            # In one step: nobody may find half of it.
            aside = self._draft(key)
            found.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    @contextlib.contextmanager
    def writing(self, key: str) -> Iterator[Path | None]:
        """Have an empty directory that becomes the snapshot when the block ends.

        If the block fails, nothing is kept.

        Yields:
            The directory; None if another process writes the same snapshot.
        """
        with self._locked(key) as first:
            if not first:
                yield None
                return
            draft = self._draft(key)
            draft.mkdir(mode=_PRIVATE)
            try:
                yield draft
                if not (self.directory / key).exists():
                    draft.rename(self.directory / key)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        self._prune(key)

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[bool]:
        path = self.directory / f"{_LOCK}{key}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def _draft(self, key: str) -> Path:
        return self.directory / f"{_DRAFT}{key}-{Owner.current().new_name()}"

    def _clear(self) -> None:
        for path in self.directory.glob(f"{_DRAFT}*"):
            owner = Owner.find(path.name)
            if owner is not None and owner.is_dead():
                shutil.rmtree(path, ignore_errors=True)

    def _prune(self, latest: str) -> None:
        """Remove the snapshots that were not used for longest, but not the latest."""
        kept = []
        for path in self.directory.iterdir():
            # Another process may be pruning, too.
            with contextlib.suppress(OSError):
                if not path.name.startswith("."):
                    kept.append((path.stat().st_mtime, _size(path), path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self.largest:
                return
            if path.name != latest:
                self.discard(path.name)
                total -= size


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())
