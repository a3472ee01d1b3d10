"""What a JSON schema allows, as a list of plain schemas of one type each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_UNIONS: Final = ("anyOf", "oneOf")
_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_KEYWORDS: Final = {
    "additionalProperties": "object",
    "items": "array",
    "maxLength": "string",
    "maximum": "number",
    "minLength": "string",
    "minimum": "number",
    "pattern": "string",
    "prefixItems": "array",
    "properties": "object",
}
_DEEPEST: Final = 8
_MOST: Final = 32

Schema = dict[str, Any]


def alternatives(schema: object, depth: int = 0) -> list[Schema]:
    """Return plain schemas, without ``allOf``, ``anyOf`` and ``oneOf``.

    Each has one ``type``, or none for any value. There is none for a schema that
    nothing satisfies, and not more than a few dozen of a large union.

    Args:
        schema: A JSON schema, references resolved; whatever is malformed in it is
            taken for a schema that allows anything.
        depth: How many unions this one lies in.
    """
    if schema is False:
        return []
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return [{}]
    plain = dict(schema)
    found = [plain]
    for part in _listed(plain.pop("allOf", None)):
        found = _joined(found, alternatives(part, depth + 1))
    for union in _UNIONS:
        branches = _listed(plain.pop(union, None))
        if branches:
            offered = [
                one for part in branches for one in alternatives(part, depth + 1)
            ]
            found = _joined(found, offered)
    return [one for many in found for one in _of_one_type(many)][:_MOST]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(found: list[Schema], others: list[Schema]) -> list[Schema]:
    joined = [_merged(one, other) for one in found for other in others[:_MOST]]
    return [one for one in joined if one is not None][:_MOST]


def _merged(one: Schema, other: Schema) -> Schema | None:
    """Return the schema of what satisfies both; None where no type does."""
    result = {**one, **other}
    if "type" in one and "type" in other:
        kept = [name for name in types(one) if name in types(other)]
        if not kept and "number" in types(one) + types(other):
            kept = ["integer"] if "integer" in types(one) + types(other) else []
        if not kept:
            return None
        result["type"] = kept
    ours, theirs = one.get("properties"), other.get("properties")
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        both = {
            name: {"allOf": [ours[name], theirs[name]]}
            for name in ours
            if name in theirs
        }
        result["properties"] = {**ours, **theirs, **both}
    required = [*_listed(one.get("required")), *_listed(other.get("required"))]
    if required:
        result["required"] = required
    for key, stricter in (("minLength", max), ("minItems", max), ("minimum", max)):
        _narrow(result, one, other, key, stricter)
    for key, stricter in (("maxLength", min), ("maxItems", min), ("maximum", min)):
        _narrow(result, one, other, key, stricter)
    return result


def _narrow(
    result: Schema, one: Schema, other: Schema, key: str, stricter: Any
) -> None:
    bounds = [number(one, key), number(other, key)]
    given = [bound for bound in bounds if bound is not None]
    if given:
        result[key] = stricter(given)


def _of_one_type(schema: Schema) -> list[Schema]:
    declared = types(schema)
    if declared:
        return [{**schema, "type": name} for name in declared]
    return [{key: value for key, value in schema.items() if key != "type"}]


def types(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that a schema names, or that its keywords are about."""
    declared = schema.get("type")
    if isinstance(declared, str):
        declared = [declared]
    if isinstance(declared, list):
        return [name for name in declared if name in _TYPES]
    if "const" in schema or "enum" in schema:
        return []
    meant = {kind for keyword, kind in _KEYWORDS.items() if keyword in schema}
    return sorted(meant)[:1]


def number(schema: Mapping[str, Any], key: str) -> int | float | None:
    """Return a bound that a schema sets; None if it sets none."""
    value = schema.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -1e300 < value < 1e300 else None


def length(schema: Mapping[str, Any], key: str, default: int) -> int:
    """Return a length that a schema sets."""
    value = number(schema, key)
    return default if value is None else max(0, int(value))
