"""The label oracle: which log lines name which tenant."""

from __future__ import annotations

import pytest

from harness.checkers.label import label
from harness.model.event import Audience, Channel
from harness.model.finding import Finding, Severity
from harness.model.step import Principal, Role
from tests.checkers.histories import NOBODY, A, B, C, Slots, Story, mixed, own

TENANT: Slots = {"tenant": A}


def told(*, labelled: tuple[str, ...] = ()) -> Story:
    """Return a story in which the logger ``app`` has labelled a line of A's."""
    story = Story(labelled=labelled)
    story.logs(story.control(A), template="ready", slots=TENANT)
    return story


def found(story: Story) -> list[Finding]:
    return label(story.history())


def test_a_line_that_names_another_tenant_is_wrong_and_one_of_its_own_right() -> None:
    story = told()
    request = story.control(B)
    story.logs(request, slots={"tenant": B})
    assert found(story) == []

    story.logs(request, slots={"tenant": A})
    [finding] = found(story)

    assert (finding.shape, finding.severity) == ("wrong", Severity.MAJOR)
    assert (finding.owner, finding.receiver) == (A, B)
    assert finding.channel is Channel.LOG
    assert finding.operation == "log app"
    assert finding.summary == "A line of app for B's GET /documents names A instead"


def test_a_label_that_is_there_and_names_nobody_is_missing() -> None:
    story = told()
    story.logs(story.control(B), slots={"tenant": None})

    [finding] = found(story)

    assert (finding.shape, finding.severity) == ("missing", Severity.MINOR)
    assert (finding.owner, finding.receiver) == (None, B)
    assert finding.evidence[0].text == "INFO done"


def test_a_placeholder_does_no_harm_where_the_text_names_the_tenant() -> None:
    story = told()
    story.logs(story.control(B), slots={"tenant": None}, names=[A, B])

    assert found(story) == []


def test_a_text_that_names_another_tenant_beside_the_label_is_right() -> None:
    story = told()
    story.logs(story.control(B), slots={"tenant": B}, names=[A, B])

    assert found(story) == []


def test_lines_before_the_tenant_is_known_are_let_pass_and_later_ones_not() -> None:
    story = told()
    request = story.control(B)
    story.logs(request, template="began")
    story.logs(request, template="resolved", slots={"tenant": B})
    assert found(story) == []

    story.logs(request, template="ended")
    [finding] = found(story)

    assert finding.shape == "missing"
    assert finding.evidence[0].text == "INFO ended"


def test_what_one_request_lost_says_nothing_of_the_next() -> None:
    story = told()
    story.logs(story.control(B), template="resolved", slots={"tenant": B})
    story.logs(story.control(B), template="began")

    assert found(story) == []


def test_a_kind_of_line_that_is_labelled_elsewhere_must_be_here() -> None:
    story = told()
    story.logs(story.control(B), template="ready")
    assert [one.shape for one in found(story)] == ["missing"]

    other = told()
    other.logs(other.control(B), template="not yet")
    assert found(other) == []


def test_loggers_that_never_label_are_not_judged() -> None:
    story = told()
    request = story.control(B)
    story.logs(request, slots={"tenant": B})
    story.logs(request, logger="uvicorn.access")
    story.logs(request, logger="sqlalchemy", slots={"tenant": None})
    assert found(story) == []

    story.logs(story.control(B), logger="sqlalchemy", slots={"tenant": B})
    assert [one.operation for one in found(story)] == ["log sqlalchemy"]


def test_a_key_that_never_named_the_own_tenant_is_no_label() -> None:
    story = told()
    request = story.control(B)
    story.logs(request, slots={"tenant": B, "invited": A})
    assert found(story) == []

    story.logs(story.control(A), slots={"tenant": A, "invited": A})
    assert [one.shape for one in found(story)] == ["wrong"]


def test_one_right_label_does_not_hide_a_wrong_one() -> None:
    story = Story()
    story.logs(story.control(A), slots={"host": A, "tenant": A})
    story.logs(story.control(B), slots={"host": B, "tenant": B})
    assert found(story) == []

    story.logs(story.control(B), slots={"host": B, "tenant": A})
    assert [(one.shape, one.owner) for one in found(story)] == [("wrong", A)]


def test_each_line_of_a_logger_that_the_target_names_must_have_its_tenant() -> None:
    story = Story(labelled=("app",))
    request = story.control(B)
    story.logs(request, logger="other")
    story.logs(request, names=[B])
    assert found(story) == []

    story.logs(request, template="began", names=[A])
    assert [one.shape for one in found(story)] == ["missing"]


def test_a_target_named_logger_without_any_right_label_is_still_judged() -> None:
    story = Story(labelled=("app",))
    story.logs(story.control(B), slots={"tenant": C})

    assert [one.shape for one in found(story)] == ["missing"]


@pytest.mark.parametrize("who", [NOBODY, mixed(B, A), mixed(B, None), mixed(None, A)])
def test_requests_of_no_certain_tenant_are_not_judged(who: Principal) -> None:
    story = told(labelled=("app",))
    request = story.asks(who, role=Role.PROBE, owner=A)
    story.logs(request)
    story.logs(request, slots={"tenant": B})
    story.logs(request, slots={"tenant": A})

    assert found(story) == []


@pytest.mark.parametrize(
    "audience", [Audience.PUBLIC, Audience.SHARED, Audience.OPERATOR]
)
def test_only_tenants_operations_are_judged(audience: Audience) -> None:
    story = told(labelled=("app",))
    story.logs(story.asks(own(B), audience=audience), slots={"tenant": A})

    assert found(story) == []


def test_a_tenants_request_for_anothers_object_is_still_its_own() -> None:
    story = told()
    story.logs(story.probe(own(B), "GET /documents/{id}"), slots={"tenant": B})
    assert found(story) == []

    story.logs(story.probe(own(B), "GET /documents/{id}"), slots={"tenant": A})
    assert [one.shape for one in found(story)] == ["wrong"]


def test_lines_outside_of_any_request_are_not_judged() -> None:
    story = told(labelled=("app",))
    story.logs(0)
    story.logs(99, slots={"tenant": B})

    assert found(story) == []


@pytest.mark.parametrize(
    ("role", "status"), [(Role.LOGIN, 200), (Role.CONTROL, 401), (Role.REREAD, 401)]
)
def test_before_the_credential_is_taken_a_label_may_be_missing_but_not_wrong(
    role: Role, status: int
) -> None:
    story = told(labelled=("app",))
    request = story.asks(own(B), role=role, status=status)
    story.logs(request, slots={"tenant": None})
    assert found(story) == []

    story.logs(request, slots={"tenant": A})
    assert [one.shape for one in found(story)] == ["wrong"]


def test_many_lines_of_a_logger_are_one_finding_each_for_missing_and_wrong() -> None:
    story = told()
    for request in (story.control(B), story.control(C)):
        story.logs(request, slots={"tenant": None})
        story.logs(request, slots={"tenant": A})

    assert [(one.shape, one.count) for one in found(story)] == [
        ("wrong", 2),
        ("missing", 2),
    ]
