"""Drought: who is not served when another one's key is used up, and who only fails."""

from __future__ import annotations

import pytest

from harness.checkers.drought import drought
from harness.model.event import Channel, Found
from harness.model.finding import Severity
from harness.model.step import Role
from tests.checkers.histories import (
    CREATE,
    LIST,
    TEXT,
    TITLE,
    A,
    B,
    C,
    Story,
    body,
    hit,
    own,
)


def test_a_tenant_that_fails_without_anothers_key_is_found() -> None:
    story = Story()
    story.control(A)
    story.control(B)
    story.in_drought(A, A, status=429)
    refused = story.in_drought(B, A, status=503)

    (finding,) = drought(story.history())

    assert (finding.oracle, finding.channel) == ("egress", Channel.EGRESS)
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.MAJOR
    assert finding.evidence[0].exchange == refused.id
    assert finding.evidence[0].text == "GET /documents → status 503"
    # Something else may have failed just then: it must show again.
    assert finding.circumstantial


def test_a_success_that_lacks_the_tenants_own_answer_is_found() -> None:
    story = Story()
    story.control(B, CREATE, body(hit(B, TEXT), hit(B, TITLE)))
    story.in_drought(B, A, CREATE, body(hit(A)))

    (finding,) = drought(story.history())

    assert finding.evidence[0].text.endswith(
        "without its POST /documents body.text, POST /documents body.title"
    )


def test_whose_own_key_is_used_up_may_fail() -> None:
    story = Story()
    story.control(A)
    story.in_drought(A, A, status=429)

    assert drought(story.history()) == []


def test_a_tenant_that_is_served_as_before_is_none() -> None:
    story = Story()
    story.control(B, LIST, body(hit(B)))
    story.in_drought(B, A, LIST, body(hit(B), hit(B, TEXT)))

    assert drought(story.history()) == []


def test_an_answer_that_still_holds_some_of_the_tenants_own_is_none() -> None:
    story = Story()
    story.control(B, LIST, body(hit(B), hit(B, TEXT)))
    story.in_drought(B, A, LIST, body(hit(B)))

    assert drought(story.history()) == []


def test_what_a_tenant_does_not_get_each_time_is_not_missed() -> None:
    story = Story()
    story.control(B, LIST, body(hit(B, TEXT)))
    story.control(B, LIST)
    story.in_drought(B, A, LIST)

    assert drought(story.history()) == []


@pytest.mark.parametrize("status", [200, 500])
def test_a_tenant_that_never_succeeded_before_shows_nothing(status: int) -> None:
    story = Story()
    story.control(B, CREATE)
    story.control(C, LIST)
    story.control(B, LIST, status=500)
    story.asks(own(B), LIST, role=Role.PROBE)
    story.in_drought(B, A, LIST, status=status)

    assert drought(story.history()) == []


def test_what_an_error_or_a_header_repeats_is_no_answer() -> None:
    story = Story()
    heading = Found(Channel.HEADER, "x-title", hit(B))
    story.control(B, LIST, (heading,))
    story.in_drought(B, A, LIST)

    assert drought(story.history()) == []
