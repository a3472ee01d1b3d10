"""Field numbers: which of a canary's 256 stands for which place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.canary import (
    FIELD_BEACON,
    FIELD_EMAIL,
    FIELD_NAME,
    FIELD_PASSWORD,
    FIELD_PROVIDER_ANSWER,
    FIELD_PROVIDER_KEY,
    FIELD_PROVIDER_LIMIT,
    FIELD_SLUG,
    FIRST_PLANTED_FIELD,
    LAST_FIELD,
)
from harness.model.history import Field
from harness.provisioning.people import FIELD_SECOND_NAME, FIELD_SECOND_SLUG

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WELL_KNOWN = {
    FIELD_BEACON: "beacon",
    FIELD_SLUG: "slug",
    FIELD_NAME: "name",
    FIELD_EMAIL: "email",
    FIELD_PASSWORD: "password",
    FIELD_SECOND_SLUG: "slug",
    FIELD_SECOND_NAME: "name",
    FIELD_PROVIDER_KEY: "provider key",
    FIELD_PROVIDER_LIMIT: "rate limit at the provider",
    FIELD_PROVIDER_ANSWER: "id of an answer of the provider",
}
_FOR_OPERATORS = frozenset({FIELD_PROVIDER_LIMIT, FIELD_PROVIDER_ANSWER})
"""What operators look for in a log: how much is left, and what to ask about."""


class Fields:
    """Hands out field numbers; the last one is shared by all that come too late.

    Args:
        operator_fields: Labels of fields that operator channels may carry.
    """

    def __init__(self, operator_fields: Collection[str] = ()) -> None:
        self._operator = frozenset(operator_fields)
        self._by_label: dict[str, int] = {}
        self._fields = {id_: self._made(id_, name) for id_, name in WELL_KNOWN.items()}

    def _made(self, id_: int, label: str) -> Field:
        names = label in {"slug", "name"}
        operator = id_ in _FOR_OPERATORS or label in self._operator
        return Field(id_, label, names_tenant=names, operator=operator)

    def number(self, label: str) -> int:
        """Return the number of a place, a new one if it is new."""
        known = self._by_label.get(label)
        if known is not None:
            return known
        number = min(FIRST_PLANTED_FIELD + len(self._by_label), LAST_FIELD)
        self._by_label[label] = number
        shown = label if number < LAST_FIELD else "one of the further fields"
        self._fields[number] = self._made(number, shown)
        return number

    def adopt(self, table: Mapping[int, Field]) -> None:
        """Take over what numbers stood for when a world was made."""
        for id_, field in table.items():
            if FIRST_PLANTED_FIELD <= id_ < LAST_FIELD:
                self._by_label[field.label] = id_
            self._fields[id_] = field

    @property
    def table(self) -> Mapping[int, Field]:
        """What each number handed out so far stands for."""
        return self._fields
