"""Reads a world without the libraries that the harness checks it with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.model.event import Audience, Channel
from harness.model.history import Field
from harness.model.prepared import Address, Blank, Entry, Prepared
from harness.model.tenant import Tenant
from harness.model.world import Access, SeededObject, World


def read_world(path: Path) -> World:
    """Return the world of a file that the harness wrote.

    Pydantic would take longer to load than this takes to read.

    Raises:
        UsageError: There is no such file, or it is no world.
    """
    try:
        data = json.loads(path.read_bytes())
        return _world(data)
    except OSError as error:
        message = f"The world {path} cannot be read: {error.strerror}."
        raise UsageError(message) from error
    except (ValueError, TypeError, KeyError) as error:
        message = f"{path} is not a world of this version of the harness: {error!r}."
        raise UsageError(message, hint="Make a new run.") from error


def _world(data: Mapping[str, Any]) -> World:
    entry = data["entry"]
    return World(
        url=data["url"],
        key=data["key"],
        tenants=tuple(map(_tenant, data["tenants"])),
        credentials=tuple(
            Access(_pairs(one["headers"]), one["expires_at"])
            for one in data["credentials"]
        ),
        objects=tuple(
            tuple(SeededObject(one["kind"], tuple(one["keys"])) for one in owned)
            for owned in data["objects"]
        ),
        fields={int(number): Field(**one) for number, one in data["fields"].items()},
        addresses=tuple(
            Address(**{**one, "headers": _pairs(one["headers"])})
            for one in data["addresses"]
        ),
        requests=tuple(map(_prepared, data["requests"])),
        entry=entry and Entry(**{**entry, "request": _prepared(entry["request"])}),
    )


def _tenant(data: Mapping[str, Any]) -> Tenant:
    knows = frozenset((owner, field) for owner, field in data["knows"])
    return Tenant(**{**data, "knows": knows})


def _prepared(data: Mapping[str, Any]) -> Prepared:
    changed = {
        "audience": Audience(data["audience"]),
        "channel": Channel(data["channel"]),
        "headers": _pairs(data["headers"]),
        "blanks": tuple(Blank(**one) for one in data["blanks"]),
    }
    return Prepared(**{**data, **changed})


def _pairs(data: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in data)
