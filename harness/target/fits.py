"""Whether a value satisfies a JSON schema, as far as request data need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.target.alternatives import Schema, alternatives, length, number
from harness.target.patterns import matches


def fits(schema: object, value: Any) -> bool:
    """Whether a value satisfies a schema whose references are resolved.

    Formats are not looked at; unknown keywords allow anything.
    """
    return any(fits_plain(one, value) for one in alternatives(schema))


def fits_plain(schema: Schema, value: Any) -> bool:
    """Whether a value satisfies a plain schema, one of its alternatives."""
    if not _allowed(schema, value) or not _of_type(schema.get("type"), value):
        return False
    if isinstance(value, str):
        return _text_fits(schema, value)
    if isinstance(value, Mapping):
        return _object_fits(schema, value)
    if isinstance(value, list):
        return _array_fits(schema, value)
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    return _number_fits(schema, value) if counted else True


def _allowed(schema: Schema, value: Any) -> bool:
    if "const" in schema and not _same(schema["const"], value):
        return False
    allowed = schema.get("enum")
    return not isinstance(allowed, list) or any(_same(one, value) for one in allowed)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _of_type(name: object, value: Any) -> bool:
    if isinstance(value, bool):
        return name in {"boolean", None}
    if isinstance(value, float):
        return name in {"number", None} or (name == "integer" and value.is_integer())
    names = {
        int: ("integer", "number"),
        str: ("string",),
        list: ("array",),
        dict: ("object",),
        type(None): ("null",),
    }
    return name is None or name in names.get(type(value), ())


def _text_fits(schema: Schema, value: str) -> bool:
    if len(value) < length(schema, "minLength", 0):
        return False
    if len(value) > length(schema, "maxLength", len(value)):
        return False
    return "pattern" not in schema or matches(schema["pattern"], value)


def _number_fits(schema: Schema, value: float) -> bool:
    bounds = [
        number(schema, key)
        for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    ]
    least, above, most, below = bounds
    if (least is not None and value < least) or (above is not None and value <= above):
        return False
    if (most is not None and value > most) or (below is not None and value >= below):
        return False
    step = number(schema, "multipleOf")
    if not step or step <= 0:
        return True
    try:
        quotient = value / step
        nearest = round(quotient)
    except OverflowError:
        return False
    return abs(quotient - nearest) < 1e-9 * max(1.0, abs(quotient))


def _array_fits(schema: Schema, value: list[Any]) -> bool:
    if len(value) < length(schema, "minItems", 0):
        return False
    if len(value) > length(schema, "maxItems", len(value)):
        return False
    if schema.get("uniqueItems") is True and len({repr(v) for v in value}) < len(value):
        return False
    first = schema.get("prefixItems")
    first = first if isinstance(first, list) else []
    rest = schema.get("items", True)
    return all(
        fits(first[index] if index < len(first) else rest, part)
        for index, part in enumerate(value)
    )


def _object_fits(schema: Schema, value: Mapping[str, Any]) -> bool:
    required = schema.get("required")
    if isinstance(required, list) and any(
        isinstance(name, str) and name not in value for name in required
    ):
        return False
    if len(value) < length(schema, "minProperties", 0):
        return False
    if len(value) > length(schema, "maxProperties", len(value)):
        return False
    declared = schema.get("properties")
    declared = declared if isinstance(declared, Mapping) else {}
    patterned = schema.get("patternProperties")
    rest = (
        True
        if isinstance(patterned, Mapping)
        else schema.get("additionalProperties", True)
    )
    return all(fits(declared.get(name, rest), part) for name, part in value.items())
