"""The structured keys of a line of text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from harness.observe.records import event_of, scalars

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Not after "?" or "&": the query of an address is no key of the line.
_PAIR: Final = re.compile(
    r"""(?:^|(?<=[\s,;|(\[{]))([A-Za-z_][\w.-]{0,63})="""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s,;|)\]}]*))"""
)


def json_slots(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values of a line that is an object in JSON."""
    yield from scalars("", _object(text))


def pair_slots(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ``key=value`` pairs of a line; not those of a traceback below."""
    first = text.partition("\n")[0]
    if "=" not in first or first.startswith("{"):
        return
    for match in _PAIR.finditer(_ANSI.sub("", first)):
        key, *values = match.groups()
        yield key, next((value for value in values if value is not None), "")


def message_of(text: str) -> str:
    """Return the message of a line, which may be an object in JSON."""
    return event_of(_object(text)) or text


def _object(text: str) -> dict[str, object]:
    if not text.startswith("{") or not text.endswith("}"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
