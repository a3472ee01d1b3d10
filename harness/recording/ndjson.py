"""Events as NDJSON: one JSON object a line, written and read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from harness.errors import UsageError
from harness.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OWNER_ONLY = 0o600
_ADAPTER: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="kind")]
)


def dump_line(event: Event) -> bytes:
    """Return an event as one line of JSON, newline included."""
    try:
        return _ADAPTER.dump_json(event) + b"\n"
    except PydanticSerializationError:
        # Apps log halves of surrogate pairs, which UTF-8 cannot hold.
        values = _ADAPTER.dump_python(event, mode="json")
        text = json.dumps(values, ensure_ascii=False)
        return text.encode("utf-8", "replace") + b"\n"


def parse_line(line: bytes) -> Event:
    """Return the event of one line.

    Raises:
        UsageError: The line is not an event.
    """
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "line"
        message = f"This line is not an event of a history: {where}: {first['msg']}."
        raise UsageError(
            message, hint="The file may come from another version of the harness."
        ) from error


def write_events(path: Path, events: Iterable[Event]) -> None:
    """Write events to a file that only its owner can read."""
    path.touch(mode=OWNER_ONLY)
    path.chmod(OWNER_ONLY)  # where it was there before
    with path.open("wb") as file:
        file.writelines(dump_line(event) for event in events)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file.

    Raises:
        UsageError: A line is not an event; the message names its number.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield parse_line(line)
            except UsageError as error:
                message = f"{path.name}, line {number}: {error.message}"
                raise UsageError(message, hint=error.hint) from error
