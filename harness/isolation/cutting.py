"""Cutting: a schedule of many rounds, without those that have no part in a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.exploring.rounds import numbered
from harness.model.race import ActorCame
from harness.scheduling.choice import Key
from harness.scheduling.tape import Deviation

if TYPE_CHECKING:
    from harness.exploring.grounds import Inputs
    from harness.exploring.rounds import Round
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.scheduling.tape import Tape

_NUMBER: Final = re.compile(r"(?<=\brequest )\d+")


def cuts(
    inputs: Inputs, tape: Tape, finding: Finding, events: Sequence[Event]
) -> Iterator[tuple[Inputs, Tape]]:
    """Yield what is likely enough for a finding: its round alone, or one more.

    Args:
        inputs: With all rounds; the first of them warms the app up, and stays.
        tape: Where the schedule deviates.
        finding: What it showed.
        events: Of the schedule.
    """
    asked = {one.exchange: one.actor for one in events if isinstance(one, ActorCame)}
    exchange = next((one.exchange for one in finding.evidence if one.exchange), 0)
    number = _number(asked.get(exchange, ""))
    for place, (_, numbers) in enumerate(numbered(inputs.rounds)):
        if place and number in numbers:
            yield cut(inputs, tape, {0, place})
            if place > 1:
                yield cut(inputs, tape, {0, place - 1, place})


def cut(inputs: Inputs, tape: Tape, places: set[int]) -> tuple[Inputs, Tape]:
    """Leave out all rounds but some; the requests of these get other numbers."""
    kept: list[Round] = []
    names: dict[int, int] = {}
    for place, (one, numbers) in enumerate(numbered(inputs.rounds)):
        if place in places:
            kept.append(one)
            names |= {number: len(names) + n for n, number in enumerate(numbers, 1)}
    short = replace(inputs, rounds=tuple(kept))
    return short, tuple(_renamed(tape, names))


def _renamed(tape: Tape, names: Mapping[int, int]) -> Iterator[Deviation]:
    for one in tape:
        operation = _key(one.operation, names)
        ahead_of = one.ahead_of and _key(one.ahead_of, names)
        if operation is not None and (one.ahead_of is None or ahead_of is not None):
            yield Deviation(operation, ahead_of)


def _key(key: Key, names: Mapping[int, int]) -> Key | None:
    """Return the key with its request's new number; None if that is left out.

    What belongs to no request counts over all rounds, so that it fits no longer.
    """
    number = names.get(_number(key.actor), 0)
    if not number:
        return None
    return key._replace(actor=_NUMBER.sub(str(number), key.actor))


def _number(actor: str) -> int:
    found = _NUMBER.search(actor)
    return int(found.group()) if found else 0
