"""Blanks: put into a request's data where tenants, objects or repetitions differ."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.model.canary import PREFIX
from harness.model.prepared import Blank

if TYPE_CHECKING:
    from harness.provisioning.fields import Fields
    from harness.target.leaves import Slot


class Blanks:
    """Puts blanks into request data.

    Attributes:
        made: Those that were put in so far.

    Args:
        operation: Key of the operation.
        fields: Numbers the places that canaries are planted in; None where only
            facts are written.
        address: What addresses look like, with `WORD` for the canary in them.
    """

    def __init__(
        self, operation: str, fields: Fields | None = None, *, address: str = ""
    ) -> None:
        self.made: list[Blank] = []
        self._operation = operation
        self._fields = fields
        self._address = address

    def fill(self, slot: Slot) -> Any:
        """Return what stands for a slot."""
        if slot.place.startswith("query.") and slot.kind not in {"reference", "url"}:
            # Every canary begins so: see the composer.
            return PREFIX if slot.min_length <= len(PREFIX) else slot.default
        default, bare = str(slot.default), slot.numeric or slot.kind == "integer"
        if slot.kind == "reference":
            name = slot.reference
            return self._mark("reference", name=name, default=default, bare=bare)
        if self._fields is None:
            return slot.default
        number = self._fields.number(f"{self._operation} {slot.place}")
        return self._mark(
            slot.kind,
            number=number,
            name=self._address if slot.kind == "url" else "",
            default=default,
            max_length=slot.max_length or 0,
            bare=bare,
            length=slot.min_length,
        )

    def write(self, text: str) -> str:
        """Return a template with a blank for each fact that it names."""
        parts: list[str] = []
        for literal, name, _, _ in string.Formatter().parse(text):
            parts.append(literal)
            if name is not None:
                parts.append(self._mark("fact", name=name))
        return "".join(parts)

    def key(self, place: int) -> str:
        """Return what stands for a key of the object that the path names."""
        return self._mark("key", number=place)

    def parameter(self, name: str) -> str:
        """Return what stands for a path parameter that selects the tenant."""
        return self._mark("parameter", name=name)

    def token(self) -> str:
        """Return what stands for the credential, without its scheme."""
        return self._mark("token")

    def tree(self, template: Any) -> Any:
        """Return a JSON tree of templates with a blank for each fact."""
        if isinstance(template, str):
            return self.write(template)
        if isinstance(template, Mapping):
            return {key: self.tree(value) for key, value in template.items()}
        if isinstance(template, list | tuple):
            return [self.tree(value) for value in template]
        return template

    def _mark(self, kind: Any, *, length: int = 0, **what: Any) -> str:
        number = len(self.made)
        letters = string.ascii_lowercase
        mark = f"qqblank{letters[number // 26]}{letters[number % 26]}qq"
        # So long that nobody pads it: a value is as long as it must be.
        mark = mark.ljust(length, "q")
        self.made.append(Blank(mark, kind, **what))
        return mark
