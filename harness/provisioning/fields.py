"""Field numbers: which of a canary's 256 stands for which place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.canary import (
    FIELD_BEACON,
    FIELD_EMAIL,
    FIELD_NAME,
    FIELD_PASSWORD,
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
}


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
        return Field(id_, label, names_tenant=names, operator=label in self._operator)

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

    @property
    def table(self) -> Mapping[int, Field]:
        """What each number handed out so far stands for."""
        return self._fields
