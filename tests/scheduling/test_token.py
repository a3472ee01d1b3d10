"""Tokens come back as they were, and whatever else comes is refused with a reason."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.scheduling.choice import Key
from harness.scheduling.tape import Deviation
from harness.scheduling.token import LONGEST_TEXT, PREFIX, Token, decode, encode

names = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12
).filter(str.isprintable)
sequences = st.integers(0, 10_000)
operations = st.builds(Key, names, sequences, names)
plain = st.builds(Key, names, sequences, st.just(""))
deviations = st.one_of(
    st.builds(Deviation, operations, plain),
    st.builds(Deviation, operations.filter(lambda key: key.outcome != "")),
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
tokens = st.builds(
    Token,
    scenario=names,
    variant=names,
    seed=st.integers(-(2**63), 2**64),
    inputs=st.dictionaries(texts, values, max_size=4),
    tape=st.lists(deviations, max_size=6).map(tuple),
)

TOKEN = Token(
    "cold_stampede",
    "check_then_set",
    7,
    {"tenants": 2},
    (
        Deviation(Key("request 2", 3), Key("request 1", 4)),
        Deviation(Key("request 1", 4, "cancel sent")),
    ),
)
BODY = {"scenario": "s", "variant": "", "seed": 1, "inputs": {}, "tape": []}


def packed(body: object) -> str:
    """Return what a token of any content would be."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    letters = base64.urlsafe_b64encode(zlib.compress(data)).rstrip(b"=")
    return PREFIX + letters.decode()


def body(**changes: Any) -> str:
    return packed(BODY | changes)


@given(tokens)
def test_a_token_comes_back_as_it_was(token: Token) -> None:
    text = encode(token)

    assert decode(text) == token
    assert re.fullmatch(r"[A-Za-z0-9._-]+", text)


def test_space_around_it_does_not_matter_and_it_is_short() -> None:
    text = encode(TOKEN)

    assert decode(f" {text}\n") == TOKEN
    assert len(text) < 250


def test_the_same_token_has_the_same_text() -> None:
    inputs = {"b": 1, "a": 2}
    swapped = {"a": 2, "b": 1}

    assert encode(Token("s", "", 1, inputs)) == encode(Token("s", "", 1, swapped))


@given(st.data())
def test_a_letter_that_is_missing_is_noticed(data: st.DataObject) -> None:
    text = encode(TOKEN)
    place = data.draw(st.integers(0, len(text) - 1))

    with pytest.raises(UsageError, match="no replay token"):
        decode(text[:place] + text[place + 1 :])
    with pytest.raises(UsageError, match="no replay token"):
        decode(text[:place])


@given(st.text())
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    for candidate in (text, PREFIX + text, packed(text.encode("utf-8", "replace"))):
        with pytest.raises(UsageError, match="no replay token"):
            decode(candidate)


@given(st.dictionaries(st.sampled_from(list(BODY)), values, min_size=1))
def test_parts_of_any_type_are_taken_or_refused(changes: dict[str, Any]) -> None:
    try:
        token = decode(body(**changes))
    except UsageError:
        return
    assert decode(encode(token)) == token


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with"),
        ("20260101-120000", "does not begin with"),
        (encode(TOKEN).replace("r1.", "r2."), "does not begin with 'r1.'"),
        (PREFIX, "cut off"),
        (PREFIX + "A" * LONGEST_TEXT, "characters"),
        (packed(b" " * (2**24) + b"{}"), "more than a token can"),
        (packed(b"[" * 100_000), "no JSON"),
        (packed(b"\xff\xfe{"), "no JSON"),
        (packed(b'{"a": 1' + b"0" * 5000 + b"}"), "no JSON"),
        (packed([]), "parts"),
        (packed({"scenario": "s"}), "parts"),
        (packed(BODY | {"more": 1}), "parts"),
        (body(scenario=3), "scenario"),
        (body(scenario="\x1b[2J"), "scenario"),
        (body(variant=None), "variant"),
        (body(seed=True), "seed"),
        (body(seed=1.5), "seed"),
        (body(seed=2**70), "seed"),
        (body(inputs=[]), "inputs"),
        (body(inputs={"a": float("nan")}), "no JSON"),
        (packed(json.dumps(BODY).replace("{}", '{"a": 1e999}').encode()), "no JSON"),
        (body(inputs={"a": "\ud800"}), "no JSON"),
        (body(tape={}), "tape"),
        (body(tape=["abc"]), "deviation"),
        (body(tape=[["a", 0]]), "deviation"),
        (body(tape=[["a", 0, ""]]), "deviation"),
        (body(tape=[["a", 0, "", "b"]]), "deviation"),
        (body(tape=[["a", -1, "", "b", 0]]), "sequence"),
        (body(tape=[["a", "0", "", "b", 0]]), "sequence"),
        (body(tape=[["a", 0, "\r", "b", 0]]), "outcome"),
        (body(tape=[[None, 0, "", "b", 0]]), "actor"),
    ],
)
def test_a_hostile_token_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as refusal:
        decode(text)

    assert "report" in refusal.value.hint
    assert str(refusal.value).isascii()


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "\ud800", b"x"])
def test_inputs_that_would_not_come_back_are_no_part_of_a_token(value: object) -> None:
    with pytest.raises(UsageError, match="inputs of s"):
        encode(Token("s", "", 1, {"value": value}))


def test_inputs_that_are_too_much_are_no_part_of_a_token() -> None:
    with pytest.raises(UsageError, match="characters"):
        encode(Token("s", "", 1, {"value": "a" * (2**20)}))
