"""Coverage: channels that only some apps have, and what is listened to in vain."""

from __future__ import annotations

import pytest

from harness.checkers.coverage import coverage
from harness.model.event import Channel, Found, Series
from harness.model.step import Role
from tests.checkers.histories import (
    EVENTS,
    SLUG,
    SOCKET,
    TITLE,
    A,
    B,
    Story,
    hit,
    mixed,
    own,
)

FLOWS = [(EVENTS, Channel.STREAM), (SOCKET, Channel.SOCKET)]
FILE = "GET /exports/{id}/file"
COUNTER = Series("requests_total", "tenant", "", A, 1)


def gaps(story: Story, *required: Channel) -> dict[str, bool]:
    """Return what was not covered, and whether the verdict depends on it."""
    found = coverage(story.history(), channels=required)
    return {gap.what: gap.floor for gap in found.gaps}


def test_what_an_app_does_not_have_is_no_gap() -> None:
    known = gaps(Story())

    for channel in (Channel.STREAM, Channel.SOCKET, Channel.FILE, Channel.METRIC):
        assert f"channel {channel}" not in known


def test_what_is_required_is_a_gap_even_if_the_app_does_not_have_it() -> None:
    assert gaps(Story(), Channel.STREAM)["channel stream"] is True


@pytest.mark.parametrize(("operation", "channel"), FLOWS)
def test_what_is_declared_and_tells_nothing_is_a_gap(
    operation: str, channel: Channel
) -> None:
    story = Story()
    story.declares(operation, channel=channel)
    listener = story.listens(own(A), operation)
    story.hears(listener, hit(A, SLUG))

    known = gaps(story)
    assert known[f"channel {channel}"] is False
    assert known[f"{channel} {operation}"] is False


@pytest.mark.parametrize(("operation", "channel"), FLOWS)
def test_a_tenant_that_hears_of_its_own_is_the_beacon(
    operation: str, channel: Channel
) -> None:
    story = Story()
    story.declares(operation, channel=channel)
    listener = story.listens(own(A), operation)
    story.hears(listener, hit(A))

    assert coverage(story.history()).channels == (channel,)
    known = gaps(story)
    assert f"channel {channel}" not in known
    assert f"{channel} {operation}" not in known


def test_what_a_stranger_hears_is_no_beacon() -> None:
    story = Story()
    story.declares(EVENTS, channel=Channel.STREAM)
    story.hears(story.listens(mixed(A, B), role=Role.PROBE, owner=B), hit(A))
    story.hears(story.listens(own(B)), hit(A))

    assert "channel stream" in gaps(story)


def test_each_stream_needs_a_beacon_of_its_own() -> None:
    story = Story()
    story.hears(story.listens(own(A), EVENTS), hit(A))
    story.listens(own(A), "GET /other")

    known = gaps(story)
    assert "channel stream" not in known
    assert "stream GET /other" in known


def test_what_a_tenant_hears_is_a_value_that_its_owner_saw_again() -> None:
    story = Story()
    story.control(A, "POST /documents", sent=[(A, TITLE)])
    listener = story.listens(own(A))
    assert coverage(story.history()).fields_seen == 0

    story.hears(listener, hit(A))
    assert coverage(story.history()).fields_seen == 1


def test_a_file_that_holds_its_owners_data_is_the_beacon_of_files() -> None:
    story = Story()
    story.declares(FILE, channel=Channel.FILE)
    assert "channel file" in gaps(story)

    story.control(A, FILE, (Found(Channel.FILE, "", hit(A)),))
    assert "channel file" not in gaps(story)


def test_metrics_that_name_a_tenant_are_watched() -> None:
    story = Story()
    story.declares("GET /metrics", channel=Channel.METRIC)
    story.scrapes(samples=3)
    assert "channel metric" in gaps(story)

    story.scrapes(COUNTER)
    assert "channel metric" not in gaps(story)


@pytest.mark.parametrize(
    ("boots", "watched"), [((1, 1), True), ((1, 2), False)], ids=["one", "two"]
)
def test_metrics_that_count_what_was_done_are_watched(
    boots: tuple[int, int], watched: bool
) -> None:
    story = Story()
    story.declares("GET /metrics", channel=Channel.METRIC)
    story.scrapes(counted=4, boot=boots[0])
    story.scrapes(counted=7, boot=boots[1])

    assert ("channel metric" not in gaps(story)) is watched
