"""Streams and sockets: what a listener must not hear, and what it may."""

from __future__ import annotations

import pytest

from harness.checkers.access import access
from harness.checkers.canary import canary
from harness.model.event import Audience, Channel, Found
from harness.model.finding import Severity
from harness.model.step import Principal, Role
from harness.run.judgement import check
from tests.checkers.histories import (
    CREATE,
    EMAIL,
    EVENTS,
    NAME,
    NOBODY,
    SOCKET,
    TITLE,
    UPDATE,
    A,
    B,
    Story,
    hit,
    mixed,
    own,
)


@pytest.mark.parametrize(
    ("operation", "channel"), [(EVENTS, Channel.STREAM), (SOCKET, Channel.SOCKET)]
)
def test_a_listener_that_hears_of_another_tenant_is_a_leak(
    operation: str, channel: Channel
) -> None:
    story = Story()
    listener = story.listens(own(B), operation)
    cause = story.control(A, CREATE, sent=[(A, TITLE)])
    story.hears(listener, hit(A), during=cause)

    (finding,) = check(story.history())
    assert (finding.oracle, finding.channel) == ("canary", channel)
    assert (finding.operation, finding.shape) == (operation, "another tenant")
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.CRITICAL
    assert [fact.exchange for fact in finding.evidence] == [cause.id]


def test_a_listener_that_hears_of_its_own_tenant_is_none() -> None:
    story = Story()
    listener = story.listens(own(A))
    cause = story.control(A, CREATE, sent=[(A, TITLE)])
    story.hears(listener, hit(A), hit(A, EMAIL), during=cause)

    assert check(story.history()) == []


def test_what_comes_as_soon_as_one_listens_is_told_of_the_opening() -> None:
    story = Story()
    listener = story.listens(own(B))
    story.hears(listener, hit(A))

    (finding,) = canary(story.history())
    assert [fact.exchange for fact in finding.evidence] == [listener.id]


def test_a_name_that_is_heard_elsewhere_is_a_lesser_leak() -> None:
    story = Story()
    listener = story.listens(own(B))
    story.hears(listener, hit(A, NAME))

    (finding,) = canary(story.history())
    assert finding.severity is Severity.MAJOR


def test_a_listener_hears_again_what_it_wrote_itself() -> None:
    story = Story()
    listener = story.listens(own(B))
    cause = story.control(B, UPDATE, sent=[(A, TITLE)])
    story.hears(listener, hit(A), during=cause)

    assert check(story.history()) == []


def test_what_is_heard_before_the_answer_to_its_cause_came_is_its_writers_too() -> None:
    story = Story()
    listener = story.listens(own(B))
    cause = story.control(B, UPDATE, sent=[(A, TITLE)])
    story.hears(listener, hit(A), during=cause)
    heard = story.events.pop()
    story.events.insert(-1, heard)

    assert check(story.history()) == []


def test_a_refused_attempt_to_write_something_makes_it_nobodys_own() -> None:
    story = Story()
    listener = story.listens(own(B))
    cause = story.control(B, UPDATE, sent=[(A, TITLE)], status=403)
    story.hears(listener, hit(A), during=cause)

    assert len(check(story.history())) == 1


@pytest.mark.parametrize(
    ("who", "shape"),
    [
        (mixed(B, A), "mixed"),
        (mixed(None, A), "no credential"),
        (mixed(B, None), "no tenant"),
        (NOBODY, "nobody"),
    ],
)
def test_a_stranger_who_listens_and_hears_the_owners_data_has_access(
    who: Principal, shape: str
) -> None:
    story = Story()
    listener = story.listens(who, role=Role.PROBE, owner=A)
    cause = story.control(A, CREATE, sent=[(A, TITLE)])
    story.hears(listener, hit(A), during=cause)

    (finding,) = check(story.history())
    assert (finding.oracle, finding.channel) == ("access", Channel.STREAM)
    assert (finding.operation, finding.shape) == (EVENTS, shape)
    assert [fact.exchange for fact in finding.evidence] == [cause.id]


def test_a_stranger_who_is_let_in_and_hears_nothing_has_none() -> None:
    story = Story()
    listener = story.listens(mixed(B, A), role=Role.PROBE, owner=A)
    story.control(A, CREATE, sent=[(A, TITLE)])
    story.hears(listener)
    story.hears(listener, hit(B))

    assert check(story.history()) == []


def test_the_name_of_who_was_selected_is_no_secret_to_who_selected_it() -> None:
    story = Story()
    listener = story.listens(mixed(B, A), role=Role.PROBE, owner=A)
    story.hears(listener, hit(A, NAME))

    assert access(story.history()) == []


def test_what_a_shared_stream_tells_is_everybodys() -> None:
    story = Story()
    listener = story.listens(own(B), audience=Audience.SHARED)
    story.hears(listener, hit(A))

    assert check(story.history()) == []


def test_a_listener_whose_opening_is_not_in_the_history_is_passed_over() -> None:
    story = Story()
    listener = story.listens(own(B))
    story.hears(listener, hit(A))
    story.events.pop(0)

    assert check(story.history()) == []


@pytest.mark.parametrize("channel", [Channel.STREAM, Channel.FILE])
def test_a_finite_stream_and_a_file_are_judged_as_answers(channel: Channel) -> None:
    story = Story()
    found = (Found(channel, "", hit(A)),)
    story.control(B, "GET /documents/{id}/file", found)
    story.control(A, "GET /documents/{id}/file", found)

    (finding,) = check(story.history())
    assert (finding.channel, finding.receiver) == (channel, B)
