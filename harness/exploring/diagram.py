"""From the events of a schedule to the order that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from harness.model.race import ActorCame, Interleaving, Line, Moved, Movement
from harness.model.tenant import alias
from harness.scheduling.outcomes import HANG

if TYPE_CHECKING:
    from harness.model.event import Event
    from harness.scheduling.choice import Key
    from harness.scheduling.tape import Tape

STEPWISE: Final = "task steps; such an order may be rarer than one between operations"

_SHOWN: Final = {
    Movement.WENT: "",
    Movement.CAME: "answered",
    Movement.FAILED: "failed",
    Movement.CANCELLED: "cancelled",
    Movement.LEFT: "the client leaves",
    Movement.CLOCK: "",
}


def interleaving_of(
    events: Sequence[Event],
    *,
    scenario: str,
    token: str,
    tape: Tape,
    minimal: bool,
    steps: bool = False,
) -> Interleaving:
    """Return the order of a schedule's events.

    Args:
        events: Of one schedule.
        scenario: Its name.
        token: What makes it again.
        tape: What had to be otherwise than first-come-first-served.
        minimal: Whether each of them is needed.
        steps: Whether steps of tasks were put in order, too.
    """
    came = [event for event in events if isinstance(event, ActorCame)]
    moved = [event for event in events if isinstance(event, Moved)]
    acting = {_lane(event) for event in moved}
    actors = {event.actor: _about(event) for event in came if event.actor in acting}
    for name in dict.fromkeys(_lane(event) for event in moved):
        actors.setdefault(name, "")
    return Interleaving(
        scenario=scenario,
        token=token,
        actors=tuple(actors.items()),
        lines=tuple(_lines(moved)),
        deviations=tuple(_deviations(tape, moved)),
        minimal=minimal,
        granularity=STEPWISE if steps else "",
    )


def _deviations(tape: Tape, moved: Sequence[Moved]) -> Iterator[str]:
    labels = {
        (_lane(one), one.sequence): f"{one.operation} {one.label}".strip()
        for one in moved
    }

    def named(key: Key) -> str:
        label = labels.get((key.actor, key.sequence), f"#{key.sequence}")
        return f"{key.actor}: {label}"

    for one in tape:
        text = named(one.operation)
        if one.operation.outcome:
            text += f" ({one.operation.outcome})"
        if one.ahead_of is not None:
            text += f", ahead of {named(one.ahead_of)}"
        yield text


def _lane(event: Moved) -> str:
    return event.lane or event.actor


def _about(event: ActorCame) -> str:
    whose = "" if event.tenant is None else f"{alias(event.tenant)}: "
    return f"{whose}{event.about}"


def _lines(moved: Sequence[Moved]) -> Iterator[Line]:
    """Yield what happened; an answer right after its question is one line with it."""
    place = 0
    while place < len(moved):
        one = moved[place]
        after = moved[place + 1] if place + 1 < len(moved) else None
        text = f"{one.operation} {one.label}".strip()
        ending = ""
        if one.movement is Movement.WENT and after is not None and _same(one, after):
            ending = "" if after.movement is Movement.CAME else _SHOWN[after.movement]
            place += 1
        elif one.movement is not Movement.WENT:
            ending = _SHOWN[one.movement]
        elif one.outcome != HANG:
            ending = "…"
        notes = ", ".join(note for note in (one.outcome, ending) if note)
        shown = f"{text} ({notes})" if notes else text
        yield Line(_lane(one), shown, one.movement, one.deviates)
        place += 1


def _same(one: Moved, after: Moved) -> bool:
    mine = (_lane(one), one.sequence) == (_lane(after), after.sequence)
    return mine and after.movement in {Movement.CAME, Movement.FAILED}
