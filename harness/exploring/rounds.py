"""Rounds: requests of several tenants at once, as data that a token can carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from harness.errors import UsageError
from harness.model.step import Principal, Role, Step

_HINT: Final = "Copy it whole from the report; each such finding comes with one."
_ROLES: Final = (Role.CONTROL, Role.PROBE)
_LARGEST: Final = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Requests that are made at once, and others that surround them.

    Attributes:
        enters: Indices of tenants whose users log in first.
        before: Made one after the other, before the others begin.
        together: Made at once.
        leaves: Place among those whose client may go away at any moment; None if all
            of them stay.
        after: Made one after the other, when those are through.
    """

    enters: tuple[int, ...] = ()
    before: tuple[Step, ...] = ()
    together: tuple[Step, ...] = ()
    leaves: int | None = None
    after: tuple[Step, ...] = ()

    @property
    def size(self) -> int:
        """How many requests it has; a login is one."""
        steps = len(self.before) + len(self.together) + len(self.after)
        return len(self.enters) + steps


def numbered(rounds: Sequence[Round]) -> Iterator[tuple[Round, range]]:
    """Yield each round with the numbers of its requests, which count from 1."""
    first = 1
    for one in rounds:
        yield one, range(first, first + one.size)
        first += one.size


def written(rounds: Sequence[Round]) -> list[Any]:
    """Return rounds as JSON can carry them."""
    return [
        {
            "enters": list(one.enters),
            "before": [_row(step) for step in one.before],
            "together": [_row(step) for step in one.together],
            "leaves": one.leaves,
            "after": [_row(step) for step in one.after],
        }
        for one in rounds
    ]


def read(value: object, *, tenants: int) -> tuple[Round, ...]:
    """Return the rounds that `written` gave.

    Args:
        value: As it came out of a token; nothing in it is trusted.
        tenants: How many there are.

    Raises:
        UsageError: It is anything else.
    """
    if not isinstance(value, list):
        _refuse()
    return tuple(_round(one, tenants) for one in value)


def _row(step: Step) -> list[Any]:
    who = step.principal
    role = _ROLES.index(step.role)
    return [step.operation, who.credential, step.owner, role, step.case, step.pick]


def _round(value: object, tenants: int) -> Round:
    if not isinstance(value, Mapping):
        _refuse()
    before, together, after = (
        tuple(_step(row, tenants) for row in _list(value.get(name)))
        for name in ("before", "together", "after")
    )
    leaves = value.get("leaves")
    if leaves is not None and not _is_index(leaves, len(together)):
        _refuse()
    enters = tuple(_list(value.get("enters")))
    if not all(_is_index(one, tenants) for one in enters):
        _refuse()
    return Round(
        enters=enters, before=before, together=together, leaves=leaves, after=after
    )


def _step(row: object, tenants: int) -> Step:
    try:
        operation, who, owner, role, case, pick = _list(row)
    except ValueError:
        _refuse()
    fits = (
        isinstance(operation, str)
        and _is_index(who, tenants)
        and (owner is None or _is_index(owner, tenants))
        and _is_index(role, len(_ROLES))
        and _is_index(case, _LARGEST)
        and _is_index(pick, _LARGEST)
    )
    if not fits:
        _refuse()
    return Step(operation, Principal(who, who), owner, _ROLES[role], case, pick)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else _refuse()


def _is_index(value: object, below: int) -> bool:
    return type(value) is int and 0 <= value < below


def _refuse() -> NoReturn:
    raise UsageError(
        "This is no replay token: its rounds of requests cannot be read.", hint=_HINT
    )
