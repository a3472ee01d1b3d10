"""What a run learns of the app's operations, and how long it therefore waits."""

from __future__ import annotations

from harness.provisioning.habits import FIRST_LOOK, MISSES, REACTION, Habits
from harness.provisioning.ripening import LONG, SHORT, Ripening

POST, FILE, KIND = "POST /notes", "GET /exports/{id}/file", "/exports"


def test_what_was_never_tried_is_given_one_short_look() -> None:
    habits = Habits()
    assert habits.reaction(POST) == FIRST_LOOK

    habits.caused_nothing(POST)
    assert habits.reaction(POST) == 0


def test_what_caused_something_is_waited_for_until_it_fails_to_in_a_row() -> None:
    habits = Habits()
    habits.caused_nothing(POST)
    habits.caused(POST)
    for _ in range(MISSES):
        assert habits.reaction(POST) == REACTION
        habits.caused_nothing(POST)

    assert habits.reaction(POST) == 0


def test_a_stream_that_went_on_once_goes_on() -> None:
    habits = Habits()
    assert habits.endless("GET /events") is None

    habits.streamed("GET /events", endless=True)
    habits.streamed("GET /events", endless=False)
    assert habits.endless("GET /events") is True


def test_a_part_of_an_object_that_takes_time_is_waited_for_long() -> None:
    ripening = Ripening(Habits())
    ripening.born(0, KIND, ("7",), status=202)

    assert 0 < ripening.patience(FILE, 0, KIND, ("7",), status=404) <= LONG
    assert ripening.patience(FILE, 0, KIND, ("7",), status=403) == 0
    assert ripening.patience(FILE, 0, KIND, ("8",), status=404) == 0
    assert ripening.patience(FILE, 1, KIND, ("7",), status=404) == 0


def test_a_part_of_any_new_object_is_waited_for_shortly_until_it_was_in_vain() -> None:
    ripening = Ripening(Habits())
    ripening.born(0, KIND, ("7",), status=201)
    assert ripening.patience(FILE, 0, KIND, ("7",), status=404) == SHORT

    ripening.in_vain(FILE)
    assert ripening.patience(FILE, 0, KIND, ("7",), status=404) == 0
    assert ripening.patience(FILE, 0, KIND, ("7",), status=425) > 0
