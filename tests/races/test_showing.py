"""What is written one by one has to show where it is read, or nothing stale could."""

from __future__ import annotations

from harness.exploring.showing import unlike_written
from harness.model.event import Event
from harness.model.race import Saw, Wrote


def wrote(generation: int, tenant: int = 0, subject: str = "flags") -> Wrote:
    return Wrote("wrote", 0.0, 1, 0, tenant, subject, generation)


def saw(generation: int, tenant: int = 0, subject: str = "flags") -> Saw:
    return Saw("saw", 0.0, 1, 0, tenant, subject, generation)


def test_what_shows_is_fine_also_late() -> None:
    assert list(unlike_written([saw(0), wrote(1), saw(0), wrote(2), saw(1)])) == []


def test_what_was_never_written_does_not_show() -> None:
    (text,) = unlike_written([wrote(1), saw(2), wrote(2), saw(2)])

    assert "says generation 2, and the newest that was written until then is 1" in text


def test_what_never_shows_is_told_of_each_tenant_and_subject() -> None:
    events: list[Event] = [wrote(1), saw(0), wrote(1, 1), saw(1, 1)]
    events += [wrote(1, 0, "keys"), saw(0)]

    assert len(list(unlike_written(events))) == 1
    assert (
        list(unlike_written([*events, saw(0, 0, "keys")]))
        == ["no reading of it ever shows anything that was written before"] * 2
    )


def test_what_is_only_written_or_only_read_is_not_judged() -> None:
    assert list(unlike_written([wrote(3), saw(0, 0, "keys")])) == []
