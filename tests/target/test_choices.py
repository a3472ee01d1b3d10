"""Closed sets in a body are listed, and their values put in one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from harness.target.case import Case
from harness.target.choices import Choice, choices, with_choice
from harness.target.operation import Operation
from harness.target.patterns import literals


def patched(**properties: Any) -> Operation:
    schema = {"type": "object", "properties": properties}
    content = {"application/json": {"schema": schema}}
    return Operation(
        method="PATCH",
        path="/parcels",
        content_type="application/json",
        schema={"requestBody": {"content": content}},
    )


def named(operation: Operation) -> list[str]:
    return [one.name for one in choices(operation)]


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^(booked|delayed|delivered)$", ("booked", "delayed", "delivered")),
        (r"^parcel\.(late|lost)$", ("parcel.late", "parcel.lost")),
        ("^late$|^lost$", ("late", "lost")),
        (r"\A[ab]\Z", ("a", "b")),
        ("^(late|lost)", ()),
        ("late|lost", ()),
        ("^late|lost$", ()),
        ("^[a-z]$", ()),
        ("^(late|lost)+$", ()),
        ("^(a|b)(c|d)(e|f)$", ()),
        ("(", ()),
    ],
)
def test_a_pattern_that_lists_its_texts_is_told_from_one_that_allows_more(
    pattern: str, texts: tuple[str, ...]
) -> None:
    assert literals(pattern, 4) == texts


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["late", "lost"]}, ['"late"', '"lost"']),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, ["1", "2"]),
        (
            {"anyOf": [{"type": "string", "pattern": "^(a|b)$"}, {"type": "null"}]},
            ['"a"', '"b"'],
        ),
        ({"enum": ["private", "team", "public"]}, ['"private"', '"team"']),
        ({"enum": list(range(9))}, ["0", "1", "2", "3", "4", "5"]),
        ({"const": "only"}, []),
        ({"type": "string", "pattern": "^[a-z]+$"}, []),
        ({"type": "string"}, []),
        ({"type": "boolean"}, []),
    ],
)
def test_a_closed_set_is_listed_up_to_a_bound_and_gives_nothing_away(
    schema: dict[str, Any], values: list[str]
) -> None:
    assert named(patched(state=schema)) == [f"body.state={one}" for one in values]


def test_sets_in_inner_objects_are_found() -> None:
    inner = {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}}

    assert named(patched(to=inner)) == ['body.to.kind="a"', 'body.to.kind="b"']


def test_a_value_is_put_in_and_the_rest_stays() -> None:
    case = Case({}, (), (), {"text": "x", "to": {"kind": "a"}}, "application/json")

    deep = with_choice(case, Choice(("to", "kind"), "b"))
    new = with_choice(case, Choice(("state",), "late"))
    none = with_choice(case, Choice(("from", "kind"), "b"))

    assert deep.body == {"text": "x", "to": {"kind": "b"}}
    assert new.body == {"text": "x", "to": {"kind": "a"}, "state": "late"}
    assert none == case
