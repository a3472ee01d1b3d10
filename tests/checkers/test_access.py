"""The access oracle: whose operation worked on whose object."""

from __future__ import annotations

import pytest

from harness.checkers.access import access
from harness.checkers.who import CHANCE
from harness.model.event import Audience, Found
from harness.model.finding import Finding, Severity
from harness.model.step import Principal, Role
from harness.model.tenant import STRANGER
from tests.checkers.histories import (
    CREATE,
    EMAIL,
    LIST,
    NAME,
    NOBODY,
    READ,
    REMOVE,
    SLUG,
    TEXT,
    TITLE,
    UPDATE,
    A,
    B,
    C,
    Pairs,
    Reading,
    Story,
    body,
    header,
    hit,
    mixed,
    own,
)

WITH_TITLE = Reading(body(hit(A)))


def reads(
    who: Principal,
    *found: Found,
    control: Role | None = Role.CONTROL,
    status: int = 200,
    on: int | None = A,
    sent: Pairs = (),
    audience: Audience = Audience.TENANT,
) -> list[Finding]:
    """Return what is found when somebody reads what A could read."""
    story = Story()
    if control is not None:
        story.control(A, READ, body(hit(A)), role=control)
    story.probe(who, READ, found, on=on, status=status, sent=sent, audience=audience)
    return access(story.history())


def changes(
    before: Reading,
    after: Reading,
    *,
    who: Principal | None = None,
    operation: str = UPDATE,
    status: int = 200,
    between: int | None = None,
    audience: Audience = Audience.TENANT,
) -> list[Finding]:
    """Return what is found when B, or another, acts on A's object."""
    story = Story()
    story.probe(
        who or own(B),
        operation,
        status=status,
        around=[(before, after)],
        between=between,
        audience=audience,
    )
    return access(story.history())


@pytest.mark.parametrize(
    ("who", "shape"),
    [
        (own(B), "another tenant"),
        (mixed(B, A), "mixed"),
        (mixed(None, A), "no credential"),
        (mixed(B, None), "no tenant"),
        (NOBODY, "nobody"),
    ],
)
def test_reading_anothers_object_is_a_finding_whoever_does_it(
    who: Principal, shape: str
) -> None:
    [finding] = reads(who, *body(hit(A)))

    assert finding.severity is Severity.CRITICAL
    assert (finding.owner, finding.receiver) == (A, who.credential)
    assert (finding.operation, finding.shape) == (READ, shape)
    assert "answered with A's POST /documents body.title" in finding.summary


def test_status_alone_decides_nothing() -> None:
    # The same id exists in both tenants, and B's own row is the right answer.
    assert reads(own(B), *body(hit(B))) == []
    assert reads(own(B)) == []
    assert reads(own(B), *body(hit(B), hit(A)))


@pytest.mark.parametrize("control", [Role.CONTROL, Role.PROVISION, None])
def test_the_owners_data_prove_a_reading_with_or_without_a_control(
    control: Role | None,
) -> None:
    [finding] = reads(own(B), *body(hit(A)), control=control)

    assert (finding.owner, finding.receiver) == (A, B)
    assert reads(own(B), *body(hit(B)), control=control) == []
    assert reads(own(B), control=control) == []


def test_a_control_that_failed_clears_nobody() -> None:
    def read_by(other: Principal) -> list[Finding]:
        story = Story()
        story.control(A, READ, status=404)
        story.probe(other, READ, body(hit(A)))
        return access(story.history())

    assert read_by(own(B))
    assert read_by(own(A)) == []


def test_a_refusal_is_no_access_whatever_it_says() -> None:
    assert reads(own(B), *body(hit(A)), status=403) == []
    assert reads(own(B), *body(hit(A)), status=303) == []
    assert reads(own(B), *body(hit(A)), status=206)


def test_names_and_echoes_are_no_access() -> None:
    assert reads(mixed(B, A), *body(hit(A, NAME))) == []
    assert reads(own(B), *body(hit(A, NAME))) == []
    assert reads(own(B), *body(hit(A)), sent=[(A, TITLE)]) == []
    assert reads(own(B), *body(hit(A, TEXT)), sent=[(A, TITLE)])


def test_ones_own_object_and_no_object_are_nobodys_loss() -> None:
    assert reads(mixed(A, B), *body(hit(A))) == []
    assert reads(own(B), *body(hit(A)), on=None) == []


def test_a_third_tenants_data_is_no_access_to_the_object_that_was_asked_for() -> None:
    assert reads(own(B), *body(hit(C))) == []
    assert [one.owner for one in reads(own(B), *body(hit(C)), on=C)] == [C]


@pytest.mark.parametrize(
    "audience", [Audience.PUBLIC, Audience.SHARED, Audience.OPERATOR]
)
def test_only_tenants_operations_are_judged(audience: Audience) -> None:
    assert reads(own(B), *body(hit(A)), audience=audience) == []
    lost = changes(WITH_TITLE, Reading(status=404), audience=audience)
    assert lost == []


def test_the_surest_hit_decides_how_grave_a_reading_is() -> None:
    [weak] = reads(own(B), *body(hit(A, rate=1e-6)))
    [sure] = reads(own(B), *body(hit(A, rate=1e-6), hit(A, TEXT)))

    assert weak.severity is Severity.MAJOR
    assert sure.severity is Severity.CRITICAL
    assert sure.what == "POST /documents body.text"
    assert reads(own(B), *body(hit(A, rate=2 * CHANCE))) == []


@pytest.mark.parametrize("status", [404, 410, 403])
def test_an_object_that_its_owner_no_longer_gets_was_lost(status: int) -> None:
    [finding] = changes(WITH_TITLE, Reading(status=status), operation=REMOVE)

    assert finding.what == "made A's object unreachable for its owner"
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.evidence[0].text.endswith(f"answers {status}, before 200")


@pytest.mark.parametrize("status", [0, 304, 401, 408, 425, 429, 500, 503])
def test_a_rereading_that_failed_for_other_reasons_says_nothing(status: int) -> None:
    assert changes(WITH_TITLE, Reading(status=status)) == []


def test_an_object_that_was_not_there_before_cannot_be_lost() -> None:
    assert changes(Reading(status=404), Reading(status=404)) == []
    assert changes(Reading(status=500), Reading(body(hit(B)))) == []


def test_a_value_that_is_gone_was_changed() -> None:
    [finding] = changes(WITH_TITLE, Reading())

    assert finding.what == "changed A's data"
    assert changes(WITH_TITLE, WITH_TITLE) == []


def test_a_name_that_is_gone_was_changed_too() -> None:
    named = Reading(body(hit(A, NAME), hit(A)))

    assert changes(named, WITH_TITLE)
    assert changes(named, named) == []


def test_a_value_of_the_authors_that_came_was_written() -> None:
    [finding] = changes(WITH_TITLE, Reading(body(hit(A), hit(B))))

    assert finding.what == "wrote into A's data"
    assert changes(WITH_TITLE, Reading(body(hit(A), hit(C)))) == []
    assert changes(WITH_TITLE, Reading(body(hit(A), hit(A, TEXT)))) == []


def test_what_the_author_had_written_before_is_not_this_probes_work() -> None:
    spoilt = Reading(body(hit(A), hit(B)))

    assert changes(spoilt, spoilt) == []
    assert changes(spoilt, WITH_TITLE) == []


@pytest.mark.parametrize("who", [NOBODY, mixed(None, A)])
def test_what_nobody_wrote_carries_the_strangers_mark(who: Principal) -> None:
    written = Reading(body(hit(A), hit(STRANGER)))

    [finding] = changes(WITH_TITLE, written, who=who, operation=CREATE)

    assert finding.what == "wrote into A's data"
    assert finding.receiver is None
    assert changes(WITH_TITLE, WITH_TITLE, who=who, operation=CREATE) == []
    assert changes(WITH_TITLE, written, who=own(B), operation=CREATE) == []


@pytest.mark.parametrize(
    ("objects", "what"),
    [(3, "added an object in A's list"), (1, "removed an object in A's list")],
)
def test_a_list_that_grew_or_shrank_was_changed(objects: int, what: str) -> None:
    [finding] = changes(Reading(objects=2), Reading(objects=objects), operation=CREATE)

    assert finding.what == what
    assert changes(Reading(objects=2), Reading(objects=2), operation=CREATE) == []


def test_what_is_no_list_before_and_after_is_not_counted() -> None:
    story = Story()
    probe = story.probe(own(B), CREATE)
    story.asks(own(A), LIST, role=Role.REREAD, owner=A, objects=2, precedes=probe.id)
    story.asks(own(A), LIST, role=Role.REREAD, owner=A, objects=-1, follows=probe.id)

    assert access(story.history()) == []


@pytest.mark.parametrize("status", [0, 302, 403, 422, 500])
def test_an_effect_counts_whatever_status_was_answered(status: int) -> None:
    assert changes(WITH_TITLE, Reading(status=404), status=status)
    assert changes(WITH_TITLE, WITH_TITLE, status=status) == []


def test_what_the_owner_itself_changed_meanwhile_is_not_blamed_on_the_probe() -> None:
    assert changes(WITH_TITLE, Reading(), between=A) == []
    assert changes(WITH_TITLE, Reading(), between=C)


def test_an_owner_that_had_to_log_in_again_is_judged_by_its_second_reading() -> None:
    def reread(after: Reading) -> list[Finding]:
        story = Story()
        around = [(WITH_TITLE, Reading(status=401))]
        probe = story.probe(own(B), UPDATE, around=around)
        story.asks(own(A), "POST /token", role=Role.LOGIN)
        story.asks(
            own(A),
            READ,
            after.found,
            role=Role.REREAD,
            owner=A,
            status=after.status,
            follows=probe.id,
        )
        return access(story.history())

    assert reread(WITH_TITLE) == []
    assert reread(Reading(status=404))


def test_only_what_is_surely_in_the_body_is_compared() -> None:
    cookie = Reading((*body(hit(A)), *header("set-cookie", hit(A, EMAIL))))
    doubtful = Reading(body(hit(A), hit(A, SLUG, rate=2 * CHANCE)))

    assert changes(cookie, WITH_TITLE) == []
    assert changes(doubtful, WITH_TITLE) == []


def test_readings_of_different_things_are_not_compared() -> None:
    story = Story()
    story.probe(own(B), UPDATE, around=[(WITH_TITLE, Reading(objects=0))])

    assert access(story.history()) == []


def test_the_same_operation_and_identity_is_one_finding() -> None:
    story = Story()
    story.control(A, UPDATE)
    gone = [(WITH_TITLE, Reading())]
    story.probe(own(B), UPDATE, body(hit(A)), around=gone)
    story.probe(own(B), UPDATE, around=gone)
    story.probe(mixed(B, A), UPDATE, around=gone)

    findings = access(story.history())

    assert [(one.shape, one.count) for one in findings] == [
        ("another tenant", 3),
        ("mixed", 1),
    ]
