"""Coverage: which operations were seen to work, and tried as somebody else."""

from __future__ import annotations

import pytest

from harness.checkers.coverage import coverage
from harness.model.coverage import Gap
from harness.model.event import Audience, Channel
from harness.model.history import History
from harness.model.step import Role
from tests.checkers.covered import covered, gaps, seen
from tests.checkers.histories import (
    CREATE,
    LIST,
    NOBODY,
    READ,
    A,
    B,
    Story,
    body,
    hit,
    own,
)


def test_a_run_that_saw_everything_lacks_nothing_but_unwatched_channels() -> None:
    result = seen(covered())

    assert result.gaps == (
        Gap("channel header", "no value came out of it that was supposed to", False),
    )
    assert result.covered == (CREATE, LIST)
    assert result.operations_required == result.operations_known == 2
    assert result.fields_seen == result.fields_planted == 1
    assert result.channels == (
        Channel.BODY,
        Channel.ERROR,
        Channel.LOG,
        Channel.EGRESS,
    )
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


def test_gaps_of_the_floor_come_first() -> None:
    story = covered()
    story.misses("log in tenant B", "status 401")

    floors = [gap.floor for gap in seen(story).gaps]

    assert floors == sorted(floors, reverse=True)
    assert set(floors) == {True, False}
