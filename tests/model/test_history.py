"""Histories: facts in order, and what their fields mean."""

from __future__ import annotations

import pytest

from harness.model.event import Exchange, LogLine, Note
from harness.model.history import Field, History
from harness.model.step import Principal
from tests.checkers.histories import CODE, EMAIL, NAME, SLUG, TITLE, A, B, Story, own


def a_story() -> Story:
    story = Story(knows={B: [(A, SLUG)]}, labelled=("app",))
    first = story.control(A)
    story.logs(first)
    story.control(B)
    return story


def test_facts_of_one_kind_come_in_their_order() -> None:
    history = a_story().history()

    assert [one.id for one in history.of(Exchange)] == [1, 2]
    assert [one.exchange for one in history.of(LogLine)] == [1]
    assert list(history.of(Note)) == []


def test_an_exchange_is_found_by_its_id() -> None:
    assert a_story().history().exchanges()[2].principal == own(B)


@pytest.mark.parametrize(
    ("field", "names", "operators"),
    [
        (SLUG, True, True),
        (NAME, True, True),
        (EMAIL, False, False),
        (TITLE, False, False),
        (CODE, False, True),
    ],
)
def test_a_field_says_whether_it_is_a_name_and_for_operators(
    field: int, names: bool, operators: bool
) -> None:
    history = a_story().history()

    assert history.names_tenant(field) == names
    assert history.for_operators(field) == operators


def test_without_a_table_slug_and_name_are_names_and_nothing_else_is() -> None:
    history = History()

    assert [number for number in range(256) if history.names_tenant(number)] == [1, 2]
    assert [number for number in range(256) if history.for_operators(number)] == [1, 2]
    assert history.label(40) == "field 40"


def test_a_table_may_say_that_what_is_called_a_name_is_data() -> None:
    history = History(fields={NAME: Field(NAME, "nickname")})

    assert not history.names_tenant(NAME)
    assert history.label(NAME) == "nickname"


def test_other_events_leave_the_rest_of_a_history_as_it_was() -> None:
    history = a_story().history()

    other = history.with_events([Note("note", "hello")])

    assert other.events == (Note("note", "hello"),)
    assert (other.fields, other.knows) == (history.fields, history.knows)
    assert other.labelled_loggers == {"app"}
    assert history.events != other.events


@pytest.mark.parametrize(
    ("status", "succeeded"),
    [(0, False), (199, False), (200, True), (206, True), (299, True), (304, False)],
)
def test_only_an_answer_of_the_two_hundreds_is_a_success(
    status: int, succeeded: bool
) -> None:
    assert Story().control(A, status=status).succeeded == succeeded


@pytest.mark.parametrize(
    ("who", "whole"),
    [
        (own(A), True),
        (Principal(A, B), False),
        (Principal(None, A), False),
        (Principal(A, None), False),
        (Principal(None, None), False),
    ],
)
def test_an_identity_is_whole_when_both_halves_are_one_tenants(
    who: Principal, whole: bool
) -> None:
    assert who.whole == whole
