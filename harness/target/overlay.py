"""Random values, tamed, with slots put over them wherever a canary fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, final

from harness.target.alternatives import Schema, length
from harness.target.fits import fits_plain
from harness.target.leaves import Slot, Upload
from harness.target.naming import words
from harness.target.sample import Sampler, usable

_INTEGERS: Final = range(-(2**31), 2**31)
_LARGEST: Final = 1e12
_ITEMS: Final = 3
_GIVING_AWAY: Final = frozenset({"public", "shared"})
"""Flags that make an object readable by others; what they show is no leak."""


@final
class Overlay:
    """Puts slots over the random values of one operation.

    Args:
        sampler: Says what belongs in a place, and replaces what is out of hand:
            control characters, numbers that no column holds.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def over(self, schema: object, value: Any, place: str) -> Any:
        """Return a random value as request data.

        Args:
            schema: JSON schema of the place, references resolved.
            value: What was drawn for it.
            place: Where it is in the request, ``"body.title"``.
        """
        for one in usable(schema):
            if fits_plain(one, value):
                return self._plain(one, value, place)
        return self._sampler.value(schema, place)

    def _plain(self, schema: Schema, value: Any, place: str) -> Any:
        if "const" in schema or "enum" in schema or value is None:
            return value
        if isinstance(value, dict):
            return self._object(schema, value, place)
        if isinstance(value, list):
            keep = max(_ITEMS, length(schema, "minItems", 0))
            return self._array(schema, value[:keep], place)
        return self._leaf(schema, value, place)

    def _leaf(self, schema: Schema, value: Any, place: str) -> Any:
        usual = self._sampler.plain(schema, place)
        if isinstance(usual, Upload) or _coded(schema):
            return usual
        if isinstance(usual, Slot) and usual.kind != "integer":
            tame = isinstance(value, str) and value.isprintable() and value.strip()
            return replace(usual, default=value) if tame else usual
        if isinstance(value, bool):
            giving = _GIVING_AWAY & set(words(place.rpartition(".")[2]))
            return usual if giving else value
        return value if _tame(value) else _default(usual)

    def _object(self, schema: Schema, value: dict[str, Any], place: str) -> Any:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            return self._sampler.plain(schema, place)
        needed = schema.get("required")
        required = needed if isinstance(needed, list) else []
        return {
            name: self.over(part, value[name], f"{place}.{name}")
            for name, part in properties.items()
            if name in value and (name in required or self._sampler.wanted(name, part))
        }

    def _array(self, schema: Schema, value: list[Any], place: str) -> list[Any]:
        first = schema.get("prefixItems")
        first = first if isinstance(first, list) else []
        rest = schema.get("items", True)
        return [
            self.over(first[i] if i < len(first) else rest, part, f"{place}.{i}")
            for i, part in enumerate(value)
        ]


def _coded(schema: Schema) -> bool:
    """Whether a text has an inner form that a random one may miss."""
    keys = ("format", "contentMediaType", "contentEncoding")
    return schema.get("type") == "string" and any(key in schema for key in keys)


def _tame(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable()
    if isinstance(value, int):
        return value in _INTEGERS
    return math.isfinite(value) and abs(value) < _LARGEST


def _default(value: Any) -> Any:
    return value.default if isinstance(value, Slot) else value
