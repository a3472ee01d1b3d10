"""Messages come out of streams as they were told, however they are cut up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.canary import CanaryKey
from harness.model.framing import LONGEST_MESSAGE, framing, is_stream, woven
from harness.model.scanner import Scanner

KEY = CanaryKey.from_seed(12)
TOKEN = KEY.mint(1, 16)
EVENTS = "text/event-stream; charset=utf-8"

texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1)


def fed(kind: str, *pieces: bytes) -> list[bytes]:
    """All messages of some pieces, those that have not ended included."""
    reader = framing(kind)
    return [one for piece in pieces for one in reader.feed(piece)] + reader.rest()


@pytest.mark.parametrize("kind", [EVENTS, "application/x-ndjson", "Text/Event-Stream"])
def test_these_are_streams(kind: str) -> None:
    assert is_stream(kind)


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain", "text/events"])
def test_these_are_none(kind: str) -> None:
    assert not is_stream(kind)


def test_an_events_lines_of_data_are_one_message() -> None:
    stream = b"event: news\ndata: one\ndata:two\nid: 7\n\ndata: three\n\n"

    assert fed(EVENTS, stream) == [b"news", b"7", b"one\ntwo", b"three"]


def test_comments_are_messages_since_they_may_hold_anything() -> None:
    assert fed(EVENTS, b": for shop a\n\n:\n\n") == [b"for shop a"]


def test_an_event_that_has_not_ended_is_told_at_the_end() -> None:
    assert fed(EVENTS, b"data: one\n\ndata: tw", b"o") == [b"one", b"two"]


@given(st.lists(st.lists(texts, min_size=1, max_size=3), min_size=1), st.data())
def test_however_a_stream_is_cut_up_its_events_are_the_same(
    events: list[list[str]], data: st.DataObject
) -> None:
    end = data.draw(st.sampled_from([b"\n", b"\r\n"]))
    lines = [b"data: " + line.encode() + end for event in events for line in event]
    stream, position = b"", 0
    for event in events:
        stream += b"".join(lines[position : position + len(event)]) + end
        position += len(event)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [
        stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)
    ]

    assert fed(EVENTS, *pieces) == ["\n".join(one).encode() for one in events]


def test_each_line_of_json_lines_is_a_message() -> None:
    stream = (b'{"a": 1}\n{"b', b'": 2}\r\n\n{"c": 3}')

    assert fed("application/jsonl", *stream) == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']


@pytest.mark.parametrize("kind", [EVENTS, "application/jsonl"])
def test_a_message_without_end_is_not_collected_for_ever(kind: str) -> None:
    reader = framing(kind)
    found = reader.feed(b"data: " + b"x" * (LONGEST_MESSAGE + 1))

    assert sum(map(len, found)) > LONGEST_MESSAGE
    assert reader.rest() == []


@given(st.integers(1, len(TOKEN) - 1))
def test_a_canary_told_bit_by_bit_is_found(cut: int) -> None:
    messages = [
        json.dumps({"type": "delta", "delta": {"text": text}}).encode()
        for text in ("Dear ", TOKEN[:cut], TOKEN[cut:], "!")
    ]
    (hit,) = Scanner(KEY, [(1, 16)]).scan_messages(messages)

    assert (hit.owner, hit.field, hit.form) == (1, 16, "literal")


def test_plain_texts_that_follow_one_another_are_put_together() -> None:
    messages = [TOKEN[:4].encode(), TOKEN[4:].encode()]
    (hit,) = Scanner(KEY, [(1, 16)]).scan_messages(messages)

    assert (hit.owner, hit.form) == (1, "literal")


def test_texts_of_different_places_are_not_put_together() -> None:
    messages = [
        json.dumps({"first": TOKEN[:9]}).encode(),
        json.dumps({"second": TOKEN[9:]}).encode(),
    ]

    assert woven(messages) == []


def test_a_canary_told_at_once_is_told_once() -> None:
    messages = [json.dumps({"text": TOKEN}).encode(), b'{"text": "."}']

    assert len(Scanner(KEY, [(1, 16)]).scan_messages(messages)) == 1
