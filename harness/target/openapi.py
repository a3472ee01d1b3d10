"""Operations, from an app's OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, final

from harness.errors import SchemaError
from harness.target.media import best
from harness.target.operation import Operation
from harness.target.references import CUT, Limit, References, broken, pointer

METHODS: Final = ("get", "post", "put", "patch", "delete")

_VERSIONS: Final = ("3.0", "3.1", "3.2")
_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")
_PLACES: Final = frozenset({"path", "query", "header", "cookie", "querystring"})
_LIMITS: Final = (
    *(Limit(depth) for depth in (3, 2, 1)),
    *(Limit(depth, every=True) for depth in (12, 8, 6, 5, 4, 3, 2, 1)),
)
_ANSWER_LIMITS: Final = (Limit(1), *(Limit(depth, every=True) for depth in (3, 2, 1)))
_LARGEST: Final = 4_000
"""Nodes of one operation beyond which its references are followed less deeply."""


def parse(data: bytes, *, source: str = "The OpenAPI document") -> object:
    """Parse an OpenAPI document.

    Args:
        data: What the app served, or a file held.
        source: Where it came from, for messages.

    Raises:
        SchemaError: It is not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        start = data[:40].decode(errors="replace")
        message = f"{source}: not JSON: {error}" + ("" if start else " (it is empty)")
        hint = (
            f"It begins with {start!r}. Check the target's `openapi` path; a YAML"
            " document must be served as JSON."
        )
        raise SchemaError(message.replace("\n", " "), hint=hint) from None


def operations(document: object, *, source: str) -> tuple[Operation, ...]:
    """Return the operations that an OpenAPI 3.0 or 3.1 document declares.

    Webhooks and callbacks are left out, and so are HEAD, OPTIONS and TRACE.

    Args:
        document: The parsed document.
        source: Where it came from, for messages.

    Raises:
        SchemaError: The document is broken; says where and what.
    """
    reader = _Reader(document, source)
    try:
        found = tuple(reader.operations())
    except RecursionError:
        hint = "Serve a document without such nesting, or list `operations`."
        raise broken(source, "#", "nested too deeply", hint) from None
    if not found:
        hint = "Declare operations, or list them in the target's `operations`."
        raise broken(source, "#/paths", "declares no operation", hint)
    return found


@final
class _Reader:
    def __init__(self, document: object, source: str) -> None:
        self._source = source
        self._document = self._mapping(document, "#")
        old = self._version() == "3.0"
        self._references = References(self._document, source=source, old=old)

    def operations(self) -> Iterator[Operation]:
        paths = self._mapping(self._document.get("paths", {}), "#/paths")
        for path, node in paths.items():
            at = pointer("#/paths", path)
            if path.startswith("x-"):
                continue
            self._check_template(path, at)
            entry, at = self._references.follow(node, at)
            item = self._mapping(entry, at)
            shared = self._parameters(item, at)
            for method in METHODS:
                if method in item:
                    yield self._operation(method, path, item[method], at, shared)

    def _version(self) -> str:
        if "swagger" in self._document:
            what = f"this is Swagger {self._document['swagger']}, not OpenAPI 3"
            hint = "Convert it to OpenAPI 3, or list the target's `operations`."
            raise broken(self._source, "#/swagger", what, hint)
        version = self._document.get("openapi")
        if not isinstance(version, str) or version[:3] not in _VERSIONS:
            what = f"the version is {version!r}" if version else "no version is given"
            hint = "OpenAPI 3.0 and 3.1 are understood. Check the target's `openapi`."
            raise broken(self._source, "#/openapi", what, hint)
        return version[:3]

    def _operation(
        self,
        method: str,
        path: str,
        node: Any,
        at: str,
        shared: Mapping[tuple[str, str], Any],
    ) -> Operation:
        at = pointer(at, method)
        node = self._mapping(node, at)
        declared = {**shared, **self._parameters(node, at)}
        request: dict[str, Any] = {"parameters": list(declared.values())}
        if "requestBody" in node:
            body, where = self._references.follow(
                node["requestBody"], pointer(at, "requestBody")
            )
            content = self._mapping(body, where).get("content", {})
            content = self._mapping(content, pointer(where, "content"))
            for kind, media in content.items():
                self._mapping(media, pointer(where, "content", kind))
            request["requestBody"] = body
        answers = {"responses": self._responses(node, at)}
        schema = {
            **{k: v for k, v in node.items() if k not in {"callbacks", *answers}},
            **self._resolved(request, at, _LIMITS),
            **self._resolved(answers, at, _ANSWER_LIMITS),
        }
        content_type, skipped = best(schema.get("requestBody"))
        return Operation(
            method=method.upper(),
            path=path,
            content_type=content_type,
            schema=schema,
            path_schemas=_path_schemas(path, schema["parameters"]),
            required=_succeeds(schema["responses"]),
            skipped=skipped,
        )

    def _resolved(
        self, part: dict[str, Any], at: str, limits: tuple[Limit, ...]
    ) -> dict[str, Any]:
        for limit in limits:
            value, size = self._references.resolve(part, at, limit)
            if size <= _LARGEST:
                break
        return {} if value is CUT else dict(value)

    def _parameters(self, node: Any, at: str) -> dict[tuple[str, str], Any]:
        at = pointer(at, "parameters")
        listed = node.get("parameters", [])
        if not isinstance(listed, list):
            raise self._wrong(at, listed, "a list")
        found: dict[tuple[str, str], Any] = {}
        for index, entry in enumerate(listed):
            parameter, where = self._references.follow(entry, pointer(at, index))
            parameter = self._mapping(parameter, where)
            name, place = parameter.get("name"), str(parameter.get("in"))
            if not isinstance(name, str) or place not in _PLACES:
                what = "a parameter needs a `name`, and `in` as path, query or header"
                raise broken(self._source, where, what, "Correct the parameter.")
            if place == "path" and (place, name) in found:
                what = f"the path parameter {name!r} is declared twice"
                raise broken(self._source, where, what, "Remove one of the two.")
            if "schema" in parameter and not isinstance(
                parameter["schema"], dict | bool
            ):
                raise self._wrong(
                    pointer(where, "schema"), parameter["schema"], "a schema"
                )
            found[place, name] = parameter
        return found

    def _responses(self, node: Mapping[str, Any], at: str) -> dict[str, Any]:
        at = pointer(at, "responses")
        responses = self._mapping(node.get("responses", {}), at)
        return {str(status): answer for status, answer in responses.items()}

    def _check_template(self, path: str, at: str) -> None:
        names = _PARAMETER.findall(path)
        what = ""
        if not path.startswith("/"):
            what = f"the path {path!r} does not begin with a slash"
        elif "" in names or set("{}") & set(_PARAMETER.sub("", path)):
            what = f"the path {path!r} has a brace without a parameter's name"
        elif len(set(names)) < len(names):
            what = f"the path {path!r} names a parameter twice"
        if what:
            raise broken(self._source, at, what, "Correct the path in the document.")

    def _mapping(self, node: Any, at: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise self._wrong(at, node, "an object")
        return node

    def _wrong(self, at: str, node: object, wanted: str) -> SchemaError:
        what = f"expected {wanted}, found {_shown(node)}"
        return broken(self._source, at, what, "Correct the document there.")


def _shown(node: object) -> str:
    text = json.dumps(node, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _path_schemas(
    path: str, parameters: list[dict[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    schemas: dict[str, Mapping[str, Any]] = {
        name: {"type": "string"} for name in _PARAMETER.findall(path)
    }
    for parameter in parameters:
        schema = parameter.get("schema")
        if parameter["in"] == "path" and parameter["name"] in schemas:
            schemas[parameter["name"]] = schema if isinstance(schema, dict) else {}
    return schemas


def _succeeds(responses: Mapping[str, Any]) -> bool:
    if not responses:
        return True
    return any(status == "default" or status[:1] == "2" for status in responses)
