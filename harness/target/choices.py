"""Closed sets: fields of a body that take one of a few values, and each of these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from harness.target.alternatives import Schema, alternatives
from harness.target.fits import fits_plain
from harness.target.media import declared
from harness.target.naming import words
from harness.target.patterns import literals

if TYPE_CHECKING:
    from harness.target.case import Case
    from harness.target.operation import Operation

VALUES: Final = 6
"""Values that are tried of one field."""
_MOST: Final = 24
"""Values that are tried of one operation."""
_CLOSED: Final = 24
"""Values of a set that is taken for a closed one."""
_DEEPEST: Final = 3
_GIVING_AWAY: Final = frozenset(
    {"anybody", "anyone", "everybody", "everyone", "global", "public", "shared"}
)
"""Words of values that make an object readable by others; that is no leak."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a closed set.

    Attributes:
        place: Names that lead to the field from the root of the body.
        value: What it takes, a JSON scalar.
    """

    place: tuple[str, ...]
    value: Any

    @property
    def name(self) -> str:
        """How people and steps tell it from others, ``'body.state="late"'``."""
        return f"{'.'.join(('body', *self.place))}={json.dumps(self.value)}"


def choices(operation: Operation) -> tuple[Choice, ...]:
    """Return the values of the closed sets in a body: `VALUES` of each at most.

    Sets are enumerations, constants in a union, and patterns that list their texts.
    Left out are values that give an object away.

    Args:
        operation: From the OpenAPI document; an explicit one has none.
    """
    media = declared(operation.schema.get("requestBody"), operation.content_type)
    found = dict.fromkeys(_within(media.get("schema", True), ()))
    return tuple(found)[:_MOST]


def with_choice(case: Case, choice: Choice) -> Case:
    """Return a request with a value put in; as it is where there is no such place."""
    return replace(case, body=_put(case.body, choice.place, choice.value))


def _put(tree: Any, place: tuple[str, ...], value: Any) -> Any:
    if not place:
        return value
    if not isinstance(tree, dict) or (len(place) > 1 and place[0] not in tree):
        return tree
    return {**tree, place[0]: _put(tree.get(place[0]), place[1:], value)}


def _within(schema: object, place: tuple[str, ...]) -> Iterator[Choice]:
    for one in alternatives(schema):
        properties = one.get("properties")
        for name, part in properties.items() if isinstance(properties, Mapping) else ():
            inside = (*place, str(name))
            values = [value for option in alternatives(part) for value in _set(option)]
            unlike = list({repr(value): value for value in values}.values())
            if len(unlike) > 1:
                kept = [value for value in unlike if not _gives_away(value)]
                yield from (Choice(inside, value) for value in kept[:VALUES])
            elif len(inside) < _DEEPEST:
                yield from _within(part, inside)


def _set(schema: Schema) -> list[Any]:
    """Return the scalars that a plain schema allows; none if they are not listed."""
    allowed = schema.get("enum")
    if "const" in schema:
        allowed = [schema["const"]]
    if not isinstance(allowed, list):
        texts = schema.get("type") == "string" and "pattern" in schema
        allowed = list(literals(schema["pattern"], _CLOSED)) if texts else []
    return [
        value
        for value in allowed
        if isinstance(value, str | int | float) and fits_plain(schema, value)
    ]


def _gives_away(value: Any) -> bool:
    return isinstance(value, str) and bool(_GIVING_AWAY & set(words(value)))
