"""Egress: each sort of request to the outside that is blamed, and its innocent twin."""

from __future__ import annotations

import pytest

from harness.checkers.egress import egress
from harness.checkers.who import CHANCE
from harness.model.event import Audience, Channel
from harness.model.finding import Finding, Severity
from harness.model.step import Role
from harness.model.tenant import STRANGER
from tests.checkers.histories import (
    CREATE,
    KEY,
    NAME,
    PASSWORD,
    SLUG,
    TEXT,
    TITLE,
    A,
    B,
    C,
    Story,
    hit,
    mixed,
    own,
)

ASK, LIMITS = "POST /assistant/messages", "GET /limits"


def found(story: Story) -> list[Finding]:
    return egress(story.history())


def only(story: Story) -> Finding:
    (finding,) = found(story)
    return finding


def asked(
    story: Story, tenant: int, *sent: tuple[int, int], operation: str = ASK
) -> int:
    """A tenant asks something; what goes out meanwhile is told after it."""
    return story.control(tenant, operation, sent=sent).id


# What another tenant receives


def test_data_under_anothers_key_is_found_whenever_it_came() -> None:
    for during in (0, 1):
        story = Story()
        asked(story, B, (B, TEXT))
        story.calls(B, during, hit(A))

        finding = only(story)

        assert (finding.owner, finding.receiver) == (A, B)
        assert finding.severity is Severity.CRITICAL
        assert finding.channel is Channel.EGRESS
        assert finding.shape == "another tenant"
        assert not finding.circumstantial
        assert finding.operation == (ASK if during else "egress provider")


def test_data_under_ones_own_key_is_fine() -> None:
    story = Story()
    story.calls(A, asked(story, A, (A, TEXT)), hit(A), hit(A, TEXT), hit(A, NAME))
    # Late work of A's, while B is being served.
    story.calls(A, asked(story, B), hit(A))

    assert found(story) == []


def test_a_question_that_goes_out_under_the_wrong_key_is_found() -> None:
    story = Story()
    story.calls(A, asked(story, B, (B, TEXT)), hit(B, TEXT))

    finding = only(story)

    assert (finding.owner, finding.receiver) == (B, A)
    assert finding.severity is Severity.CRITICAL
    assert "B's POST /documents body.text was sent with A's key" in finding.summary


def test_data_at_anothers_address_is_found() -> None:
    story = Story()
    story.posts(B, asked(story, A, operation=CREATE), hit(A))

    finding = only(story)

    assert (finding.owner, finding.receiver, finding.shape) == (A, B, "another tenant")
    # Deliveries may come late, in any other request's time.
    assert finding.operation == "egress sink"


def test_data_at_an_address_that_a_stranger_set_is_found() -> None:
    story = Story()
    story.posts(STRANGER, asked(story, A, operation=CREATE), hit(A))

    finding = only(story)

    assert (finding.owner, finding.receiver) == (A, STRANGER)
    assert "an address of a stranger's" in finding.summary


def test_data_at_ones_own_address_is_fine_in_anybodys_time() -> None:
    story = Story()
    story.posts(A, asked(story, A, operation=CREATE), hit(A), hit(A, SLUG))
    story.posts(A, asked(story, B, operation=CREATE), hit(A))
    story.posts(A, 0, hit(A))

    assert found(story) == []


def test_what_a_tenant_says_of_another_itself_goes_where_it_likes() -> None:
    story = Story()
    story.posts(B, asked(story, B, (A, TITLE), operation=CREATE), hit(A))
    # It has taken the value into its own data, which is delivered again later.
    story.posts(B, 0, hit(A))

    assert found(story) == []


def test_what_others_say_of_a_tenant_does_not_make_it_theirs() -> None:
    story = Story()
    # B's credential carried its own text; A's key was used all the same.
    story.calls(A, asked(story, B, (B, TITLE)), hit(B))

    assert only(story).owner == B


def test_anothers_name_under_ones_key_weighs_less_than_its_data() -> None:
    story = Story()
    story.calls(B, asked(story, B), hit(A, NAME))

    assert only(story).severity is Severity.MAJOR


def test_a_hostile_name_that_holds_anothers_slug_is_its_bearers_own() -> None:
    story = Story(knows={C: [(A, SLUG)]})
    story.calls(C, asked(story, C), hit(C, NAME), hit(A, SLUG))
    assert found(story) == []

    story.calls(B, asked(story, B), hit(A, SLUG))
    assert only(story).receiver == B


def test_what_belongs_to_all_on_purpose_may_go_to_anybody() -> None:
    for audience, expected in ((Audience.SHARED, 0), (Audience.TENANT, 1)):
        story = Story()
        story.declares(CREATE, audience=audience)
        story.calls(B, asked(story, B), hit(A))

        assert len(found(story)) == expected


def test_the_operator_may_tell_tenants_of_tenants_names_but_not_of_data() -> None:
    story = Story()
    made = story.asks(
        own(B), "POST /admin/tenants", role=Role.PROVISION, audience=Audience.OPERATOR
    )
    story.posts(B, made, hit(A, NAME))
    assert found(story) == []

    story.posts(B, made, hit(A))
    assert only(story).what == "POST /documents body.title"


def test_what_chance_explains_is_not_blamed() -> None:
    story = Story()
    story.calls(B, 0, hit(A, rate=2 * CHANCE))

    assert found(story) == []


def test_what_strangers_wrote_is_nobodys() -> None:
    story = Story()
    story.calls(B, 0, hit(2**17 - 60))

    assert found(story) == []


# What nobody in particular receives


def test_two_tenants_in_one_prompt_are_found() -> None:
    story = Story()
    story.calls(None, asked(story, B, (B, TEXT)), hit(B, TEXT), hit(A))

    finding = only(story)

    assert (finding.owner, finding.receiver) == (A, B)
    assert (finding.shape, finding.circumstantial) == ("two tenants", False)
    assert finding.severity is Severity.CRITICAL


def test_two_tenants_in_one_prompt_are_found_outside_of_any_request() -> None:
    story = Story()
    story.calls(None, 0, hit(A), hit(B))

    assert only(story).shape == "two tenants"


def test_a_prompt_each_under_a_common_key_is_fine() -> None:
    story = Story()
    story.calls(None, asked(story, A, (A, TEXT)), hit(A), hit(A, TEXT))
    story.calls(None, asked(story, B, (B, TEXT)), hit(B), hit(B, TEXT))
    story.calls(None, 0, hit(A))

    assert found(story) == []


def test_anothers_data_alone_in_ones_time_must_show_again() -> None:
    story = Story()
    story.calls(None, asked(story, B), hit(A))

    finding = only(story)

    assert finding.circumstantial
    assert (finding.severity, finding.receiver) == (Severity.MAJOR, B)


def test_what_a_tenant_says_itself_of_another_is_its_own_affair() -> None:
    story = Story()
    story.calls(None, asked(story, B, (B, TEXT), (A, TITLE)), hit(B, TEXT), hit(A))

    assert found(story) == []


def test_names_may_go_to_what_is_the_operators_but_not_data() -> None:
    story = Story()
    story.posts(None, 0, hit(A, NAME), hit(B, NAME))
    assert found(story) == []

    story.posts(None, 0, hit(A, TITLE), hit(B, NAME))
    assert found(story) == []

    story.posts(None, 0, hit(A, TITLE), hit(B, TITLE))
    assert only(story).shape == "two tenants"


def test_an_address_that_names_two_tenants_is_neithers() -> None:
    story = Story()
    story.posts(B, asked(story, B), hit(A, TITLE), where="url")

    assert only(story).owner == A


# Credentials


@pytest.mark.parametrize("field", [PASSWORD, KEY])
def test_credentials_stay_inside_even_from_their_owners_own_places(field: int) -> None:
    for story in (Story(), Story()):
        during = asked(story, A, (A, field))
        story.calls(A, during, hit(A, field))
        story.posts(A, during, hit(A, field))
        story.posts(None, during, hit(A, field), where="authorization")

        assert {one.shape for one in found(story)} == {"secret"}
        assert sum(one.count for one in found(story)) == 3


def test_the_provider_is_shown_the_key() -> None:
    story = Story()
    story.calls(A, asked(story, A))

    assert found(story) == []


def test_the_key_shown_to_anybody_else_is_found() -> None:
    story = Story()
    story.posts(A, 0, hit(A, KEY), where="x-api-key")

    assert only(story).what == "provider key"


# Whose key


def test_a_key_that_is_not_the_askers_is_found_without_any_data() -> None:
    story = Story()
    story.calls(A, asked(story, A, operation=LIMITS))
    story.calls(A, asked(story, B, operation=LIMITS))

    finding = only(story)

    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.shape == "key used by another tenant"
    assert finding.circumstantial


def test_each_tenants_own_key_is_fine() -> None:
    story = Story()
    for tenant in (A, B, A):
        story.calls(tenant, asked(story, tenant, operation=LIMITS))

    assert found(story) == []


def test_an_operation_that_does_not_call_may_be_served_while_others_work_is_done() -> (
    None
):
    story = Story()
    story.calls(A, asked(story, A))
    story.calls(A, asked(story, B, operation="GET /documents"))

    assert found(story) == []


def test_late_work_beside_the_askers_own_call_is_fine() -> None:
    story = Story()
    for tenant in (A, B):
        during = asked(story, tenant)
        story.calls(tenant, during)
        story.calls(A, during)

    assert found(story) == []


def test_late_work_tells_by_its_data_whose_it_is() -> None:
    story = Story()
    story.calls(A, asked(story, A))
    story.calls(A, asked(story, B), hit(A))

    assert found(story) == []


def test_a_key_used_without_a_credential_is_found() -> None:
    story = Story()
    story.calls(A, asked(story, A))
    probe = story.probe(mixed(None, A), ASK)
    story.calls(A, probe)

    finding = only(story)

    assert finding.shape == "key used by no credential"
    assert (finding.owner, finding.receiver) == (A, None)


def test_a_public_operation_may_use_the_key_of_the_tenant_that_it_is_for() -> None:
    story = Story()
    story.calls(A, asked(story, A))
    probe = story.probe(mixed(None, A), ASK, audience=Audience.PUBLIC)
    story.calls(A, probe)

    assert found(story) == []


def test_making_and_entering_a_tenant_may_call_for_whom_it_likes() -> None:
    story = Story()
    for role in (Role.PROVISION, Role.LOGIN):
        for _ in range(2):
            made = story.asks(own(B), "POST /token", role=role)
            story.calls(A, made)

    assert found(story) == []


def test_a_request_that_another_part_of_the_history_tells_of_is_left_alone() -> None:
    story = Story()
    story.calls(B, 77, hit(A))

    assert found(story) == []
