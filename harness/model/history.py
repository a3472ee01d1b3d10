"""A history: the ordered list of what happened, and the only input of a checker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar, cast

from harness.model.event import Event, Exchange

E = TypeVar("E", bound=Event)

NAME_FIELDS = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Field:
    """What a canary's field number stands for.

    Attributes:
        id: 0..255.
        label: For people, ``"POST /documents body.title"``.
        names_tenant: Whether it is a tenant's name rather than its data.
        operator: Whether operator channels may carry it.
    """

    id: int
    label: str
    names_tenant: bool = False
    operator: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Recorded facts in the order in which they happened.

    Attributes:
        events: The facts.
        fields: What each field number of a canary stands for.
        knows: For a tenant's index, the (owner, field) pairs of others that were
            put into its own fields.
        labelled_loggers: Loggers that the target says carry the tenant.
    """

    events: tuple[Event, ...] = ()
    fields: Mapping[int, Field] = field(default_factory=lambda: MappingProxyType({}))
    knows: Mapping[int, frozenset[tuple[int, int]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    labelled_loggers: frozenset[str] = frozenset()
    _by_class: dict[type[Event], list[Event]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of(self, kind: type[E]) -> Iterator[E]:
        """Iterate over the events of one kind, in order."""
        # Checkers ask some sixty times, and of each schedule of an exploration.
        if not self._by_class:
            sorted_out: dict[type[Event], list[Event]] = {}
            for event in self.events:
                sorted_out.setdefault(type(event), []).append(event)
            self._by_class.update(sorted_out)
        classes = [one for one in self._by_class if issubclass(one, kind)]
        if len(classes) > 1:
            return (event for event in self.events if isinstance(event, kind))
        return iter(cast("list[E]", self._by_class[classes[0]] if classes else []))

    def exchanges(self) -> Mapping[int, Exchange]:
        """Map each exchange's id to it."""
        return {exchange.id: exchange for exchange in self.of(Exchange)}

    def names_tenant(self, field_id: int) -> bool:
        """Whether a field is a tenant's name rather than its data."""
        known = self.fields.get(field_id)
        return known.names_tenant if known else field_id in NAME_FIELDS

    def for_operators(self, field_id: int) -> bool:
        """Whether operator channels such as logs may carry a field."""
        known = self.fields.get(field_id)
        return self.names_tenant(field_id) or bool(known and known.operator)

    def label(self, field_id: int) -> str:
        """Name a field for people."""
        known = self.fields.get(field_id)
        return known.label if known else f"field {field_id}"

    def with_events(self, events: Iterable[Event]) -> History:
        """Return the same history with other events."""
        return History(tuple(events), self.fields, self.knows, self.labelled_loggers)
