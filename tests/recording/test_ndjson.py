"""Events on disk: written, read back, and what a broken file says."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.model.boot import BootEvent, Condition, Phase, Stage
from harness.model.event import (
    Audience,
    BeaconSent,
    BootCalls,
    Channel,
    Declared,
    Destination,
    Egress,
    Event,
    Exchange,
    Found,
    Heard,
    LogLine,
    Note,
    Scrape,
    Series,
    Unseen,
)
from harness.model.load import Beat, Tally
from harness.model.race import (
    ActorRole,
    Deviation,
    Ending,
    FlowEnding,
    Movement,
    RaceEvent,
    Waiting,
)
from harness.model.scanner import Hit
from harness.model.step import Principal, Role
from harness.recording.ndjson import dump_line, parse_line, read_events, write_events

texts = st.text(max_size=20)
numbers = st.integers(0, 2**53)
indices = st.integers(0, 2**17 - 1)
seconds = st.floats(0, 1e6)
pairs = st.frozensets(st.tuples(indices, st.integers(0, 255)), max_size=3)
hits = st.builds(
    Hit, indices, st.integers(0, 255), texts, st.floats(0, 1, allow_nan=False), texts
)
halves = st.none() | indices


def lists_of(parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(parts, max_size=2).map(tuple)


KINDS: dict[str, st.SearchStrategy[Event]] = {
    "declared": st.builds(
        Declared,
        st.just("declared"),
        texts,
        st.sampled_from(Audience),
        st.booleans(),
        st.booleans(),
        texts,
    ),
    "exchange": st.builds(
        Exchange,
        kind=st.just("exchange"),
        id=numbers,
        at=seconds,
        operation=texts,
        audience=st.sampled_from(Audience),
        mutates=st.booleans(),
        principal=st.builds(Principal, halves, halves),
        role=st.sampled_from(Role),
        owner=halves,
        precedes=numbers,
        follows=numbers,
        request=texts,
        sent=pairs,
        sent_in_url=pairs,
        status=st.integers(0, 999),
        failure=texts,
        found=st.lists(
            st.builds(Found, st.sampled_from(Channel), texts, hits), max_size=3
        ).map(tuple),
        digest=texts,
        size=numbers,
        objects=st.integers(-1, 1000),
        seconds=seconds,
    ),
    "log": st.builds(
        LogLine,
        kind=st.just("log"),
        at=seconds,
        exchange=numbers,
        logger=texts,
        level=texts,
        template=texts,
        slots=st.lists(st.tuples(texts, halves), max_size=3).map(tuple),
        names=st.frozensets(indices, max_size=3),
        hits=st.lists(hits, max_size=3).map(tuple),
    ),
    "egress": st.builds(
        Egress,
        kind=st.just("egress"),
        at=seconds,
        exchange=numbers,
        destination=st.sampled_from(Destination),
        request=texts,
        addressed=st.frozensets(indices, max_size=3),
        credentialed=st.frozensets(indices, max_size=3),
        found=st.lists(
            st.builds(Found, st.just(Channel.EGRESS), texts, hits), max_size=3
        ).map(tuple),
        retry=numbers,
    ),
    "boot calls": st.builds(
        BootCalls,
        st.just("boot calls"),
        st.lists(st.tuples(halves, numbers), max_size=3).map(tuple),
    ),
    "heard": st.builds(
        Heard,
        kind=st.just("heard"),
        at=seconds,
        listener=numbers,
        during=numbers,
        channel=st.sampled_from(Channel),
        size=numbers,
        hits=st.lists(hits, max_size=3).map(tuple),
    ),
    "scrape": st.builds(
        Scrape,
        kind=st.just("scrape"),
        at=seconds,
        exchange=numbers,
        boot=numbers,
        samples=numbers,
        counted=seconds,
        series=st.lists(
            st.builds(Series, texts, texts, texts, indices, seconds), max_size=3
        ).map(tuple),
    ),
    "beacon": st.builds(
        BeaconSent, st.just("beacon"), st.sampled_from(Channel), texts, indices
    ),
    "unseen": st.builds(Unseen, st.just("unseen"), texts, texts),
    "note": st.builds(Note, st.just("note"), texts),
    "beat": st.builds(
        Beat,
        kind=st.just("beat"),
        worker=texts,
        at=seconds,
        cpu=seconds,
        users=numbers,
        requests=numbers,
        failures=numbers,
        throttled=numbers,
        refused=numbers,
        last=st.booleans(),
    ),
    "tally": st.builds(
        Tally,
        kind=st.just("tally"),
        worker=texts,
        tenant=st.integers(-1, 2**17 - 1),
        operation=texts,
        requests=numbers,
        failures=numbers,
        throttled=numbers,
        sighted=st.integers(0, 1),
        arrived=seconds,
        served=seconds,
        reasons=st.lists(st.tuples(texts, numbers), max_size=3).map(tuple),
        latencies=texts,
    ),
}
TYPED: dict[object, st.SearchStrategy[object]] = {
    float: seconds,
    int: numbers,
    str: texts,
    bool: st.booleans(),
    Phase: st.sampled_from(Phase),
    Stage: st.sampled_from(Stage),
    Condition: st.sampled_from(Condition),
    ActorRole: st.sampled_from(ActorRole),
    Movement: st.sampled_from(Movement),
    Ending: st.sampled_from(Ending),
    FlowEnding: st.sampled_from(FlowEnding),
    int | None: halves,
    tuple[str, ...]: lists_of(texts),
    tuple[int, ...]: lists_of(numbers),
    tuple[Deviation, ...]: lists_of(st.builds(Deviation, texts, numbers, texts, texts)),
    tuple[Waiting, ...]: lists_of(st.builds(Waiting, texts, texts, lists_of(texts))),
}


def typed_event(cls: type[BootEvent | RaceEvent]) -> st.SearchStrategy[Event]:
    """Fill each field of an event of a start or of a schedule by its type."""
    hints = get_type_hints(cls)
    kind = get_args(hints.pop("kind"))[0]
    return st.builds(
        cls, st.just(kind), **{name: TYPED[t] for name, t in hints.items()}
    )


KINDS |= {
    get_args(get_type_hints(one)["kind"])[0]: typed_event(one)
    for one in (*get_args(BootEvent), *get_args(RaceEvent))
}
NOTE = Note("note", "hello")


def test_each_kind_of_event_is_tried_below() -> None:
    kinds = [get_type_hints(one)["kind"] for one in get_args(Event)]

    assert set(KINDS) == {get_args(kind)[0] for kind in kinds}


@given(st.one_of(*KINDS.values()))
def test_an_event_is_one_line_and_reads_back_the_same(event: Event) -> None:
    line = dump_line(event)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line)["kind"] == event.kind
    again = parse_line(line)
    assert type(again) is type(event)
    assert again == event


@given(st.text(st.characters(), max_size=8))
def test_text_that_utf8_cannot_hold_is_written_with_marks_in_its_place(
    text: str,
) -> None:
    broken = f"{text}\ud800{text}"

    again = parse_line(dump_line(Note("note", broken)))

    assert again == Note("note", broken.encode("utf-8", "replace").decode())


def test_a_log_line_with_half_a_surrogate_keeps_all_its_other_facts() -> None:
    hit = Hit(1, 16, "literal", 0.0, "…")
    line = LogLine(
        kind="log",
        at=0.5,
        exchange=3,
        logger="app",
        level="INFO",
        template="opened \udc80.txt",
        slots=(("tenant", None), ("host", 1)),
        names=frozenset({0, 1}),
        hits=(hit,),
    )

    again = parse_line(dump_line(line))

    assert isinstance(again, LogLine)
    assert again.template == "opened ?.txt"
    assert (again.slots, again.names, again.hits) == (line.slots, line.names, (hit,))


def test_a_file_gives_back_its_events_in_order_to_its_owner_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.ndjson"
    events: list[Event] = [
        NOTE,
        Unseen("unseen", "log in tenant B", "status 401"),
        NOTE,
    ]

    write_events(path, events)

    assert list(read_events(path)) == events
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them_when_written_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.ndjson"
    path.touch(mode=0o644)
    path.chmod(0o644)

    write_events(path, [NOTE])

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_file_holds_no_events(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    write_events(path, [])

    assert list(read_events(path)) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (b'{"kind": "note", "text": "cut of', "Invalid JSON"),
        (b"[]", "should be an object"),
        (b'{"kind": "note"}', "note.text: Field required"),
        (b'{"kind": "novelty", "text": ""}', "'novelty'"),
        (b'{"text": "of no kind"}', "kind"),
        (b'{"kind": "beacon", "channel": "x", "source": "", "owner": 1}', "channel"),
    ],
)
def test_a_broken_line_is_named_by_its_number_and_what_is_wrong(
    tmp_path: Path, line: bytes, says: str
) -> None:
    path = tmp_path / "history.ndjson"
    path.write_bytes(dump_line(NOTE) + line + b"\n" + dump_line(NOTE))

    events = read_events(path)

    assert next(events) == NOTE
    with pytest.raises(UsageError) as caught:
        next(events)
    assert caught.value.message.startswith("history.ndjson, line 2: ")
    assert caught.value.exit_code == 2
    assert says in caught.value.message


def test_what_a_broken_line_holds_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(b'{"kind": "note", "text": ["hunter2"]}')

    assert "hunter2" not in str(caught.value)
