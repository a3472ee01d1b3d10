"""Metrics: whose requests a counter counts, and what a page may hold."""

from __future__ import annotations

from harness.checkers.canary import canary
from harness.checkers.metrics import metric_label
from harness.model.event import Audience, Channel, Found, Series
from harness.model.finding import Severity
from harness.model.step import Role
from harness.run.judgement import check
from tests.checkers.histories import EMAIL, NAME, NOBODY, TITLE, A, B, Story, hit, own

REQUESTS = 3


def counter(tenant: int, value: float, metric: str = "requests_total") -> Series:
    return Series(metric, "tenant", "path=/x", tenant, value)


def asked(story: Story, tenant: int = B, times: int = REQUESTS) -> None:
    for _ in range(times):
        story.control(tenant)


def test_requests_that_are_counted_for_another_tenant_are_found() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B)
    last = story.scrapes(counter(A, 5 + REQUESTS))

    (finding,) = check(story.history())
    assert (finding.oracle, finding.channel) == ("label", Channel.METRIC)
    assert (finding.operation, finding.shape) == ("metric requests_total", "wrong")
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.MAJOR
    assert [fact.exchange for fact in finding.evidence] == [last.exchange]


def test_requests_that_are_counted_for_who_made_them_are_none() -> None:
    story = Story()
    story.scrapes(counter(A, 5), counter(B, 1))
    asked(story, B)
    story.scrapes(counter(A, 5), counter(B, 1 + REQUESTS))

    assert check(story.history()) == []


def test_a_counter_that_rises_beside_the_right_one_is_somebody_elses_work() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B)
    story.scrapes(counter(A, 5 + REQUESTS), counter(B, REQUESTS))

    assert check(story.history()) == []


def test_a_counter_that_rises_by_another_number_counts_something_else() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B)
    story.scrapes(counter(A, 5 + REQUESTS - 1))

    assert check(story.history()) == []


def test_where_others_asked_too_nothing_is_sure() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B)
    story.control(A)
    story.scrapes(counter(A, 5 + REQUESTS + 1))

    assert check(story.history()) == []


def test_a_refused_request_may_be_counted_for_nobody() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B, REQUESTS - 1)
    story.control(B, status=403)
    story.scrapes(counter(A, 5 + REQUESTS))

    assert check(story.history()) == []


def test_counters_of_another_start_of_the_app_are_not_compared() -> None:
    story = Story()
    story.scrapes(counter(A, 0), boot=1)
    asked(story, B)
    story.scrapes(counter(A, REQUESTS), boot=2)

    assert check(story.history()) == []


def test_one_or_two_requests_prove_nothing() -> None:
    story = Story()
    story.scrapes(counter(A, 5))
    asked(story, B, 2)
    story.scrapes(counter(A, 7))

    assert metric_label(story.history()) == []


def page(story: Story, *fields: int) -> None:
    """The operator reads a page of metrics that holds fields of A's."""
    found = tuple(Found(Channel.METRIC, "requests_total", hit(A, f)) for f in fields)
    operator, role = Audience.OPERATOR, Role.PROVISION
    story.asks(NOBODY, "GET /metrics", found, audience=operator, role=role)


def test_a_metric_that_shows_a_tenants_data_is_found() -> None:
    story = Story()
    page(story, NAME, EMAIL, TITLE)

    (finding,) = check(story.history())
    assert (finding.oracle, finding.channel) == ("canary", Channel.METRIC)
    assert finding.severity is Severity.MINOR
    shown = (finding.operation, finding.shape, finding.receiver)
    assert shown == ("metric requests_total", "metrics", None)
    assert finding.count == 2


def test_metrics_may_name_tenants() -> None:
    story = Story()
    page(story, NAME)
    story.control(B)

    assert canary(story.history()) == []
    assert own(B).whole
