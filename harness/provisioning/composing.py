"""Composing: writes the request that a step stands for."""

from __future__ import annotations

import hashlib
import itertools
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.model.canary import PREFIX
from harness.model.step import Role
from harness.model.tenant import STRANGER
from harness.model.world import Access
from harness.provisioning.client import Call
from harness.target.selector import Selection
from harness.target.templates import filled

if TYPE_CHECKING:
    from harness.model.canary import CanaryKey
    from harness.model.scanner import Scanner
    from harness.model.step import Principal, Step
    from harness.model.tenant import Tenant
    from harness.provisioning.addresses import Addresses
    from harness.provisioning.belongings import Belongings, Keys
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.fields import Fields
    from harness.target.generation import Slot
    from harness.target.operation import Operation
    from harness.target.selector import Selector


NOTHING = Access()
NATURAL_KEY = re.compile(
    r"name|title|slug|key|code|label|series|metric|sku|handle|login|symbol"
    r"|number|reference|domain|subject"
)
"""Places by which people tell objects apart, and so use the same ones."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why a step could not be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A request, and what stands in its path.

    Attributes:
        call: The request.
        values: Of the path parameters, not encoded, without the tenant's.
    """

    call: Call
    values: Mapping[str, str]


class Composer:
    """Writes the requests of steps.

    Args:
        catalogue: What can be asked.
        tenants: Who is in the world.
        credentials: Per tenant; may be renewed meanwhile.
        belongings: What each tenant owns now.
        selector: How a tenant is selected.
        key: Mints canaries.
        scanner: Learns which canaries are planted.
        fields: Numbers the places that they are planted in.
        addresses: Writes the URLs.
        mark: Put before the running number of each text, so that texts of this
            composer differ from those of another one on the same state.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        tenants: tuple[Tenant, ...],
        credentials: list[Access],
        belongings: Belongings,
        *,
        selector: Selector,
        key: CanaryKey,
        scanner: Scanner,
        fields: Fields,
        addresses: Addresses,
        mark: str,
    ) -> None:
        self._catalogue = catalogue
        self._tenants = tenants
        self._credentials = credentials
        self._belongings = belongings
        self._selector = selector
        self._key = key
        self._scanner = scanner
        self._fields = fields
        self._addresses = addresses
        self._mark = mark
        self._counter = itertools.count(1)
        self._minted: set[tuple[int, int]] = set()

    def compose(
        self, operation: Operation, keys: Keys, step: Step, *, access: Access = NOTHING
    ) -> Composed | Impossible:
        """Write the request of a step.

        Args:
            operation: Which the step names.
            keys: Of the object that fills the path.
            step: In whose name, and which request variant.
            access: What authenticates.
        """
        selection = self._selection(operation, step.principal)
        if selection is None:
            return Impossible("the path cannot be written without a tenant")
        rendered = self._catalogue.case(step).render(
            lambda slot: self._fill(operation, slot, step),
            write=lambda text: self._written(text, step),
        )
        resources = self._catalogue.resources
        values = {**rendered.path, **resources.path_values(operation, keys)}
        path = written_path(operation, {**values, **selection.parameters})
        if path is None:
            return Impossible("a path parameter is of no known kind")
        ours = self._identifying()
        headers = {k.lower(): v for k, v in rendered.headers if k.lower() not in ours}
        headers |= {**dict(selection.headers), **dict(access.headers)}
        call = Call(
            method=operation.method,
            path=selection.prefix + path,
            query=tuple(rendered.query),
            headers=tuple(headers.items()),
            host=selection.host,
            body=rendered.body,
            content_type=rendered.content_type,
        )
        return Composed(call, values)

    def _selection(
        self, operation: Operation, principal: Principal
    ) -> Selection | None:
        chosen = principal.selector
        if chosen is not None:
            return self._selector.select(self._tenants[chosen])
        selection = self._selector.select(None)
        if selection is None and not self._catalogue.resources.tenant_parameters(
            operation
        ):
            return Selection()
        return selection

    def _identifying(self) -> frozenset[str]:
        """Return the headers that identities are made of: nobody goes without."""
        names = {name for access in self._credentials for name, _ in access.headers}
        for tenant in self._tenants[:1]:
            selection = self._selector.select(tenant) or Selection()
            names |= {name for name, _ in selection.headers}
        return frozenset(names)

    def _written(self, text: str, step: Step) -> str:
        """Fill a template of an explicit operation as its author would."""
        who = (step.principal.credential, step.principal.selector, step.owner)
        author = next((one for one in who if one is not None), None)
        return text if author is None else str(filled(text, self._tenants[author]))

    def _fill(self, operation: Operation, slot: Slot, step: Step) -> Any:
        """Fill one place of a request with the author's canary, or a reference."""
        if slot.kind == "reference":
            owner = step.owner
            keys = (
                None
                if owner is None
                else self._belongings.pick(owner, slot.reference, 0)
            )
            return keys[-1] if keys else slot.default
        if self._in_common(operation, slot, step):
            return _common(slot)
        if slot.place.startswith("query.") and slot.kind != "url":
            # Every canary begins so: the search finds whatever it can reach, and
            # nothing that comes back was told by the request.
            return PREFIX if slot.min_length <= len(PREFIX) else slot.default
        author = step.principal.credential
        author = STRANGER if author is None else author
        number = self._fields.number(f"{operation.key} {slot.place}")
        form = slot.kind if slot.kind in {"uuid", "integer"} else "text"
        self._scanner.plant(author, number, form=form)
        if slot.kind == "uuid":
            return self._uuid(author, number, seeding=step.role is Role.SEED)
        return self._planted(operation, slot, author, number)

    def _in_common(self, operation: Operation, slot: Slot, step: Step) -> bool:
        """Whether a place gets the name that all tenants use.

        One place of a request does, so that the others can show whose object it is.
        """
        pool = self._catalogue.pool[operation.key]
        if not pool or step.case // len(pool) % 2 == 0:
            return False
        called = [one for one in pool[step.case % len(pool)].slots() if natural(one)]
        emails = [one for one in called if one.kind == "email"]
        chosen = (emails or called)[:1]
        return any(one.place == slot.place for one in chosen)

    def _uuid(self, author: int, number: int, *, seeding: bool) -> str:
        """Return the author's canary the first time: apps want such ids unique."""
        place = (author, number)
        if seeding and place not in self._minted:
            self._minted.add(place)
            return str(self._key.mint_uuid(author, number))
        text = f"{author} {number} {self._mark}{next(self._counter)}"
        digest = hashlib.sha256(text.encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def _planted(
        self, operation: Operation, slot: Slot, author: int, number: int
    ) -> Any:
        if slot.kind == "integer":
            return self._key.mint_int(author, number)
        token = self._key.mint(author, number)
        unique = f"{token}{self._mark}{next(self._counter)}"
        if slot.kind == "email":
            return f"{unique}@example.com"
        if slot.kind == "url":
            return self._addresses.write(operation.key, unique)
        longest = slot.max_length or len(unique)
        text = unique if len(unique) <= longest else token
        return text.ljust(slot.min_length, "0")


def natural(slot: Slot) -> bool:
    """Whether a place looks like what people call an object by."""
    leaf = slot.place.rpartition(".")[2].lower()
    named = slot.kind == "text" and NATURAL_KEY.search(leaf) is not None
    return named or slot.kind == "email"


def _common(slot: Slot) -> str:
    """Return a name that is the same in every tenant."""
    name = "common" + re.sub(r"[^a-z]", "", slot.place.rpartition(".")[2].lower())
    if slot.kind == "email":
        return f"{name}@example.com"
    return name[: slot.max_length or len(name)].ljust(slot.min_length, "0")


def written_path(operation: Operation, values: Mapping[str, Any]) -> str | None:
    """Fill a route template; None if a parameter has no value."""
    path = operation.path
    for name in operation.parameters:
        if values.get(name) in {None, ""}:
            return None
        path = _with_value(path, name, _encoded(str(values[name])))
    return path


def _encoded(value: str) -> str:
    """Percent-encode a value so that it stays one segment of its path."""
    if value and not value.strip("."):
        # Clients and servers walk up at "." and ".." (RFC 3986, 5.2.4).
        return value.replace(".", "%2E")
    return quote(value, safe="")


def _with_value(path: str, name: str, value: str) -> str:
    """Put a value into a route template, whatever its converter."""
    return re.sub(rf"{{{re.escape(name)}(:[^}}]*)?}}", lambda _: value, path)
