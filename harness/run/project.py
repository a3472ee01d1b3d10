"""A digest of all files that an app may read while its tenants are made."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from importlib.metadata import distributions
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from harness.errors import ResourceError

MOST_FILES: Final = 20_000
MOST_BYTES: Final = 500_000_000

_GENERATED_DIRECTORIES: Final = ("__pycache__", "node_modules", "htmlcov")
_GENERATED_ENDS: Final = (".pyc", ".pyo", ".log", ".egg-info")
_GENERATED_FILES: Final = ("coverage.xml",)


def digest_of_project(
    roots: Collection[Path],
    *,
    without: Collection[Path] = (),
    most_files: int = MOST_FILES,
    most_bytes: int = MOST_BYTES,
) -> str:
    """Return a digest of the names and contents of all files below some directories.

    Hidden directories (``.git``, caches, ``.harness``), virtual environments and what
    is generated do not count. Links are followed.

    Args:
        roots: The directories.
        without: Directories below that do not count either.
        most_files: How many files are read at most.
        most_bytes: How much is read at most.

    Raises:
        ResourceError: There are more files, or larger ones.
    """
    digest = hashlib.sha256()
    files = size = 0
    left_out = {path.resolve() for path in without}
    for root in sorted({path.resolve() for path in roots}):
        digest.update(b"\0root\0")
        for path in _files(root, left_out):
            try:
                status = path.stat()
                if not stat.S_ISREG(status.st_mode):
                    continue
                files, size = files + 1, size + status.st_size
                if files > most_files or size > most_bytes:
                    raise ResourceError(
                        f"{root} holds more than {most_files:,} files or "
                        f"{most_bytes // 1_000_000:,} MB, too many to tell whether "
                        f"they have changed"
                    )
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").digest()
            except OSError:
                # What we cannot read, the app cannot read either.
                continue
            name = os.fsencode(path.relative_to(root))
            digest.update(name + b"\0" + content)
    return digest.hexdigest()


def edited_in_place() -> tuple[Path, ...]:
    """Return where packages come from that may change without another version.

    They are what was installed to be edited, and what ``PYTHONPATH`` names.
    """
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    found = [Path(text) for text in named if text]
    for one in distributions():
        origin = json.loads(one.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            found.append(Path(url2pathname(urlsplit(origin["url"]).path)))
    return tuple(path for path in found if path.is_dir())


def _files(root: Path, left_out: AbstractSet[Path]) -> Iterator[Path]:
    """Yield files in a fixed order, each directory once however it is linked."""
    seen: set[Path] = set()
    for place, directories, names in os.walk(root, followlinks=True):
        here = Path(place)
        kept = []
        for name in sorted(directories):
            real = (here / name).resolve()
            if not _generated(here / name) and real not in seen | left_out:
                seen.add(real)
                kept.append(name)
        directories[:] = kept
        for name in sorted(names):
            generated = name in _GENERATED_FILES or name.startswith(".coverage")
            if not generated and not name.endswith(_GENERATED_ENDS):
                yield here / name


def _generated(directory: Path) -> bool:
    name = directory.name
    return (
        name.startswith(".")
        or name in _GENERATED_DIRECTORIES
        or name.endswith(_GENERATED_ENDS)
        or (directory / "pyvenv.cfg").exists()
    )
