"""The access oracle, where only what the owner reads tells: no canary, no count."""

from __future__ import annotations

import pytest

from harness.checkers.access import access
from harness.model.finding import Finding, Severity
from harness.model.step import Principal
from harness.run.judgement import check
from tests.checkers.histories import (
    NOBODY,
    UPDATE,
    A,
    B,
    C,
    Reading,
    Story,
    at_the_door,
    body,
    hit,
    mixed,
    own,
)

OFF, ON, LATER = Reading(text="off"), Reading(text="on"), Reading(text="later")
LIMITED, EXPIRED = Reading(status=429), Reading(status=401)
TITLED = Reading(body(hit(A)), text="titled")
SWITCH = "PUT /flags/{id}"


def told(
    *readings: Reading, who: Principal | None = None, between: int | None = None
) -> Story:
    """Tell of a probe, and of what A reads before it and then after it."""
    story = Story()
    story.probe(who or own(B), SWITCH, around=[readings], between=between)
    return story


def seen(*readings: Reading, who: Principal | None = None) -> list[Finding]:
    return access(told(*readings, who=who).history())


@pytest.mark.parametrize(
    "who", [own(B), mixed(B, A), mixed(None, A), NOBODY, at_the_door(B, A)]
)
def test_another_view_that_stays_is_circumstantial_evidence(who: Principal) -> None:
    [finding] = seen(OFF, ON, ON, who=who)

    assert finding.severity is Severity.MAJOR
    assert finding.circumstantial
    assert "changed what A reads" in finding.summary
    assert (finding.owner, finding.receiver) == (A, who.credential)
    assert finding.evidence[0].exchange == 3
    assert "stays so (3 to 2 bytes)" in finding.evidence[0].text
    assert seen(OFF, OFF, who=who) == []


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param((OFF, ON, LATER), id="it differs each time, as a clock does"),
        pytest.param((OFF, ON, OFF), id="it goes back"),
        pytest.param((OFF, ON), id="one later reading is no proof"),
        pytest.param((OFF, OFF, ON), id="the first one was as before"),
        pytest.param((OFF, ON, Reading(status=500, text="on")), id="one failed"),
        pytest.param((OFF, *[Reading(status=500)] * 2), id="both failed"),
        pytest.param((Reading(status=500), ON, ON), id="it had failed before"),
        pytest.param((EXPIRED, ON, ON), id="nothing was read before"),
    ],
)
def test_what_may_differ_by_itself_is_no_evidence(readings: tuple[Reading]) -> None:
    assert seen(*readings) == []


@pytest.mark.parametrize("undecided", [EXPIRED, LIMITED])
def test_readings_that_were_put_off_are_skipped(undecided: Reading) -> None:
    assert seen(OFF, undecided, ON, ON)
    assert seen(OFF, undecided, ON, undecided, ON)
    assert seen(OFF, undecided, ON) == []
    assert seen(OFF, undecided, undecided) == []
    assert seen(OFF, undecided, OFF, OFF) == []


def test_what_the_owner_changed_itself_meanwhile_is_no_evidence() -> None:
    assert access(told(OFF, ON, ON, between=A).history()) == []
    assert access(told(OFF, ON, ON, between=C).history())


def test_a_lost_value_is_proof_and_not_circumstantial() -> None:
    [finding] = seen(TITLED, ON, ON)

    assert finding.severity is Severity.CRITICAL
    assert not finding.circumstantial
    assert "changed A's data" in finding.summary


def test_a_list_that_grows_by_being_read_is_no_evidence() -> None:
    # Such as the list of who looked at a document.
    counts = [Reading(objects=n, text=str(n)) for n in (2, 3, 4)]

    assert seen(*counts) == []
    assert [one.what for one in seen(counts[0], counts[1], counts[1])] == [
        "added an object in A's list"
    ]


def test_beside_a_proof_of_the_same_kind_circumstances_are_dropped() -> None:
    story = told(OFF, ON, ON)
    story.probe(own(B), SWITCH, around=[(TITLED, Reading(status=404))])

    [finding] = check(story.history())

    assert not finding.circumstantial
    assert finding.count == 1


@pytest.mark.parametrize(("operation", "who"), [(UPDATE, own(B)), (SWITCH, NOBODY)])
def test_beside_a_proof_of_another_kind_circumstances_are_kept(
    operation: str, who: Principal
) -> None:
    story = told(OFF, ON, ON)
    story.probe(who, operation, around=[(TITLED, Reading(status=404))])

    found = [(one.operation, one.circumstantial) for one in check(story.history())]

    assert found == [(operation, False), (SWITCH, True)]


def test_circumstances_and_proof_never_share_a_fingerprint() -> None:
    [circumstantial] = seen(OFF, ON, ON)
    [proven] = seen(TITLED, ON, ON)
    [again] = seen(ON, OFF, OFF)

    assert circumstantial.fingerprint != proven.fingerprint
    assert circumstantial.fingerprint == again.fingerprint
