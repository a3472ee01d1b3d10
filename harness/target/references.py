"""References within an OpenAPI document, replaced by what they point to."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, final

from harness.errors import SchemaError
from harness.target.dialect import LITERAL, NAMES, modern

_DROPPED_IF_CUT: Final = frozenset({"not", "if", "then", "else", "propertyNames"})


@final
class Cut:
    """What is left of a reference that was not followed any further."""


CUT: Final = Cut()
Resolved = tuple[Any, int]
"""What a node became, and how many nodes that is when written out."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How far references are followed.

    Attributes:
        depth: How many references may lie within one another.
        every: Whether each counts, or only those that lead back to themselves.
    """

    depth: int
    every: bool = False


def pointer(base: str, *keys: object) -> str:
    """Return the JSON pointer (RFC 6901) of a place below another."""
    escaped = (str(key).replace("~", "~0").replace("/", "~1") for key in keys)
    return "/".join((base, *escaped))


def broken(source: str, at: str, what: str, hint: str) -> SchemaError:
    """Return the error that says where a document is broken."""
    return SchemaError(f"{source}: at {at}: {what}", hint=hint)


@final
class References:
    """Replaces references, down to a depth, in one document.

    A schema that refers to itself would never end: where the depth is used up, the
    schema is *cut* and what holds it is narrowed so that it stays satisfiable: the
    optional property goes, the array is empty, the alternative is not offered.
    What a reference became is shared by all that name it.

    Args:
        document: The parsed document.
        source: Where it came from, for messages.
        old: Whether it is OpenAPI 3.0, whose schemas are a dialect of their own.
    """

    def __init__(
        self, document: Mapping[str, Any], *, source: str, old: bool = False
    ) -> None:
        self._document = document
        self._source = source
        self._old = old
        self._seen: dict[tuple[str, Limit], Resolved] = {}
        self._circles: dict[str, bool] = {}

    def follow(self, node: Any, at: str) -> tuple[Any, str]:
        """Return what a chain of references ends at, and where that is.

        Raises:
            SchemaError: A reference points to nothing, or the chain is a circle.
        """
        passed: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in passed:
                hint = "Let it refer to a definition."
                raise broken(self._source, at, "a reference to itself", hint)
            passed.add(reference)
            node, at = self._lookup(reference, at), reference
        return node, at

    def resolve(self, node: Any, at: str, limit: Limit) -> Resolved:
        """Replace the references in a node.

        Args:
            node: A part of the document.
            at: Its JSON pointer.
            limit: How far to go.

        Raises:
            SchemaError: A reference points to nothing.
        """
        if isinstance(node, list):
            parts = [self.resolve(v, pointer(at, i), limit) for i, v in enumerate(node)]
            kept = [value for value, _ in parts if value is not CUT]
            return kept, 1 + sum(size for _, size in parts)
        if not isinstance(node, dict):
            return node, 1
        if isinstance(node.get("$ref"), str):
            return self._reference(node, at, limit)
        return self._mapping(node, at, limit)

    def _reference(self, node: dict[str, Any], at: str, limit: Limit) -> Resolved:
        reference = node["$ref"]
        target = self._lookup(reference, at)
        within = limit
        if limit.every or self._circular(reference, target):
            if limit.depth <= 0:
                return CUT, 1
            within = replace(limit, depth=limit.depth - 1)
        key = (reference, within)
        if key not in self._seen:
            self._seen[key] = self.resolve(target, reference, within)
        value, size = self._seen[key]
        beside = {name: part for name, part in node.items() if name != "$ref"}
        if not beside or not isinstance(value, dict):
            return value, size
        own, extra = self._mapping(beside, at, limit)
        return (CUT, 1) if own is CUT else (value | own, size + extra)

    def _circular(self, reference: str, target: Any) -> bool:
        """Whether following a reference leads back to it."""
        known = self._circles.get(reference)
        if known is None:
            passed: set[str] = set()
            waiting = list(_references(target))
            while waiting:
                following = waiting.pop()
                if following not in passed:
                    passed.add(following)
                    waiting += _references(self._lookup(following, reference))
            known = self._circles[reference] = reference in passed
        return known

    def _mapping(self, node: dict[str, Any], at: str, limit: Limit) -> Resolved:
        if self._old:
            node = modern(node)
        result: dict[str, Any] = {}
        total = 1
        for key, child in node.items():
            if key in LITERAL or str(key).startswith("x-"):
                result[key] = child
                continue
            if key in NAMES and isinstance(child, dict):
                value, size = self._named(child, pointer(at, key), limit)
            else:
                value, size = self.resolve(child, pointer(at, key), limit)
            total += size
            if not _put(result, key, value, child):
                return CUT, total
        return (result if _satisfiable(result, node) else CUT), total

    def _named(self, node: dict[str, Any], at: str, limit: Limit) -> Resolved:
        parts = {
            name: self.resolve(child, pointer(at, name), limit)
            for name, child in node.items()
        }
        kept = {name: value for name, (value, _) in parts.items() if value is not CUT}
        return kept, 1 + sum(size for _, size in parts.values())

    def _lookup(self, reference: str, at: str) -> Any:
        path, mark, fragment = reference.partition("#")
        if path or not mark or (fragment and not fragment.startswith("/")):
            what = f"cannot follow the reference {reference!r}"
            hint = "Bundle the document: references must begin with `#/`."
            raise broken(self._source, at, what, hint)
        node: Any = self._document
        for part in fragment.split("/")[1:]:
            key = urllib.parse.unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
                node = node[int(key)]
            else:
                what = f"the reference {reference!r} points to nothing"
                hint = "Define what it names, or correct the reference."
                raise broken(self._source, at, what, hint)
        return node


def _references(node: Any) -> Iterator[str]:
    """Yield the references that a part of a document holds."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            waiting += [
                child
                for key, child in part.items()
                if key not in LITERAL or isinstance(child, dict)
            ]


def _put(result: dict[str, Any], key: str, value: Any, child: Any) -> bool:
    """Put a resolved part into its schema; False if that cannot hold without it."""
    if key in {"anyOf", "oneOf"} and isinstance(value, list):
        result[key] = value
        return bool(value) or not child
    if key in {"allOf", "prefixItems"} and isinstance(value, list):
        result[key] = value
        return len(value) == len(child)
    if value is not CUT:
        result[key] = value
    elif key == "items":
        result["maxItems"] = 0
    elif key == "additionalProperties":
        result[key] = False
    elif key not in _DROPPED_IF_CUT:
        result[key] = {}
    return True


def _satisfiable(result: dict[str, Any], node: dict[str, Any]) -> bool:
    if result.get("maxItems") == 0 and "items" in node and "items" not in result:
        result["maxItems"] = 0
        least = node.get("minItems", 0)
        if isinstance(least, int) and least > 0:
            return False
    had, has = node.get("properties"), result.get("properties")
    required = node.get("required")
    if isinstance(had, dict) and isinstance(has, dict) and isinstance(required, list):
        return not any(
            isinstance(name, str) and name in had and name not in has
            for name in required
        )
    return True
