"""Coverage: which fields, tenants and channels were seen."""

from __future__ import annotations

from harness.model.event import Channel
from tests.checkers.covered import covered, gaps, seen
from tests.checkers.histories import (
    CREATE,
    LIST,
    NAME,
    TEXT,
    TITLE,
    A,
    B,
    Story,
    body,
    header,
    hit,
    mixed,
    own,
)


def test_a_field_that_its_owner_never_saw_again_is_listed() -> None:
    story = covered()
    story.control(A, CREATE, sent=[(A, TEXT)])

    [gap] = gaps(story, "POST /documents body.text")

    assert not gap.floor
    assert (seen(story).fields_seen, seen(story).fields_planted) == (1, 2)
    story.control(A, LIST, body(hit(A, TEXT)))
    assert gaps(story, "POST /documents body.text") == []


def test_an_echo_of_the_request_itself_is_not_seeing_a_field_again() -> None:
    story = covered()
    story.control(A, CREATE, body(hit(A, TEXT)), sent=[(A, TEXT)])

    assert len(gaps(story, "POST /documents body.text")) == 1


def test_what_another_saw_or_a_refused_request_sent_is_no_field_of_the_run() -> None:
    story = covered()
    story.control(A, CREATE, sent=[(A, TEXT)], status=422)
    story.asks(mixed(A, B), CREATE, sent=[(A, TEXT)])
    assert seen(story).fields_planted == 1

    story.control(A, CREATE, sent=[(A, TEXT)])
    story.probe(own(B), LIST, body(hit(A, TEXT)))
    assert (seen(story).fields_seen, seen(story).fields_planted) == (1, 2)


def test_names_are_no_planted_fields() -> None:
    story = covered()
    story.control(A, CREATE, sent=[(A, NAME)])

    assert seen(story).fields_planted == 1


def test_a_channel_is_watched_once_something_of_ones_own_came_through() -> None:
    story = covered()
    assert Channel.HEADER not in seen(story).channels

    story.control(A, CREATE, header("location", hit(B)))
    assert Channel.HEADER not in seen(story).channels

    story.control(A, CREATE, header("location", hit(A)))
    assert Channel.HEADER in seen(story).channels
    assert seen(story).gaps == ()


def test_egress_is_watched_once_a_tenants_own_value_went_out_for_it() -> None:
    story = Story()
    assert gaps(story, "channel egress") == []

    story.boots()
    (nothing,) = gaps(story, "channel egress")
    assert "made no request" in nothing.reason
    assert not nothing.floor

    during = story.control(B, CREATE)
    story.calls(A, during)
    story.posts(A, during, hit(B))
    story.posts(None, during, hit(A))
    story.posts(None, 0, hit(A))
    (nothing,) = gaps(story, "channel egress")
    assert "held a value of its own" in nothing.reason

    before = tuple(story.events)
    for sent in (
        story.calls(A, 0, hit(A)),
        story.posts(A, during, hit(A)),
        story.posts(None, during, hit(B)),
    ):
        story.events[:] = [*before, sent]
        assert gaps(story, "channel egress") == []


def test_which_channels_must_be_watched_can_be_chosen() -> None:
    story = covered()

    result = seen(story, channels=(Channel.HEADER,))

    assert [gap.what for gap in result.below_floor] == ["channel header"]


def test_an_app_that_drops_the_canary_leaves_the_body_unwatched() -> None:
    story = covered()
    story.events = [one for one in story.events if one.kind != "exchange"]
    story.control(A, CREATE, sent=[(A, TITLE)])
    story.control(A, LIST, body(hit(A, NAME)))

    result = seen(story)

    assert Channel.BODY not in result.channels
    assert "channel body" in {gap.what for gap in result.below_floor}


def test_an_app_that_only_echoes_what_it_is_told_leaves_its_tenants_blind() -> None:
    story = covered()
    story.events = [
        one for one in story.events if getattr(one, "operation", CREATE) == CREATE
    ]

    below = {gap.what for gap in seen(story).below_floor}

    assert below == {"tenant A", "tenant B"}


def test_a_tenant_that_saw_none_of_its_data_is_named() -> None:
    story = covered()
    story.control(2, LIST)

    [gap] = seen(story).below_floor

    assert gap.what == "tenant C"
    story.control(2, LIST, body(hit(2)))
    assert seen(story).below_floor == ()


def test_a_log_from_which_no_beacon_came_is_unwatched_and_says_which() -> None:
    [gap] = seen(covered(without="beacon")).below_floor

    assert gap.what == "channel log"
    assert gap.reason.endswith("did not come out (through stdout)")


def test_a_beacon_lost_for_one_source_only_is_a_gap() -> None:
    story = covered()
    story.sends_beacon("stderr", nth=1)
    [gap] = seen(story).below_floor
    assert gap.reason.endswith("(through stderr)")

    story.beacon_arrives(nth=1)
    assert seen(story).below_floor == ()


def test_a_beacon_lost_at_one_boot_of_many_is_a_gap() -> None:
    story = covered()
    story.sends_beacon()
    assert [gap.what for gap in seen(story).below_floor] == ["channel log"]

    story.beacon_arrives()
    assert seen(story).below_floor == ()


def test_a_log_into_which_no_beacon_was_put_is_unwatched() -> None:
    story = covered()
    story.events = [one for one in story.events if one.kind != "beacon"]

    assert [gap.what for gap in seen(story).below_floor] == ["channel log"]


def test_an_app_that_logs_nothing_is_told_of_and_not_blamed() -> None:
    result = seen(covered(without="lines"))

    assert result.below_floor == ()
    assert "the app itself logged nothing during any request" in {
        gap.reason for gap in result.gaps
    }
