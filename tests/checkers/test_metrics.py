"""Metrics: whose requests a counter counts, and what a page may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.checkers.canary import canary
from harness.checkers.metrics import metric_label
from harness.model.event import Audience, Channel, Found, Series
from harness.model.finding import Severity
from harness.model.step import Role
from harness.run.judgement import check
from tests.checkers.histories import EMAIL, NAME, NOBODY, TITLE, A, B, Story, hit, own

TIMES = (3, 5)


def counter(tenant: int, value: float, metric: str = "requests_total") -> Series:
    return Series(metric, "tenant", "path=/x", tenant, value)


def compared(
    rises: Callable[[int], Sequence[Series]],
    *,
    times: Sequence[int] = TIMES,
    beside: Callable[[Story], object] = lambda story: None,
    boots: bool = False,
) -> Story:
    """B asks a few times between readings of the page, which show what has risen."""
    story, total = Story(), 0
    story.scrapes(*rises(total))
    for boot, several in enumerate(times, start=1):
        for _ in range(several):
            story.control(B)
        beside(story)
        total += several
        story.scrapes(*rises(total), boot=boot if boots else 0)
    return story


def test_requests_that_are_counted_for_another_tenant_are_found() -> None:
    story = compared(lambda risen: [counter(A, 5 + risen)])

    (finding,) = check(story.history())
    assert (finding.oracle, finding.channel) == ("label", Channel.METRIC)
    assert (finding.operation, finding.shape) == ("metric requests_total", "wrong")
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.severity is Severity.MAJOR
    assert finding.count == 2
    assert "3 requests of B's" in finding.evidence[0].text


def test_requests_that_are_counted_for_who_made_them_are_none() -> None:
    story = compared(lambda risen: [counter(A, 5), counter(B, 1 + risen)])

    assert check(story.history()) == []


def test_a_counter_that_rises_beside_the_right_one_is_somebody_elses_work() -> None:
    story = compared(lambda risen: [counter(A, 5 + risen), counter(B, risen)])

    assert check(story.history()) == []


def test_a_counter_that_rises_by_another_number_counts_something_else() -> None:
    story = compared(lambda risen: [counter(A, 5 + 2 * risen)])

    assert check(story.history()) == []


def test_a_counter_of_work_in_the_background_may_rise_by_just_their_number() -> None:
    pages = iter([5, 8, 11])  # by 3 each time, as the clock ticks

    story = compared(lambda _: [counter(A, next(pages))])

    assert check(story.history()) == []


def test_one_number_of_requests_however_often_proves_nothing() -> None:
    story = compared(lambda risen: [counter(A, 5 + risen)], times=(3, 3, 3))

    assert check(story.history()) == []


def test_where_others_asked_too_nothing_is_sure() -> None:
    pages = iter([5, 5 + 3 + 1, 9 + 5 + 1])

    story = compared(
        lambda _: [counter(A, next(pages))], beside=lambda story: story.control(A)
    )

    assert metric_label(story.history()) == []


def test_a_refused_request_may_be_counted_for_nobody() -> None:
    pages = iter([5, 5 + 3 + 1, 9 + 5 + 1])

    story = compared(
        lambda _: [counter(A, next(pages))],
        beside=lambda story: story.control(B, status=403),
    )

    assert metric_label(story.history()) == []


def test_counters_of_another_start_of_the_app_are_not_compared() -> None:
    story = compared(lambda risen: [counter(A, risen)], boots=True)

    assert check(story.history()) == []


def test_one_or_two_requests_prove_nothing() -> None:
    story = compared(lambda risen: [counter(A, 5 + risen)], times=(1, 2))

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
