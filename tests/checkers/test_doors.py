"""A user that logged in at another tenant's door: who it is, and what it may see."""

from __future__ import annotations

import pytest

from harness.checkers.access import access
from harness.checkers.canary import canary
from harness.checkers.coverage import coverage
from harness.checkers.label import label
from harness.checkers.who import shape
from harness.model.event import Audience
from harness.model.finding import Severity
from harness.model.step import Principal, Role
from harness.run.judgement import check
from tests.checkers.histories import (
    EMAIL,
    LIST,
    NAME,
    NOBODY,
    READ,
    UPDATE,
    A,
    B,
    C,
    Reading,
    Story,
    at_the_door,
    body,
    error,
    hit,
    mixed,
    own,
)


def test_reading_the_tenants_data_at_its_door_is_a_leak_to_the_guest() -> None:
    story = Story()
    story.probe(at_the_door(A, B), READ, body(hit(B)), on=B)

    [finding] = check(story.history())

    assert (finding.oracle, finding.shape) == ("access", "another door")
    assert (finding.owner, finding.receiver) == (B, A)
    assert finding.severity is Severity.CRITICAL
    assert "by A, logged in at B's door answered with B's" in finding.summary


def test_reading_its_own_data_there_is_none() -> None:
    story = Story()
    story.probe(at_the_door(A, B), READ, body(hit(A)), on=B)
    story.probe(at_the_door(A, B), READ, body(hit(B, NAME)), on=B)
    story.probe(at_the_door(A, B), READ, error(hit(B, NAME)), on=B, status=403)

    assert check(story.history()) == []


def test_a_third_tenants_data_are_a_leak_there_too() -> None:
    story = Story()
    story.probe(at_the_door(A, B), LIST, body(hit(C)), on=B)

    [finding] = canary(story.history())

    assert (finding.owner, finding.receiver) == (C, A)
    assert finding.shape == "another door"
    assert access(story.history()) == []


def test_changing_the_tenants_data_there_is_a_finding() -> None:
    def changed(after: Reading) -> Story:
        story = Story()
        before = Reading(body(hit(B)))
        story.probe(at_the_door(A, B), UPDATE, on=B, around=[(before, after)])
        return story

    [finding] = access(changed(Reading(body(hit(B), hit(A)))).history())
    assert (finding.shape, finding.what) == ("another door", "wrote into B's data")
    assert access(changed(Reading(body(hit(B)))).history()) == []


@pytest.mark.parametrize("field", [EMAIL, NAME])
def test_the_login_at_the_door_may_say_back_what_it_was_told(field: int) -> None:
    def answered(owner: int) -> Story:
        story = Story()
        who = mixed(A, B)
        found = body(hit(owner, field))
        sent = [(A, EMAIL)]
        story.asks(who, "POST /login", found, role=Role.LOGIN, sent=sent)
        return story

    assert check(answered(A).history()) == []
    assert check(answered(C).history())


@pytest.mark.parametrize(
    ("who", "name"),
    [
        (own(B), "another tenant"),
        (mixed(B, A), "mixed"),
        (at_the_door(B, A), "another door"),
        (Principal(A, A, door=B), "another door"),
        (mixed(None, A), "no credential"),
        (mixed(B, None), "no tenant"),
        (NOBODY, "nobody"),
    ],
)
def test_each_identity_has_a_name_of_its_own(who: Principal, name: str) -> None:
    assert shape(who) == name
    assert who.whole == (name == "another tenant")


def test_the_same_leak_by_the_door_and_by_a_mixed_identity_are_two() -> None:
    def found(*principals: Principal) -> set[str]:
        story = Story()
        for who in principals:
            story.probe(who, READ, body(hit(A)))
        return {one.fingerprint for one in check(story.history())}

    door, mix = found(at_the_door(B, A)), found(mixed(B, A))
    assert len(door) == len(mix) == 1
    assert door != mix
    assert found(at_the_door(B, A), mixed(B, A)) == door | mix
    assert found(at_the_door(B, A), at_the_door(C, A)) == door


def test_fingerprints_stay_from_version_to_version() -> None:
    # Reports of earlier runs, and what users made of them, name findings so.
    story = Story()
    story.probe(at_the_door(B, A), READ, body(hit(A)))

    [finding] = check(story.history())

    assert finding.fingerprint == "9a9df458b963"


def test_a_guests_lines_are_not_judged_by_their_label() -> None:
    def lines(who: Principal) -> Story:
        story = Story(labelled=("app",))
        story.logs(story.asks(who, role=Role.PROBE, owner=A), slots={"tenant": A})
        return story

    assert label(lines(at_the_door(B, A)).history()) == []
    assert label(lines(own(B)).history())


def test_a_guest_is_nobodys_control() -> None:
    def probes(who: Principal) -> int:
        story = Story()
        story.declares(READ)
        story.asks(who, READ, body(hit(A)), owner=A)
        story.probe(mixed(B, A), READ, status=403)
        return coverage(story.history()).fields_seen

    assert probes(at_the_door(A, B)) == probes(own(A)) == 0


def test_public_paths_show_a_guest_what_they_show_anybody() -> None:
    story = Story()
    who = at_the_door(B, A)
    story.asks(who, found=body(hit(A, EMAIL)), audience=Audience.PUBLIC)
    assert check(story.history()) == []

    story.asks(who, found=body(hit(C, EMAIL)), audience=Audience.PUBLIC)
    assert check(story.history())
