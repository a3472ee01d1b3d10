"""The canary oracle, on answers."""

from __future__ import annotations

import pytest

from harness.checkers.canary import canary
from harness.checkers.who import CERTAIN, CHANCE
from harness.model.event import Audience, Channel, Found
from harness.model.finding import Finding, Severity
from harness.model.step import Principal, Role
from harness.model.tenant import FIRST_NOBODY, STRANGER
from tests.checkers.histories import (
    CREATE,
    EMAIL,
    LIST,
    NAME,
    NOBODY,
    READ,
    SLUG,
    TITLE,
    A,
    B,
    C,
    Pairs,
    Story,
    body,
    error,
    header,
    hit,
    mixed,
    own,
)


def leaks(
    who: Principal,
    found: tuple[Found, ...],
    *,
    audience: Audience = Audience.TENANT,
    role: Role = Role.CONTROL,
    status: int = 200,
    sent: Pairs = (),
    knows: dict[int, Pairs] | None = None,
) -> list[Finding]:
    story = Story(knows=knows)
    story.asks(who, LIST, found, audience=audience, role=role, status=status, sent=sent)
    return canary(story.history())


def test_another_tenants_value_in_a_body_is_a_leak_and_ones_own_is_not() -> None:
    [finding] = leaks(own(B), body(hit(A)))

    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.channel is Channel.BODY
    assert finding.severity is Severity.CRITICAL
    assert finding.shape == "another tenant"
    assert finding.what == "POST /documents body.title"
    assert finding.evidence[0].text.endswith("…0.16… (literal)")
    assert leaks(own(A), body(hit(A))) == []


def test_a_header_counts_as_much_as_a_body_and_is_named() -> None:
    [finding] = leaks(own(B), header("etag", hit(A)))

    assert finding.channel is Channel.HEADER
    assert "in the header etag of GET /documents" in finding.summary
    assert leaks(own(A), header("etag", hit(A))) == []


def test_a_redirect_that_points_to_anothers_data_is_a_leak() -> None:
    [finding] = leaks(own(B), header("location", hit(A)), status=303)

    assert "header location" in finding.summary
    assert leaks(own(B), header("location", hit(B)), status=303) == []


def test_an_error_text_with_anothers_data_is_a_leak() -> None:
    [finding] = leaks(own(B), error(hit(A)), status=409)

    assert finding.channel is Channel.ERROR
    assert "in the error of GET /documents (409)" in finding.summary
    assert leaks(own(B), error(hit(B)), status=409) == []


def test_each_answer_counts_whatever_it_was_asked_for() -> None:
    for role in Role:
        assert leaks(own(B), body(hit(A)), role=role), role
        assert leaks(own(B), body(hit(B)), role=role) == [], role


def test_what_the_request_said_may_be_said_back_and_nothing_else() -> None:
    echoed = [(A, TITLE)]

    assert leaks(own(B), error(hit(A, TITLE)), status=404, sent=echoed) == []
    assert leaks(own(B), error(hit(A, EMAIL)), status=404, sent=echoed)
    assert leaks(own(B), error(hit(C, TITLE)), status=404, sent=echoed)


@pytest.mark.parametrize(
    ("who", "shape"),
    [
        (mixed(B, A), "mixed"),
        (mixed(None, A), "no credential"),
        (mixed(B, None), "no tenant"),
        (NOBODY, "nobody"),
    ],
)
def test_without_its_own_credential_nobody_gets_a_tenants_data(
    who: Principal, shape: str
) -> None:
    [finding] = leaks(who, body(hit(A)))

    assert finding.shape == shape
    assert finding.receiver == who.credential


def test_a_credential_gets_its_own_data_at_any_door() -> None:
    assert leaks(mixed(A, B), body(hit(A))) == []
    assert leaks(mixed(A, None), body(hit(A))) == []


@pytest.mark.parametrize("name", [SLUG, NAME])
def test_the_selected_tenants_name_may_be_shown_and_its_data_not(name: int) -> None:
    for who in (mixed(B, A), mixed(None, A)):
        assert leaks(who, body(hit(A, name))) == []
        assert leaks(who, body(hit(A, EMAIL)))
        assert leaks(who, body(hit(C, name)))
    assert leaks(own(B), body(hit(A, name)))
    assert leaks(NOBODY, body(hit(A, name)))


def test_a_name_is_a_lesser_leak_than_data() -> None:
    [name] = leaks(own(B), body(hit(A, NAME)))
    [data] = leaks(own(B), body(hit(A, EMAIL)))

    assert name.severity is Severity.MAJOR
    assert data.severity is Severity.CRITICAL


def test_what_was_put_into_a_tenants_own_fields_is_known_to_it() -> None:
    knows: dict[int, Pairs] = {C: [(A, SLUG)]}

    assert leaks(own(C), body(hit(A, SLUG)), knows=knows) == []
    assert leaks(own(C), body(hit(A, TITLE)), knows=knows)
    assert leaks(own(B), body(hit(A, SLUG)), knows=knows)


def test_a_hostile_name_may_be_shown_where_its_tenant_is_selected() -> None:
    knows: dict[int, Pairs] = {C: [(A, SLUG), (A, EMAIL)]}

    assert leaks(mixed(B, C), body(hit(C, NAME), hit(A, SLUG)), knows=knows) == []
    assert leaks(mixed(B, C), body(hit(A, EMAIL)), knows=knows)
    assert leaks(mixed(B, None), body(hit(A, SLUG)), knows=knows)


def test_shared_paths_may_show_everybodys_data() -> None:
    assert leaks(own(B), body(hit(A)), audience=Audience.SHARED) == []
    assert leaks(own(B), body(hit(A)), audience=Audience.TENANT)


def test_public_paths_may_show_names_and_the_selected_tenants_data() -> None:
    public = Audience.PUBLIC

    assert leaks(mixed(None, A), body(hit(A, TITLE)), audience=public) == []
    assert leaks(NOBODY, body(hit(A, NAME), hit(B, NAME)), audience=public) == []
    assert leaks(mixed(None, A), body(hit(B, TITLE)), audience=public)
    assert leaks(NOBODY, body(hit(A, TITLE)), audience=public)


def test_the_operator_may_see_names_and_lesser_than_leaks_is_what_else_it_sees() -> (
    None
):
    def operator(*found: Found) -> list[Finding]:
        return leaks(own(B), found, audience=Audience.OPERATOR, role=Role.PROVISION)

    assert operator(*body(hit(A, NAME))) == []
    [finding] = operator(*body(hit(A, EMAIL)))
    assert finding.severity is Severity.MINOR


@pytest.mark.parametrize("who", [own(B), NOBODY])
def test_a_tenant_or_nobody_on_an_operators_path_may_not_see_even_names(
    who: Principal,
) -> None:
    operator = Audience.OPERATOR

    [finding] = leaks(who, body(hit(A, NAME)), audience=operator, role=Role.PROBE)

    assert finding.severity is Severity.MAJOR
    assert leaks(own(A), body(hit(A, NAME)), audience=operator, role=Role.PROBE) == []


def test_what_chance_explains_is_no_finding_and_what_it_might_is_a_lesser_one() -> None:
    assert leaks(own(B), body(hit(A, rate=2 * CHANCE))) == []
    [weak] = leaks(own(B), body(hit(A, rate=1e-6, form="truncated")))
    [sure] = leaks(own(B), body(hit(A, rate=CERTAIN)))

    assert weak.severity is Severity.MAJOR
    assert weak.evidence[0].text.endswith("(truncated, by chance once in 1,000,000)")
    assert sure.severity is Severity.CRITICAL


def test_a_beacon_or_a_strangers_text_belongs_to_no_tenant() -> None:
    assert leaks(own(B), body(hit(2**17 - 2, 0), hit(STRANGER, TITLE))) == []
    assert leaks(own(B), body(hit(FIRST_NOBODY, TITLE))) == []
    assert leaks(own(B), body(hit(FIRST_NOBODY - 1, TITLE)))


def test_the_same_leak_seen_twice_is_one_finding_led_by_its_strongest_proof() -> None:
    story = Story()
    story.asks(own(B), LIST, body(hit(A, NAME)))
    story.asks(own(B), LIST, body(hit(C, TITLE)))
    story.asks(own(B), READ, body(hit(A)))

    by_list, by_read = canary(story.history())

    assert (by_list.count, by_read.count) == (2, 1)
    assert by_list.severity is Severity.CRITICAL
    assert [one.exchange for one in by_list.evidence] == [2, 1]


def test_findings_of_a_clean_story_are_none() -> None:
    story = Story()
    for tenant in (A, B, C):
        story.control(tenant, CREATE, body(hit(tenant)), sent=[(tenant, TITLE)])
        story.control(tenant, LIST, body(hit(tenant)))

    assert canary(story.history()) == []
