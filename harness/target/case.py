"""A valid request of an operation, before its slots are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.target import leaves
from harness.target.leaves import Fill, Slot, Write
from harness.target.rendering import Rendered, encoded, pairs, scalar


@dataclass(frozen=True, slots=True)
class Case:
    """A valid request of an operation; its leaves may be slots.

    Attributes:
        path: Values for path parameters that no object fills.
        query: Names and values; a list repeats the name.
        headers: Lower-case names and values.
        body: JSON tree; None for no body.
        content_type: Of the body; "" for none.
    """

    path: Mapping[str, Any]
    query: tuple[tuple[str, Any], ...]
    headers: tuple[tuple[str, Any], ...]
    body: Any
    content_type: str

    def slots(self) -> tuple[Slot, ...]:
        """Return the slots in the order path, query, headers, body."""
        parts = (dict(self.path), self.query, self.headers, self.body)
        return tuple(leaves.slots(parts))

    def resembles(self, other: Case) -> bool:
        """Whether both give the same request once their slots are filled."""
        mine, theirs = (
            (dict(case.path), case.query, case.headers, case.body)
            for case in (self, other)
        )
        return bool(leaves.without_defaults(mine) == leaves.without_defaults(theirs))

    def render(self, fill: Fill, *, write: Write = str) -> Rendered:
        """Return the request with each slot filled.

        Args:
            fill: Gives the value of a slot; ``slot.default`` is always valid.
            write: Writes ``{slug}`` and the like into the strings of explicit
                operations (``tenant.fill``), after ``{canary}``; by default they
                stay as they are.
        """
        path = leaves.filled(dict(self.path), fill, write)
        query = [(name, leaves.filled(part, fill, write)) for name, part in self.query]
        sent = [(name, leaves.filled(part, fill, write)) for name, part in self.headers]
        body, content_type = encoded(
            leaves.filled(self.body, fill, write), self.content_type
        )
        return Rendered(
            path={name: scalar(value) for name, value in path.items()},
            query=pairs(tuple(query)),
            headers=pairs(tuple(sent)),
            body=body,
            content_type=content_type,
        )
