"""The canary oracle, on log lines."""

from __future__ import annotations

from harness.checkers.canary import canary
from harness.checkers.who import CHANCE
from harness.model.event import Audience, Channel
from harness.model.finding import Finding, Severity
from harness.model.scanner import Hit
from harness.model.step import Principal
from tests.checkers.histories import (
    CODE,
    EMAIL,
    NAME,
    NOBODY,
    SLUG,
    TITLE,
    A,
    B,
    Pairs,
    Story,
    hit,
    mixed,
    own,
)


def leaks(
    *hits: Hit,
    by: Principal | None = None,
    sent: Pairs = (),
    in_url: Pairs = (),
    audience: Audience = Audience.TENANT,
) -> list[Finding]:
    """Return what is found when hits are logged while B, or another, asks."""
    story = Story()
    request = story.asks(by or own(B), sent=sent, in_url=in_url, audience=audience)
    story.logs(request, *hits)
    return canary(story.history())


def test_a_tenants_own_data_in_the_log_is_a_minor_finding() -> None:
    [finding] = leaks(hit(B, EMAIL))

    assert finding.severity is Severity.MINOR
    assert finding.shape == "own data"
    assert finding.channel is Channel.LOG
    assert (finding.owner, finding.receiver) == (B, None)
    assert finding.operation == "log app"
    assert "during GET /documents by B" in finding.summary


def test_another_tenants_data_in_the_log_is_worse() -> None:
    [finding] = leaks(hit(A, EMAIL))

    assert finding.severity is Severity.MAJOR
    assert finding.shape == "another tenant"
    assert finding.owner == A


def test_anothers_data_that_the_request_itself_sent_weighs_as_its_own() -> None:
    [finding] = leaks(hit(A, EMAIL), sent=[(A, EMAIL)])

    assert finding.severity is Severity.MINOR


def test_what_was_in_the_url_may_be_logged_and_what_was_in_the_body_not() -> None:
    assert leaks(hit(B, EMAIL), in_url=[(B, EMAIL)]) == []
    assert leaks(hit(A, TITLE), in_url=[(A, TITLE)]) == []
    assert leaks(hit(B, EMAIL), sent=[(B, EMAIL)])
    assert leaks(hit(B, TITLE), in_url=[(B, EMAIL)])


def test_names_may_be_logged_anywhere() -> None:
    assert leaks(hit(B, SLUG), hit(A, NAME)) == []
    assert leaks(hit(B, SLUG), hit(A, EMAIL))


def test_fields_for_operators_may_be_logged() -> None:
    assert leaks(hit(B, CODE)) == []
    assert leaks(hit(B, TITLE))


def test_a_beacon_in_the_log_is_where_it_should_be() -> None:
    assert leaks(hit(2**17 - 2, 0)) == []


def test_chance_hits_in_the_log_prove_nothing() -> None:
    assert leaks(hit(A, rate=2 * CHANCE)) == []
    assert leaks(hit(A, rate=CHANCE / 2))


def test_lines_of_mixed_and_of_no_identities_are_judged_too() -> None:
    assert leaks(hit(A), by=mixed(B, A))
    assert leaks(hit(A), by=NOBODY)
    assert leaks(hit(A, NAME), by=mixed(B, A)) == []


def test_no_audience_lets_data_into_the_log() -> None:
    for audience in Audience:
        assert leaks(hit(A), audience=audience), audience


def test_a_line_outside_of_any_request_may_hold_names_and_no_data() -> None:
    story = Story()
    story.logs(0, hit(A, NAME))
    assert canary(story.history()) == []

    story.logs(0, hit(A, TITLE))
    [finding] = canary(story.history())

    assert finding.shape == "own data"
    assert finding.evidence[0].exchange == 0
    assert finding.summary.startswith(
        "A's POST /documents body.title was logged by app;"
    )


def test_a_line_of_a_request_that_the_history_does_not_hold_is_not_judged() -> None:
    # Judged in slices, its request and so its address may be in another.
    story = Story()
    story.asks(own(B))
    story.logs(99, hit(B, EMAIL))
    assert canary(story.history()) == []

    story.asks(own(B), id_=99)
    assert canary(story.history())
