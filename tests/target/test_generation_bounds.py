"""Generation neither fails nor hangs, whatever the schema says."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import SchemaError
from harness.target import drawing, generation
from harness.target.drawing import Drawn, bounded
from harness.target.generation import cases
from harness.target.openapi import operations
from harness.target.resources import Resources
from tests.target.everything_app import create_app

DOCUMENT = create_app().openapi()
KEYWORDS = st.sampled_from(
    [
        "type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf",
        "allOf", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
        "exclusiveMinimum", "multipleOf", "minItems", "maxItems", "uniqueItems",
        "additionalProperties", "propertyNames", "minProperties", "nullable",
        "default", "example", "examples", "prefixItems", "contentMediaType", "not",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.floats(),
    st.sampled_from(
        [
            "string", "integer", "number", "object", "array", "boolean", "null",
            "uuid", "email", "date", "uri", "^[a-z]+$", "[", "(a+)+$", "^A{3}$", "id",
        ]
    ),
)  # fmt: skip
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(VALUES, st.dictionaries(KEYWORDS, VALUES, max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYWORDS, inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["properties"]),
            st.dictionaries(st.sampled_from(["id", "a_id", "name", ""]), inner),
        ),
    ),
    max_leaves=12,
)


def wrapped(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    query = {"name": "q", "in": "query", "required": True, "schema": schema}
    content = {kind: {"schema": schema}}
    post = {
        "parameters": [query] if isinstance(schema, dict) else [],
        "requestBody": {"required": True, "content": content},
    }
    return {"openapi": "3.1.0", "paths": {"/x/{y}": {"post": post}}}


def generated(document: Any, *, count: int = 2) -> int:
    """Make and render all cases; return how many there were."""
    found = operations(document, source="doc")
    resources = Resources(found)
    total = 0
    for operation in found:
        for case in cases(operation, resources, count=count, seed=1):
            case.render(lambda slot: slot.default)
            total += 1
    return total


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    SCHEMAS, st.sampled_from(["application/json", "multipart/form-data", "text/plain"])
)
def test_any_schema_gives_a_case(schema: Any, kind: str) -> None:
    assert generated(wrapped(schema, kind)) >= 1


def mutated(node: Any, steps: list[int], value: Any) -> Any:
    """Return a copy of a JSON tree with one node replaced."""
    if not steps or not isinstance(node, dict | list) or not node:
        return value
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    chosen = keys[steps[0] % len(keys)]
    changed = mutated(node[chosen], steps[1:], value)
    if isinstance(node, dict):
        return {**node, chosen: changed}
    return [*node[:chosen], changed, *node[chosen + 1 :]]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 50), max_size=10), SCHEMAS)
def test_a_document_with_one_place_broken_is_read_or_refused(
    steps: list[int], value: Any
) -> None:
    document = mutated(DOCUMENT, steps, value)
    refused: list[str] = []
    try:
        found = operations(document, source="doc")
    except SchemaError as error:
        refused.append(error.message)
        found = ()
    assert all(one.startswith("doc: at #") for one in refused)
    resources = Resources(found)
    for operation in found[:3]:
        cases(operation, resources, count=1, seed=1)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(a+)+$", "minLength": 5_000},
        {"type": "array", "minItems": 10**9, "items": {"type": "string"}},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"allOf": [{"anyOf": [{"type": "string"}] * 50}] * 50},
        {"type": "string", "pattern": "(?=impossible)(?!impossible)x"},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"not": {}},
        False,
    ],
)
def test_a_schema_that_nothing_or_little_satisfies_does_not_hang(schema: Any) -> None:
    started = time.process_time()

    generated(wrapped(schema), count=4)

    assert time.process_time() - started < 60


@pytest.mark.parametrize(
    ("bounds", "shortest", "longest"),
    [
        ({"maxLength": 100_000}, 0, 256),
        ({"maxLength": 100_000, "minLength": 300}, 300, 300),
        ({"maxLength": 9}, 0, 9),
    ],
)
def test_a_text_with_a_pattern_is_drawn_as_if_it_could_not_be_long(
    bounds: dict[str, int], shortest: int, longest: int
) -> None:
    schema = {"type": "string", "pattern": "^[a-z]*$", **bounds}

    texts = [one.body for one in drawn(15, schema)[0] if one.body]

    assert len(set(texts)) > 3
    assert all(shortest <= len(text) <= longest for text in texts)


def drawn(seconds: float, schema: Any = None) -> tuple[list[Drawn], bool]:
    (operation,) = operations(wrapped(schema or {"type": "string"}), source="doc")
    made = drawing.Drawing(seed=1, seconds=seconds)
    return made.requests(operation, count=12), made.cut_off


def test_a_slow_machine_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, count_draw = drawn(15), drawing._count_draw
    counted = [0]

    def slowly() -> None:
        counted[0] += 1
        time.sleep(0.002)
        count_draw()

    monkeypatch.setattr(drawing, "_count_draw", slowly)

    assert drawn(60) == usual
    assert not usual[1]
    assert counted[0] > 10
    assert drawn(0.01)[1], "nobody was told that time ran out"


def test_few_draws_give_few_requests_and_always_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, _ = drawn(15)
    monkeypatch.setattr(drawing, "_DRAWS", 30)

    few, cut_off = drawn(15)

    assert len(few) < len(usual)
    assert few == usual[: len(few)]
    assert not cut_off
    assert drawn(15) == (few, False)


def test_who_asks_is_told_that_time_ran_out(monkeypatch: pytest.MonkeyPatch) -> None:
    (operation,) = operations(wrapped({"type": "string"}), source="doc")
    told: list[str] = []

    def make() -> None:
        resources = Resources([operation])
        cases(operation, resources, count=12, seed=1, cut_off=told.append)

    make()
    assert told == []
    monkeypatch.setattr(generation, "_SECONDS", 0.0)
    make()
    assert told == [operation.key]


def test_work_that_never_ends_is_stopped() -> None:
    turns = [0]

    def endless() -> None:
        while True:
            turns[0] += 1

    bounded(endless, 0.1)
    after = turns[0]
    bounded(lambda: None, 0.1)

    assert after
    assert turns[0] == after


def test_what_bounded_work_raises_is_dropped() -> None:
    def failing() -> None:
        raise ValueError

    bounded(failing, 1.0)
