"""Witnesses: the readings that show their owner what an operation changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.event import Audience
from harness.target.routes import nameless

if TYPE_CHECKING:
    from harness.provisioning.belongings import Keys
    from harness.provisioning.catalogue import Catalogue
    from harness.target.operation import Operation

MOST = 4
"""How many readings surround a probe."""


def readings_of(
    catalogue: Catalogue, operation: Operation, keys: Keys
) -> list[tuple[Operation, Keys]]:
    """Choose the readings on an operation's path, above it and right below it.

    Args:
        catalogue: Offers the readings.
        operation: May change something.
        keys: Of the object that fills its path.

    Returns:
        Each reading with the keys that fill its path, the nearest first.
    """
    found = []
    for other in catalogue.operations.values():
        if other.method != "GET" or other.skipped:
            continue
        if other.audience is not Audience.TENANT:
            continue
        needs = catalogue.resources.needs(other)
        if _near(other.path, operation.path) and len(needs) <= len(keys):
            found.append((other, keys[: len(needs)]))
    length = len(operation.path)
    found.sort(key=lambda pair: abs(len(pair[0].path) - length))
    return found[:MOST]


def _near(reader: str, path: str) -> bool:
    reader, path = nameless(reader).rstrip("/"), nameless(path).rstrip("/")
    return (
        path == reader or path.startswith(f"{reader}/") or reader.startswith(f"{path}/")
    )
