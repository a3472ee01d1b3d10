"""Keys of objects, found in the answers that create or list them."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from harness.target.naming import same_thing, singulars, words

ENVELOPES: Final = frozenset(
    {
        "content",
        "data",
        "entries",
        "entry",
        "hits",
        "item",
        "items",
        "list",
        "object",
        "objects",
        "records",
        "response",
        "result",
        "results",
        "rows",
        "values",
    }
)
"""Names under which an answer's objects may lie."""

_USUAL: Final = ("id", "uuid", "guid")
_NATURAL: Final = ("key", "slug", "code", "handle", "name", "pk")
_IDENTIFIER: Final = re.compile(
    r"\d+|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE
)
_MOST: Final = 1_000
"""Objects of one answer that are looked at."""


def from_location(location: str, kind: str) -> str:
    """Return the key that a ``Location`` header leads to; "" if none.

    Args:
        location: An absolute or a relative URL.
        kind: Of the object; the URL may have more in front, such as a root path.
    """
    path = urllib.parse.urlsplit(location).path.rstrip("/")
    shape = re.escape(kind.rstrip("/")).replace(r"\{\}", "[^/]+")
    match = re.search(rf"{shape}/([^/]+)$", path)
    return urllib.parse.unquote(match[1]) if match else ""


def from_body(body: Any, parameter: str, collection: str, *, many: bool) -> list[str]:
    """Return the keys of the objects in an answer's JSON.

    Args:
        body: The JSON value.
        parameter: Name of the path parameter that takes the key; "" if unknown.
        collection: Name of the collection, ``"tasks"``.
        many: Whether the answer lists objects.
    """
    certain = _certain(parameter, collection)
    ranked = (*certain, *_NATURAL)
    if many or isinstance(body, list):
        entries = _inside(body, collection)
        return _unique(_key(entry, ranked) for entry in entries)
    found = _key(body, certain)
    if found:
        return [found]
    keys = _unique(_key(entry, ranked) for entry in _inside(body, collection))
    return keys or _unique([_key(body, ranked)])


def _certain(parameter: str, collection: str) -> tuple[str, ...]:
    """Return the names that the key surely has, without case and underscores."""
    parts = words(parameter)
    own = ["".join(parts)]
    if len(parts) > 1 and same_thing("".join(parts[:-1]), collection):
        own.append(parts[-1])
    stems = sorted(singulars("".join(words(collection))))
    named = [f"{stem}{usual}" for stem in stems if stem for usual in _USUAL]
    return tuple(dict.fromkeys(name for name in (*own, *_USUAL, *named) if name))


def _inside(body: Any, collection: str) -> Iterator[Any]:
    """Yield what an answer lists, at its root or in an envelope."""
    if isinstance(body, list):
        yield from body[:_MOST]
        return
    if not isinstance(body, Mapping):
        return
    parts = [
        value
        for name, value in body.items()
        if str(name).lower() in ENVELOPES or same_thing(str(name), collection)
    ]
    for value in parts or (body.values() if len(body) == 1 else ()):
        if isinstance(value, list):
            yield from value[:_MOST]
        elif isinstance(value, Mapping):
            lists = [part for part in value.values() if isinstance(part, list)]
            yield from (lists[0][:_MOST] if len(lists) == 1 else (value,))


def _key(entry: Any, names: tuple[str, ...]) -> str:
    if not isinstance(entry, Mapping):
        text = _scalar(entry)
        return text if _IDENTIFIER.fullmatch(text) else ""
    flat = {"".join(words(str(name))): value for name, value in entry.items()}
    return next((text for name in names if (text := _scalar(flat.get(name)))), "")


def _scalar(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value)


def _unique(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(key for key in keys if key))
