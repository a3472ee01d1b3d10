"""Schemas of OpenAPI 3.0, put into the words of 3.1 (JSON Schema 2020-12)."""

from __future__ import annotations

from typing import Any, Final

LITERAL: Final = frozenset({"example", "examples", "default", "const", "enum"})
"""Keys whose value is data, in which nothing is a reference."""

NAMES: Final = frozenset(
    {
        "$defs",
        "content",
        "definitions",
        "dependentSchemas",
        "encoding",
        "headers",
        "patternProperties",
        "properties",
        "responses",
    }
)
"""Keys whose value maps names of the author's own to definitions."""


def modern(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as one of 3.1.

    See "Migrating from OpenAPI 3.0 to 3.1" of the OpenAPI Initiative.
    """
    schema = dict(schema)
    _bound(schema, "minimum", "exclusiveMinimum")
    _bound(schema, "maximum", "exclusiveMaximum")
    if not isinstance(schema.get("nullable"), bool):
        return schema
    if not schema.pop("nullable"):
        return schema
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        return schema
    if not any(key in schema for key in ("allOf", "anyOf", "oneOf")):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _bound(schema: dict[str, Any], inclusive: str, exclusive: str) -> None:
    flag = schema.get(exclusive)
    if not isinstance(flag, bool):
        return
    del schema[exclusive]
    if flag and inclusive in schema:
        schema[exclusive] = schema.pop(inclusive)
