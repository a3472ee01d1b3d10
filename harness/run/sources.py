"""Digests of source files: what tells one state of a package from another."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

_NO_SOURCE = frozenset({"__pycache__"})


def digest_of_package(name: str, *, root: Path) -> str:
    """Return a digest of all files of a module's top-level package.

    Args:
        name: Dotted name of the module.
        root: Directory that modules are imported from, before all others.

    Returns:
        Hexadecimal digits; "" if there are no such files, as for what is built in.
    """
    top = name.partition(".")[0]
    digest = hashlib.sha256()
    found = False
    for place in _places(top, root):
        for path in _files(place):
            found = True
            digest.update(f"{path.relative_to(place.parent)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest() if found else ""


def _places(top: str, root: Path) -> Iterator[Path]:
    """Yield the files and directories of a top-level package."""
    own = (root / top, root / f"{top}.py")
    if any(path.exists() for path in own):
        yield from (path for path in own if path.exists())
        return
    spec = importlib.util.find_spec(top)
    if spec is None:
        return
    places = spec.submodule_search_locations or ([spec.origin] if spec.origin else [])
    yield from (path for place in places if (path := Path(place)).exists())


def _files(place: Path) -> Iterator[Path]:
    """Yield a package's files in a fixed order, whatever they are: SQL counts too."""
    if place.is_file():
        yield place
        return
    for path in sorted(place.rglob("*")):
        hidden = any(
            part in _NO_SOURCE or part.startswith(".")
            for part in path.relative_to(place).parts
        )
        if not hidden and path.is_file():
            yield path


def digest_of_installed() -> str:
    """Return a digest of which versions of which distributions are installed."""
    names = {f"{one.metadata['Name']} {one.version}" for one in distributions()}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
