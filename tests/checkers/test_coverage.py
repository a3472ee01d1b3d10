"""Coverage: what a history shows to have been seen, and each kind of gap."""

from __future__ import annotations

import pytest

from harness.checkers.coverage import coverage
from harness.model.coverage import Coverage, Gap
from harness.model.event import Audience, Channel
from harness.model.history import History
from harness.model.step import Role
from tests.checkers.histories import (
    CREATE,
    LIST,
    NAME,
    NOBODY,
    READ,
    TEXT,
    TITLE,
    A,
    B,
    Story,
    body,
    error,
    header,
    hit,
    mixed,
    own,
)


def seen(story: Story, *, channels: tuple[Channel, ...] | None = None) -> Coverage:
    if channels is None:
        return coverage(story.history())
    return coverage(story.history(), channels=channels)


def gaps(story: Story, what: str) -> list[Gap]:
    """Return the gaps of one thing."""
    return [gap for gap in seen(story).gaps if gap.what == what]


def covered(*, without: str = "") -> Story:
    """Tell of a run that saw all of an app with two operations.

    Args:
        without: What to leave out: "beacon", "lines", or nothing.
    """
    story = Story()
    story.declares(CREATE)
    story.declares(LIST)
    story.sends_beacon()
    if without != "beacon":
        story.beacon_arrives()
    for tenant in (A, B):
        echo = body(hit(tenant))
        request = story.control(tenant, CREATE, echo, sent=[(tenant, TITLE)])
        if without != "lines":
            story.logs(request)
        story.control(tenant, LIST, body(hit(tenant)))
    for operation in (CREATE, LIST):
        story.probe(mixed(B, A), operation, error(hit(B)), status=403)
    return story


def test_a_run_that_saw_everything_lacks_nothing_but_unwatched_channels() -> None:
    result = seen(covered())

    assert result.gaps == (
        Gap("channel header", "no value came out of it that was supposed to", False),
    )
    assert result.covered == (CREATE, LIST)
    assert result.operations_required == result.operations_known == 2
    assert result.fields_seen == result.fields_planted == 1
    assert result.channels == (Channel.BODY, Channel.ERROR, Channel.LOG)
    assert result.probes == 2


def test_an_empty_history_is_below_the_floor_in_each_respect() -> None:
    result = coverage(History())

    assert {gap.what for gap in result.below_floor} == {
        "operations",
        "channel body",
        "channel log",
    }
    assert result.covered == ()
    assert result.channels == ()


@pytest.mark.parametrize(
    ("required", "skipped"), [(False, ""), (True, "skipped by the target")]
)
def test_an_app_of_which_nothing_can_be_tried_is_below_the_floor(
    required: bool, skipped: str
) -> None:
    story = Story()
    story.declares(LIST, required=required, skipped=skipped)
    [gap] = gaps(story, "operations")
    assert gap.floor

    story.declares(CREATE)
    assert gaps(story, "operations") == []


def test_a_skipped_operation_is_listed_and_below_no_floor() -> None:
    story = covered()
    story.declares(READ, skipped="skipped by the target")

    [gap] = gaps(story, READ)

    assert gap == Gap(READ, "skipped by the target", floor=False)
    assert READ not in seen(story).covered
    assert seen(story).operations_required == 2


@pytest.mark.parametrize("required", [True, False])
def test_an_operation_that_nobody_tried_is_a_gap(required: bool) -> None:
    story = covered()
    story.declares(READ, required=required)

    assert gaps(story, READ) == [Gap(READ, "was never tried", floor=required)]


def test_an_operation_that_never_worked_for_its_owner_is_a_gap() -> None:
    story = covered()
    story.declares(READ)
    story.control(A, READ, status=404)
    story.probe(own(B), READ, status=404)

    [gap] = gaps(story, READ)

    assert gap.floor
    assert "never succeeded as its owner (status 404" in gap.reason


def test_why_there_was_no_answer_is_told() -> None:
    story = covered()
    story.declares(READ)
    story.asks(own(A), READ, status=0, failure="the connection was dropped", owner=A)

    [gap] = gaps(story, READ)

    assert "the connection was dropped" in gap.reason


def test_an_operation_that_could_not_be_made_says_what_was_missing() -> None:
    story = covered()
    story.declares(READ)
    story.misses(READ, "nothing of the kind could be made")

    assert gaps(story, READ) == [Gap(READ, "nothing of the kind could be made", True)]


def test_an_operation_that_nobody_else_tried_is_a_gap() -> None:
    story = covered()
    story.declares(READ)
    for tenant in (A, B):
        story.control(tenant, READ, body(hit(tenant)))
    assert gaps(story, READ) == [Gap(READ, "was never tried as anybody else", True)]

    story.probe(own(B), READ, on=A, status=404)
    assert gaps(story, READ) == []


@pytest.mark.parametrize("status", [0, 429])
def test_a_probe_that_the_app_did_not_answer_is_none(status: int) -> None:
    story = covered()
    story.declares(READ)
    for tenant in (A, B):
        story.control(tenant, READ, body(hit(tenant)))
    before = seen(story).probes

    story.probe(own(B), READ, status=status)

    assert len(gaps(story, READ)) == 1
    assert seen(story).probes == before


def test_an_operation_that_works_for_one_tenant_only_is_a_gap_for_the_other() -> None:
    story = covered()
    story.declares(READ)
    story.control(A, READ)
    story.control(B, READ, status=402)
    story.probe(own(B), READ, on=A, status=404)

    [gap] = gaps(story, READ)

    assert gap.floor
    assert gap.reason.startswith("works for others, but for B: never succeeded")
    story.control(B, READ)
    assert gaps(story, READ) == []


def test_a_tenant_for_which_an_operation_could_not_be_made_is_a_gap_too() -> None:
    story = covered()
    story.declares(READ)
    story.control(A, READ)
    story.probe(own(B), READ, on=A, status=404)
    assert gaps(story, READ) == []

    story.misses(READ, "nothing of the kind could be made")
    [gap] = gaps(story, READ)

    why = "works for others, but for B: nothing of the kind could be made"
    assert gap == Gap(READ, why, floor=True)
    story.control(B, READ)  # on a fresh state it worked
    assert gaps(story, READ) == []


def test_a_probe_counts_beside_the_control_of_the_same_owner_only() -> None:
    story = Story()
    story.declares(READ)
    story.control(B, READ)
    story.probe(own(B), READ, on=A)
    assert seen(story).probes == 0
    assert len(gaps(story, READ)) == 1

    story.control(A, READ)
    assert seen(story).probes == 1
    assert gaps(story, READ) == []


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.SHARED])
def test_open_operations_need_no_more_than_to_have_worked(audience: Audience) -> None:
    story = covered()
    story.declares("GET /plans", audience=audience)
    assert [gap.floor for gap in gaps(story, "GET /plans")] == [True]

    story.asks(NOBODY, "GET /plans", audience=audience, role=Role.PROBE)
    assert gaps(story, "GET /plans") == []


def test_operators_operations_are_listed_and_below_no_floor() -> None:
    story = covered()
    story.declares("GET /admin", audience=Audience.OPERATOR)
    story.probe(own(A), "GET /admin", status=403, audience=Audience.OPERATOR)

    assert [gap.floor for gap in gaps(story, "GET /admin")] == [False]


def test_an_operation_declared_twice_counts_once_as_it_was_declared_last() -> None:
    story = covered()
    story.declares(CREATE, required=False)

    result = seen(story)

    assert result.operations_known == 2
    assert result.operations_required == 1


def test_a_step_that_could_not_be_made_is_below_the_floor_once() -> None:
    story = covered()
    story.misses("log in tenant B", "status 401")
    story.misses("log in tenant B", "status 401")

    assert gaps(story, "log in tenant B") == [
        Gap("log in tenant B", "status 401", floor=True)
    ]


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


def test_gaps_of_the_floor_come_first() -> None:
    story = covered()
    story.misses("log in tenant B", "status 401")

    floors = [gap.floor for gap in seen(story).gaps]

    assert floors == sorted(floors, reverse=True)
    assert set(floors) == {True, False}
