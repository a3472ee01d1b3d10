"""What holds for any course of events, on an app that is right by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from harness.checkers.coverage import coverage
from harness.model.event import Channel, Exchange, LogLine
from harness.model.finding import Finding
from harness.model.history import History
from harness.model.step import Principal
from harness.recording.ndjson import dump_line, parse_line
from harness.run.judgement import check
from tests.checkers.histories import (
    EMAIL,
    LIST,
    TEXT,
    TITLE,
    Story,
    at_the_door,
    body,
    error,
    hit,
)
from tests.checkers.histories import header as in_header
from tests.checkers.simulated import OPERATIONS, TENANTS, Move, Simulation

tenants = st.sampled_from(TENANTS)
halves = st.none() | tenants
guests = st.permutations(TENANTS).map(lambda them: at_the_door(*them[:2]))
principals = st.builds(Principal, halves, halves) | guests
moves = st.lists(
    st.builds(Move, st.sampled_from(OPERATIONS), principals, tenants, st.booleans()),
    min_size=1,
    max_size=10,
)
data = st.sampled_from([EMAIL, TITLE, TEXT])


def played(moves: Sequence[Move], *, fault: int = -1) -> tuple[Story, list[Exchange]]:
    simulation = Simulation(fault=fault)
    made = [simulation.make(number, move) for number, move in enumerate(moves)]
    return simulation.story, made


def blames(
    findings: list[Finding], owner: int, receiver: int | None, channel: Channel
) -> bool:
    return any(
        (one.owner, one.receiver, one.channel) == (owner, receiver, channel)
        for one in findings
    )


@given(moves)
def test_an_app_that_is_right_is_never_blamed(moves: list[Move]) -> None:
    story, _ = played(moves)

    assert check(story.history()) == []


@given(moves, st.data())
def test_a_fault_is_always_found_and_names_the_owner_and_who_got_it(
    moves: list[Move], draw: st.DataObject
) -> None:
    fault = draw.draw(st.integers(0, len(moves) - 1))
    # An app that forgets who asks betrays nothing to the owner itself, nor where
    # there is nothing left.
    assume(moves[fault].who.credential != moves[fault].owner)
    owner, receiver = moves[fault].owner, moves[fault].who.credential
    removed = [one.operation == "DELETE /documents/{id}" for one in moves[:fault]]
    assume(not any(removed))

    story, _ = played(moves[: fault + 1], fault=fault)

    assert blames(check(story.history()), owner, receiver, Channel.BODY)


@given(moves, tenants, data, st.sampled_from(["body", "header", "error"]), st.data())
def test_a_value_that_strays_into_an_answer_is_always_found(
    moves: list[Move], owner: int, field: int, place: str, draw: st.DataObject
) -> None:
    story, made = played(moves)
    chosen = draw.draw(st.sampled_from(made))
    assume(chosen.principal.credential != owner)
    stray = hit(owner, field)
    found = {
        "body": body(stray),
        "header": in_header("x-trace", stray),
        "error": error(stray),
    }[place]

    strayed = replace(chosen, found=(*chosen.found, *found))
    events = [strayed if one is chosen else one for one in story.events]

    findings = check(story.history().with_events(events))
    assert blames(findings, owner, chosen.principal.credential, found[0].channel)


@given(moves, tenants, data, st.data())
def test_a_value_that_strays_into_the_log_is_always_found(
    moves: list[Move], owner: int, field: int, draw: st.DataObject
) -> None:
    story, made = played(moves)
    during = draw.draw(st.just(0) | st.sampled_from(made))
    story.logs(during, hit(owner, field))

    findings = check(story.history())

    assert blames(findings, owner, None, Channel.LOG)


@given(
    moves,
    st.permutations(TENANTS),
    data,
    st.sampled_from(["key", "address"]),
    st.data(),
)
def test_a_value_that_strays_to_anothers_key_or_address_is_always_found(
    moves: list[Move], who: list[int], field: int, way: str, draw: st.DataObject
) -> None:
    owner, receiver, _ = who
    story, made = played(moves)
    during = draw.draw(st.just(0) | st.sampled_from(made))
    send = story.calls if way == "key" else story.posts
    send(receiver, during, hit(owner, field), hit(receiver, field))

    findings = check(story.history())

    assert blames(findings, owner, receiver, Channel.EGRESS)


@given(moves, st.permutations(TENANTS), data, st.data())
def test_two_tenants_in_one_request_to_nobody_are_always_found(
    moves: list[Move], who: list[int], field: int, draw: st.DataObject
) -> None:
    one, other, _ = who
    story, made = played(moves)
    during = draw.draw(st.just(0) | st.sampled_from(made))
    sent = frozenset() if isinstance(during, int) else during.sent
    assume(not {(one, field), (other, field)} & sent)
    story.calls(None, during, hit(one, field), hit(other, field))

    findings = check(story.history())

    assert any(finding.shape == "two tenants" for finding in findings)


@given(moves, tenants, tenants, st.data())
def test_a_wrong_label_is_always_found(
    moves: list[Move], own: int, other: int, draw: st.DataObject
) -> None:
    assume(own != other)
    story, _ = played(moves)
    story.logs(story.control(own), slots={"tenant": other})

    findings = check(story.history())

    assert blames(findings, other, own, Channel.LOG)


def spoilt(moves: Sequence[Move], stray: tuple[int, int]) -> History:
    """Return a history with leaks in it, the last move being faulty."""
    story, made = played(moves, fault=len(moves) - 1)
    story.logs(made[0], hit(*stray), slots={"tenant": stray[0]})
    story.sends_beacon()
    story.misses("log in tenant B", "status 401")
    return story.history()


strays = st.tuples(tenants, data)


@given(moves, strays)
def test_a_history_read_back_from_its_file_is_judged_the_same(
    moves: list[Move], stray: tuple[int, int]
) -> None:
    history = spoilt(moves, stray)

    lines = [dump_line(event) for event in history.events]
    again = history.with_events(parse_line(line) for line in lines)

    assert again == history
    assert check(again) == check(history)
    assert coverage(again) == coverage(history)


@given(moves, strays, st.lists(st.tuples(tenants, st.integers(0, 200)), max_size=4))
def test_what_tenants_do_besides_takes_no_finding_away(
    moves: list[Move], stray: tuple[int, int], besides: list[tuple[int, int]]
) -> None:
    history = spoilt(moves, stray)
    aside = Story()
    events = list(history.events)
    for number, (tenant, place) in enumerate(besides):
        calm = body(hit(tenant))
        request = aside.asks(
            Principal(tenant, tenant), LIST, calm, owner=tenant, id_=10_000 + number
        )
        line = aside.logs(request, slots={"tenant": tenant})
        events[place:place] = [request, line]

    before = {one.fingerprint: one.count for one in check(history)}
    after = {one.fingerprint: one.count for one in check(history.with_events(events))}

    assert before.keys() <= after.keys()
    assert all(after[one] >= count for one, count in before.items())


@given(moves)
def test_lines_of_a_right_app_are_labelled_and_those_of_a_forgetful_one_are_missed(
    moves: list[Move],
) -> None:
    story, _ = played(moves)
    forgetful = [
        replace(one, slots=(("tenant", None),), names=frozenset(), hits=())
        if isinstance(one, LogLine)
        else one
        for one in story.events
    ]

    findings = check(story.history().with_events(forgetful))

    assert [(one.oracle, one.shape) for one in findings] == [("label", "missing")]


@given(moves, tenants, tenants, data)
def test_what_somebody_elses_listener_hears_is_always_blamed(
    moves: list[Move], owner: int, receiver: int, field: int
) -> None:
    assume(owner != receiver)
    simulation = Simulation()
    made = [simulation.make(number, move) for number, move in enumerate(moves)]
    assume(all(one.principal.credential != receiver or not one.sent for one in made))
    listener = simulation.listeners[receiver]
    simulation.story.hears(listener, hit(owner, field), during=made[-1])

    findings = check(simulation.story.history())
    assert blames(findings, owner, receiver, Channel.STREAM)
