"""Who wrote another's value into its own data may read it again."""

from __future__ import annotations

import pytest

from harness.checkers.access import access
from harness.checkers.canary import canary
from harness.model.finding import Finding
from harness.model.step import Principal, Role
from tests.checkers.histories import (
    LIST,
    NOBODY,
    TEXT,
    TITLE,
    A,
    B,
    C,
    Story,
    at_the_door,
    body,
    hit,
    mixed,
    own,
)

WRITE, REMOVE, READ = "PUT /flags/{id}", "DELETE /flags/{id}", "GET /flags/{id}"
KEY = [(A, TITLE)]


def write(
    story: Story,
    who: Principal,
    *,
    operation: str = WRITE,
    status: int = 200,
    role: Role = Role.PROBE,
) -> None:
    """Somebody names a flag as A named its own."""
    story.asks(who, operation, role=role, owner=A, status=status, in_url=KEY)


def read(story: Story, who: Principal, field: int = TITLE) -> list[Finding]:
    """Somebody reads, and sees a value of A's."""
    story.asks(who, LIST, body(hit(A, field)))
    return canary(story.history())


@pytest.mark.parametrize(
    "who", [own(B), mixed(B, A), mixed(B, None), at_the_door(B, A)]
)
def test_what_a_tenant_wrote_itself_it_may_read_again(who: Principal) -> None:
    story = Story()
    write(story, who)

    assert read(story, own(B)) == []
    assert read(story, own(B), TEXT)


def test_before_it_was_written_it_may_not_be_read() -> None:
    story = Story()
    [finding] = read(story, own(B))
    write(story, own(B))

    [again] = read(story, own(B))

    assert finding.count == again.count == 1


@pytest.mark.parametrize("status", [0, 303, 403, 404, 409, 500])
def test_a_write_that_failed_gives_nothing_to_read(status: int) -> None:
    story = Story()
    write(story, own(B), status=status)

    assert read(story, own(B))


@pytest.mark.parametrize("operation", [READ, REMOVE])
def test_asking_for_a_name_and_removing_it_are_no_writing(operation: str) -> None:
    # A delete that answers 204 whether or not there was anything.
    story = Story()
    write(story, own(B), operation=operation, status=204)

    assert read(story, own(B))


@pytest.mark.parametrize("who", [own(C), mixed(None, B), NOBODY])
def test_who_did_not_write_it_may_not_read_it(who: Principal) -> None:
    story = Story()
    write(story, own(B))

    assert read(story, who)


@pytest.mark.parametrize("who", [NOBODY, mixed(None, A)])
def test_who_has_no_credential_owns_nothing_it_could_write(who: Principal) -> None:
    story = Story()
    write(story, who)

    assert read(story, who)


def test_a_reading_of_ones_own_flag_of_the_same_name_is_no_access() -> None:
    def reads(*, written: bool) -> list[Finding]:
        story = Story()
        if written:
            write(story, own(B))
        story.probe(own(B), "GET /flags", body(hit(A)))
        return access(story.history())

    assert reads(written=False)
    assert reads(written=True) == []


def test_more_is_learnt_with_each_write() -> None:
    story = Story()
    write(story, own(B))
    story.asks(own(B), "POST /notes", sent=[(A, TEXT)])

    assert read(story, own(B)) == []
    assert read(story, own(B), TEXT) == []
