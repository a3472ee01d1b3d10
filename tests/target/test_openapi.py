"""Operations are read from documents, and broken documents are explained."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from harness.errors import SchemaError
from harness.target.openapi import operations, parse


def document(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> Any:
    info = {"title": "app", "version": "1"}
    return {"openapi": version, "info": info, "paths": paths, **more}


def one(operation: dict[str, Any], path: str = "/things", **more: Any) -> Any:
    return operations(document({path: {"post": operation}}, **more), source="doc")[0]


def body(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def sent(operation: Any) -> Any:
    return operation.schema["requestBody"]["content"]["application/json"]["schema"]


class Item(BaseModel):
    name: str
    parent: Item | None = None


def test_a_fastapi_document_gives_its_operations_with_references_resolved() -> None:
    app = FastAPI()

    @app.post("/items/{item_id}")
    def make(item_id: int, item: Item) -> Item:
        return item

    @app.get("/items")
    def every() -> list[Item]:
        return []

    found = {op.key: op for op in operations(app.openapi(), source="app")}

    assert set(found) == {"POST /items/{item_id}", "GET /items"}
    made = found["POST /items/{item_id}"]
    assert made.content_type == "application/json"
    assert made.path_schemas["item_id"]["type"] == "integer"
    assert sent(made)["properties"]["name"]["type"] == "string"
    assert "$ref" not in json.dumps(made.schema)
    assert all(op.required for op in found.values())


def test_parameters_of_the_path_are_joined_with_those_of_the_operation() -> None:
    def query(name: str, kind: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "schema": {"type": kind}}

    shared = [query("a", "string"), query("b", "string")]
    item = {"parameters": shared, "get": {"parameters": [query("b", "integer")]}}

    (found,) = operations(document({"/x": item}), source="doc")

    types = {p["name"]: p["schema"]["type"] for p in found.schema["parameters"]}
    assert types == {"a": "string", "b": "integer"}


def test_a_schema_that_holds_itself_is_cut_so_that_it_stays_satisfiable() -> None:
    node = {
        "type": "object",
        "required": ["children", "next"],
        "properties": {
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/N"}},
            "next": {"anyOf": [{"$ref": "#/components/schemas/N"}, {"type": "null"}]},
            "twin": {"$ref": "#/components/schemas/N"},
        },
    }
    found = one(
        body({"$ref": "#/components/schemas/N"}), components={"schemas": {"N": node}}
    )

    inner = sent(found)
    deepest: dict[str, Any] = {}
    while inner:
        assert {"children", "next"} <= set(inner["properties"])
        deepest = inner
        inner = inner["properties"].get("twin")

    assert deepest["properties"]["children"]["maxItems"] == 0
    assert deepest["properties"]["next"]["anyOf"] == [{"type": "null"}]
    assert len(json.dumps(found.schema)) < 1_000_000


def test_schemas_that_all_name_one_another_do_not_explode() -> None:
    names = [f"S{i}" for i in range(40)]
    schemas = {
        name: {
            "type": "object",
            "properties": {n: {"$ref": f"#/components/schemas/{n}"} for n in names},
        }
        for name in names
    }
    found = one(
        body({"$ref": "#/components/schemas/S0"}), components={"schemas": schemas}
    )

    assert len(json.dumps(found.schema)) < 1_000_000
    assert "S7" in sent(found)["properties"]


def test_references_inside_examples_are_data() -> None:
    found = one(body({"type": "object", "example": {"$ref": "#/nowhere"}}))

    assert sent(found)["example"] == {"$ref": "#/nowhere"}


def test_a_property_may_be_called_default_or_example() -> None:
    schema = {
        "type": "object",
        "properties": {"default": {"$ref": "#/components/schemas/T"}},
    }
    found = one(body(schema), components={"schemas": {"T": {"type": "string"}}})

    assert sent(found)["properties"]["default"] == {"type": "string"}


def test_schemas_of_openapi_3_0_are_put_into_the_words_of_3_1() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "nullable": True},
            "b": {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            "c": {"nullable": True, "allOf": [{"type": "string"}]},
        },
    }
    properties = sent(one(body(schema), version="3.0.3"))["properties"]

    assert properties["a"] == {"type": ["string", "null"]}
    assert properties["b"] == {"type": "integer", "exclusiveMinimum": 3}
    assert {"type": "null"} in properties["c"]["anyOf"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["multipart/form-data", "application/json"], "application/json"),
        (["text/plain", "application/vnd.api+json"], "application/vnd.api+json"),
        (
            ["multipart/form-data", "application/x-www-form-urlencoded"],
            "application/x-www-form-urlencoded",
        ),
        (["application/xml", "multipart/form-data"], "multipart/form-data"),
        (["*/*"], "application/json"),
        (["application/octet-stream"], "application/octet-stream"),
    ],
)
def test_the_body_type_that_is_written_most_surely_is_chosen(
    offered: list[str], chosen: str
) -> None:
    content: dict[str, Any] = {kind: {"schema": {}} for kind in offered}

    assert one({"requestBody": {"content": content}}).content_type == chosen


def test_an_operation_whose_body_cannot_be_written_is_left_out_with_a_reason() -> None:
    found = one(body({"type": "object"}, "application/xml"))

    assert "application/xml" in found.skipped


@pytest.mark.parametrize(
    ("responses", "required"),
    [
        ({"200": {}}, True),
        ({201: {}}, True),
        ({"2XX": {}}, True),
        ({"default": {}}, True),
        ({}, True),
        ({"404": {}}, False),
        ({"302": {}, "422": {}}, False),
    ],
)
def test_the_floor_counts_operations_that_document_a_success(
    responses: dict[Any, Any], required: bool
) -> None:
    assert one({"responses": responses}).required is required


def test_head_options_trace_webhooks_and_callbacks_are_left_out() -> None:
    empty: dict[str, Any] = {"responses": {}}
    item = dict.fromkeys(("get", "head", "options", "trace"), empty)
    item["get"] = {**empty, "callbacks": {"done": {"{$url}": {"post": empty}}}}
    found = operations(
        document({"/x": item}, webhooks={"new": {"post": empty}}), source="doc"
    )

    assert [op.key for op in found] == ["GET /x"]
    assert "callbacks" not in found[0].schema


def test_what_is_not_json_is_said_to_be_no_json() -> None:
    with pytest.raises(SchemaError, match=r"GET /openapi\.json: not JSON") as caught:
        parse(b"<html>nope", source="GET /openapi.json")

    assert "<html>nope" in caught.value.hint
    assert "\n" not in caught.value.message


def test_json_without_end_of_nesting_is_an_error_of_its_own() -> None:
    deep = {"a": 1}
    for _ in range(5_000):
        deep = {"items": deep}  # type: ignore[dict-item]

    with pytest.raises(SchemaError, match="nested too deeply"):
        one(body(deep))
    with pytest.raises(SchemaError, match="not JSON"):
        parse(b"[" * 200_000)


OK: dict[str, Any] = {"responses": {}}
BROKEN: list[tuple[Any, str, str]] = [
    ([], "#", "expected an object"),
    ({"swagger": "2.0", "paths": {}}, "#/swagger", "Swagger 2.0"),
    ({"paths": {}}, "#/openapi", "no version"),
    (document({}, version="4.0"), "#/openapi", "'4.0'"),
    (document({}), "#/paths", "declares no operation"),
    (document([]), "#/paths", "expected an object"),  # type: ignore[arg-type]
    (document({"x": {"get": OK}}), "#/paths/x", "does not begin with a slash"),
    (document({"/a/{x": {"get": OK}}), "#/paths/~1a~1{x", "brace"),
    (document({"/a/{}": {"get": OK}}), "#/paths/~1a~1{}", "brace"),
    (document({"/{x}/{x}": {"get": OK}}), "#/paths/~1{x}~1{x}", "names a parameter"),
    (document({"/a": []}), "#/paths/~1a", "expected an object"),
    (document({"/a": {"get": 3}}), "#/paths/~1a/get", "found 3"),
    (
        document({"/a": {"get": {"parameters": {}}}}),
        "#/paths/~1a/get/parameters",
        "expected a list",
    ),
    (
        document({"/a": {"get": {"parameters": [{"name": "q"}]}}}),
        "#/paths/~1a/get/parameters/0",
        "a parameter needs",
    ),
    (
        document({"/{a}": {"get": {"parameters": [{"name": "a", "in": "path"}] * 2}}}),
        "#/paths/~1{a}/get/parameters/1",
        "declared twice",
    ),
    (
        document({"/a": {"post": {"requestBody": "x"}}}),
        "#/paths/~1a/post/requestBody",
        "expected an object",
    ),
    (
        document({"/a": {"post": body({"$ref": "#/components/schemas/Gone"})}}),
        "#/paths/~1a/post/requestBody/content/application~1json/schema",
        "points to nothing",
    ),
    (
        document({"/a": {"post": body({"$ref": "other.json#/X"})}}),
        "#/paths/~1a/post/requestBody/content/application~1json/schema",
        "cannot follow",
    ),
    (
        document({"/a": {"$ref": "#/paths/~1a"}}),
        "#/paths/~1a",
        "a reference to itself",
    ),
    (document({"/a": {"get": {"responses": []}}}), "responses", "expected an object"),
]


@pytest.mark.parametrize(("broken", "where", "what"), BROKEN)
def test_a_broken_document_is_explained_in_one_line(
    broken: Any, where: str, what: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        operations(broken, source="GET /openapi.json")

    message = caught.value.message
    assert message.startswith("GET /openapi.json: at #")
    assert f"{where}: " in message
    assert what in message
    assert "\n" not in message
    assert caught.value.hint
    assert caught.value.exit_code == 2
