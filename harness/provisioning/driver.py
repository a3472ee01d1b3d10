"""The driver: turns steps into requests, and keeps what each tenant owns."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.model.canary import PREFIX
from harness.model.event import Audience, Exchange
from harness.model.step import Principal, Role, Step
from harness.model.tenant import STRANGER
from harness.model.world import Access, SeededObject
from harness.provisioning.client import Call, Client, Meaning, Reply

if TYPE_CHECKING:
    from harness.model.canary import CanaryKey
    from harness.model.scanner import Scanner
    from harness.model.tenant import Tenant
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.fields import Fields
    from harness.target.generation import Slot
    from harness.target.operation import Operation
    from harness.target.selector import Selection, Selector
    from harness.target.tools import Answer

Keys = tuple[str, ...]
Renew = Callable[[int], Awaitable[Access]]
UNAUTHENTICATED = 401
MARGIN = 5.0
"""Seconds before its end at which a credential is renewed."""
WITNESSES = 2
"""How many of the owner's readings surround a probe that may change something."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why a step could not be made."""

    reason: str


@dataclass(slots=True)
class Belongings:
    """What each tenant owns, by kind, oldest first."""

    by_tenant: dict[int, dict[str, list[Keys]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @classmethod
    def of(cls, objects: tuple[tuple[SeededObject, ...], ...]) -> Belongings:
        """Take over what a world says."""
        belongings = cls()
        for tenant, owned in enumerate(objects):
            for one in owned:
                belongings.add(tenant, one.kind, one.keys)
        return belongings

    def add(self, tenant: int, kind: str, keys: Keys) -> None:
        """Remember an object, once."""
        owned = self.by_tenant[tenant][kind]
        if keys not in owned:
            owned.append(keys)

    def remove(self, tenant: int, kind: str, keys: Keys) -> None:
        """Forget an object and what hangs below it."""
        for other, owned in self.by_tenant[tenant].items():
            if other == kind or other.startswith(f"{kind}/"):
                owned[:] = [one for one in owned if one[: len(keys)] != keys]

    def pick(self, tenant: int, kind: str, index: int) -> Keys | None:
        """Return one of a tenant's objects, the newest being number 0."""
        owned = self.by_tenant[tenant][kind]
        return owned[-1 - index % len(owned)] if owned else None

    def listed(self, tenant: int) -> tuple[SeededObject, ...]:
        """Return all that a tenant owns."""
        return tuple(
            SeededObject(kind, keys)
            for kind, owned in self.by_tenant[tenant].items()
            for keys in owned
        )


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: tenants, their credentials, and how these are renewed."""

    tenants: tuple[Tenant, ...]
    credentials: list[Access]
    renew: Renew


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was made, and the exchanges that it took.

    Attributes:
        step: The step.
        exchanges: Ids of its exchanges: the readings around it are among them.
    """

    step: Step
    exchanges: range


class Driver:
    """Makes steps on a running app.

    Attributes:
        trail: Each step made so far.

    Args:
        client: Sends and records.
        catalogue: What can be asked.
        cast: Who takes part.
        belongings: What each tenant owns now.
        selector: How a tenant is selected.
        key: Mints canaries.
        scanner: Learns which canaries are planted.
        fields: Numbers the places that they are planted in.
    """

    def __init__(
        self,
        client: Client,
        catalogue: Catalogue,
        cast: Cast,
        belongings: Belongings,
        *,
        selector: Selector,
        key: CanaryKey,
        scanner: Scanner,
        fields: Fields,
        next_exchange: Callable[[], int],
    ) -> None:
        self.catalogue = catalogue
        self.cast = cast
        self.belongings = belongings
        self._client = client
        self._selector = selector
        self._key = key
        self._scanner = scanner
        self._fields = fields
        self._next_exchange = next_exchange
        self._counter = itertools.count(1)
        self.trail: list[Taken] = []

    async def make(self, step: Step) -> Exchange | Impossible:
        """Make a step, with the owner's readings around it where they tell.

        Returns:
            The exchange; or why the step cannot be made now.
        """
        first = self._next_exchange()
        outcome = await self._make(step)
        last = self._next_exchange()
        if isinstance(outcome, Exchange):
            self.trail.append(Taken(step, range(first, last)))
        return outcome

    async def _make(self, step: Step) -> Exchange | Impossible:
        operation = self.catalogue.operations.get(step.operation)
        if operation is None:
            return Impossible("the app no longer offers this operation")
        keys = self._keys(operation, step.owner, step.pick)
        if isinstance(keys, Impossible):
            return keys
        id_ = self._next_exchange()
        watched = step.role is Role.PROBE and operation.mutates
        witnesses = self._witnesses(operation, keys) if watched else []
        for witness, witness_keys in witnesses:
            await self._reread(witness, witness_keys, step, precedes=id_)
        reply = await self._send(operation, keys, step, id_=id_)
        if isinstance(reply, Impossible):
            return reply
        for witness, witness_keys in witnesses:
            await self._reread(witness, witness_keys, step, follows=id_)
        self._account(operation, keys, step, reply)
        return reply.exchange

    def _keys(
        self, operation: Operation, owner: int | None, pick: int
    ) -> Keys | Impossible:
        """Choose the object that fills the path."""
        needs = self.catalogue.resources.needs(operation)
        if not needs:
            return ()
        keys = None if owner is None else self.belongings.pick(owner, needs[-1], pick)
        return keys or Impossible(f"nothing of the kind {needs[-1]} could be made")

    async def _send(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        *,
        id_: int,
        precedes: int = 0,
        follows: int = 0,
        role: Role | None = None,
    ) -> Reply | Impossible:
        await self._freshen(step.principal.credential)
        call = self._call(operation, keys, step)
        if isinstance(call, Impossible):
            return call
        meaning = Meaning(
            operation=operation.key,
            principal=step.principal,
            role=role or step.role,
            audience=operation.audience,
            mutates=operation.mutates,
            owner=step.owner,
            precedes=precedes,
            follows=follows,
        )

        def count(answer: Answer) -> int:
            return self._count(operation, keys, answer)

        counted = count if self.catalogue.resources.lists(operation) else None
        reply = await self._client.send(call, meaning, id_=id_, count=counted)
        own = step.principal.credential
        if reply.answer.status != UNAUTHENTICATED or own is None:
            return reply
        if not step.principal.whole or operation.audience is not Audience.TENANT:
            return reply
        # The session may have expired or been ended by an earlier step.
        self.cast.credentials[own] = await self.cast.renew(own)
        renewed = self._call(operation, keys, step)
        if isinstance(renewed, Impossible):
            return reply
        again = self._next_exchange()
        return await self._client.send(renewed, meaning, id_=again, count=counted)

    async def _freshen(self, tenant: int | None) -> None:
        """Renew a credential that is about to expire."""
        if tenant is None:
            return
        expires = self.cast.credentials[tenant].expires_at
        if expires and time.time() > expires - MARGIN:
            self.cast.credentials[tenant] = await self.cast.renew(tenant)

    def _call(self, operation: Operation, keys: Keys, step: Step) -> Call | Impossible:
        """Build the request of a step."""
        selection = self._selected(step.principal)
        if selection is None:
            return Impossible("the path cannot be written without a tenant")
        pool = self.catalogue.pool[operation.key]
        case = pool[step.case % len(pool)]
        rendered = case.render(lambda slot: self._fill(operation, slot, step))
        headers = dict(selection.headers)
        headers |= {name.lower(): value for name, value in rendered.headers}
        headers |= self._credential(step.principal)
        path = self._path(operation, keys, selection, rendered.path)
        if path is None:
            return Impossible("a path parameter is of no known kind")
        return Call(
            method=operation.method,
            path=selection.prefix + path,
            query=tuple(rendered.query),
            headers=tuple(headers.items()),
            host=selection.host,
            body=rendered.body,
            content_type=rendered.content_type,
        )

    def _selected(self, principal: Principal) -> Selection | None:
        chosen = principal.selector
        return self._selector.select(
            None if chosen is None else self.cast.tenants[chosen]
        )

    def _credential(self, principal: Principal) -> Mapping[str, str]:
        if principal.credential is None:
            return {}
        return dict(self.cast.credentials[principal.credential].headers)

    def _path(
        self,
        operation: Operation,
        keys: Keys,
        selection: Selection,
        values: Mapping[str, Any],
    ) -> str | None:
        """Fill a route template: objects first, then the selector, then the case."""
        known = {
            **values,
            **self.catalogue.resources.path_values(operation, keys),
            **selection.parameters,
        }
        path = operation.path
        for name in operation.parameters:
            if known.get(name) is None:
                return None
            value = quote(str(known[name]), safe="")
            path = _filled(path, name, value)
        return path

    def _fill(self, operation: Operation, slot: Slot, step: Step) -> Any:
        """Fill one place of a request with the author's canary, or a reference."""
        if slot.kind == "reference":
            owner = step.owner
            keys = (
                None
                if owner is None
                else self.belongings.pick(owner, slot.reference, 0)
            )
            return keys[-1] if keys else slot.default
        if slot.place.startswith("query."):
            # Every canary begins so: the search finds whatever it can reach, and
            # nothing that comes back was told by the request.
            return PREFIX if slot.min_length <= len(PREFIX) else slot.default
        author = step.principal.credential
        author = STRANGER if author is None else author
        number = self._fields.number(f"{operation.key} {slot.place}")
        self._scanner.plant(author, number)
        return self._planted(slot, author, number)

    def _planted(self, slot: Slot, author: int, number: int) -> Any:
        if slot.kind == "uuid":
            first = next(self._counter) == 1
            return str(self._key.mint_uuid(author, number) if first else uuid.uuid4())
        if slot.kind == "integer":
            return self._key.mint_int(author, number)
        token = self._key.mint(author, number)
        unique = f"{token}{next(self._counter)}"
        if slot.kind == "email":
            return f"{unique}@example.com"
        if slot.kind == "url":
            return f"https://{unique}.example.com/"
        longest = slot.max_length or len(unique)
        text = unique if len(unique) <= longest else token
        return text.ljust(slot.min_length, "0")

    def _witnesses(
        self, operation: Operation, keys: Keys
    ) -> list[tuple[Operation, Keys]]:
        """Choose the owner's readings that show what an operation changed."""
        readable = []
        for other in self.catalogue.operations.values():
            if other.method != "GET" or other.skipped:
                continue
            if other.audience is not Audience.TENANT:
                continue
            needs = self.catalogue.resources.needs(other)
            if _leads_to(other.path, operation.path) and len(needs) <= len(keys):
                readable.append((other, keys[: len(needs)]))
        readable.sort(key=lambda pair: -pair[0].path.count("/"))
        return readable[:WITNESSES]

    async def _reread(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        *,
        precedes: int = 0,
        follows: int = 0,
    ) -> None:
        owner = step.owner
        own = Step(operation.key, Principal(owner, owner), owner, Role.REREAD)
        reply = await self._send(
            operation,
            keys,
            own,
            id_=self._next_exchange(),
            precedes=precedes,
            follows=follows,
        )
        gone = isinstance(reply, Reply) and reply.answer.status in {404, 410}
        needs = self.catalogue.resources.needs(operation)
        if gone and needs and owner is not None:
            self.belongings.remove(owner, needs[-1], keys)

    def _account(
        self, operation: Operation, keys: Keys, step: Step, reply: Reply
    ) -> None:
        """Keep the books: what was made, listed or deleted in its owner's name."""
        own = step.principal.credential
        if own is None or not step.principal.whole or not reply.exchange.succeeded:
            return
        resources = self.catalogue.resources
        if operation.method == "DELETE" and step.owner == own and keys:
            self.belongings.remove(own, resources.needs(operation)[-1], keys)
            return
        kind = resources.yields(operation) or resources.lists(operation)
        if kind:
            for found in self._object_keys(operation, keys, reply.answer):
                self.belongings.add(own, kind, found)

    def _object_keys(
        self, operation: Operation, keys: Keys, answer: Answer
    ) -> list[Keys]:
        try:
            body = answer.json()
        except ValueError:
            body = None
        resources = self.catalogue.resources
        return resources.object_keys(
            operation,
            resources.path_values(operation, keys),
            status=answer.status,
            headers=answer.headers,
            body=body,
        )

    def _count(self, operation: Operation, keys: Keys, answer: Answer) -> int:
        if not 200 <= answer.status < 300:
            return -1
        return len(self._object_keys(operation, keys, answer))


def _filled(path: str, name: str, value: str) -> str:
    """Put a value into a route template, whatever its converter."""
    return re.sub(rf"{{{re.escape(name)}(:[^}}]*)?}}", lambda _: value, path)


def _leads_to(reader: str, path: str) -> bool:
    """Whether a reading's path is the other's or one above it."""
    reader, path = reader.rstrip("/"), path.rstrip("/")
    return path == reader or path.startswith(f"{reader}/")
