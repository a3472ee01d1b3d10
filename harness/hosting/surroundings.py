"""What an app expects around it: variables, import path, fresh modules."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import TargetError
from harness.target.app import AppSpec


@contextmanager
def surroundings(spec: AppSpec) -> Iterator[None]:
    """Set an app's variables and import path; put both back at the end.

    Raises:
        TargetError: Its directory does not exist.
    """
    check_directory(spec)
    with _variables(spec.environment), _import_path(spec.directory.resolve()):
        forget(spec.reimport)
        yield


def check_directory(spec: AppSpec) -> None:
    """Complain of a directory that is not there.

    Raises:
        TargetError: It is not there.
    """
    if not spec.directory.is_dir():
        raise TargetError(f"The app's directory {spec.directory} does not exist.")


def forget(packages: tuple[str, ...]) -> None:
    """Make the next import of these packages, and of what is in them, a first one."""
    if not packages:
        # It is asked for before each schedule, and what is imported stays so.
        return
    for name in tuple(sys.modules):
        if any(name == one or name.startswith(f"{one}.") for one in packages):
            del sys.modules[name]
    importlib.invalidate_caches()


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _import_path(directory: Path) -> Iterator[None]:
    entry = str(directory)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
