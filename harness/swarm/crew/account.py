"""An account: what a worker knows of one tenant."""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from harness.model.canary import CanaryKey
    from harness.model.prepared import Address, Prepared
    from harness.model.tenant import Tenant
    from harness.model.world import Access, SeededObject
    from harness.swarm.crew.form import Keys

ENOUGH: Final = 8
"""Objects of a kind that a worker lets a tenant have before it deletes some."""
_MOST: Final = 200


@final
class Account:
    """One tenant, with its credential and its objects.

    Attributes:
        tenant: The tenant.
        address: What selects it.
        access: What authenticates its user now.
        door: Index of the tenant at whose door its user logs in, if not its own.
        tried: Whether it was logged in there, or turned away.

    Args:
        tenant: The tenant.
        address: What selects it.
        access: What authenticated its user when the world was made.
        objects: What it owned then; nobody deletes those.
        key: Mints its canaries.
        door: At whose door its user logs in, if not its own.
    """

    def __init__(
        self,
        tenant: Tenant,
        address: Address,
        access: Access,
        objects: tuple[SeededObject, ...],
        *,
        key: CanaryKey,
        door: int | None = None,
    ) -> None:
        self.tenant = tenant
        self.address = address
        self.access = access
        self.door = door
        self.tried = False
        self._key = key
        self._seeded: dict[str, list[Keys]] = defaultdict(list)
        for one in objects:
            self._seeded[one.kind].append(one.keys)
        self._made: dict[str, deque[Keys]] = defaultdict(lambda: deque(maxlen=_MOST))
        self._used: Counter[Keys] = Counter()
        self._tokens: dict[int, str] = {}

    def selecting(self) -> dict[str, str]:
        """Return the headers that select the tenant."""
        return {"host": self.address.host, **dict(self.address.headers)}

    def identifying(self) -> dict[str, str]:
        """Return the headers that authenticate its user."""
        return dict(self.access.headers)

    def bare_token(self) -> str:
        """Return what authenticates its user, without a scheme before it."""
        values = [value for _, value in self.access.headers]
        return values[0].rpartition(" ")[2] if values else ""

    def token(self, field: int) -> str:
        """Return the tenant's canary of a field."""
        token = self._tokens.get(field)
        if token is None:
            token = self._tokens[field] = self._key.mint(self.tenant.index, field)
        return token

    def integer(self, field: int) -> str:
        """Return the tenant's canary of a field that is a number."""
        return str(self._key.mint_int(self.tenant.index, field))

    def can(self, prepared: Prepared) -> bool:
        """Whether the tenant has the object that a request needs."""
        if prepared.deletes:
            return any(not self._used[keys] for keys in self._made[prepared.needs])
        kind = prepared.needs
        return not kind or bool(self._seeded[kind] or self._made[kind])

    def crowded(self, kind: str) -> bool:
        """Whether this worker has made enough objects of a kind."""
        return len(self._made[kind]) > ENOUGH

    def take(self, prepared: Prepared) -> Keys:
        """Return the keys of an object for a request; `give_back` ends its use.

        A deletion gets one that this worker made and that no other request of this
        moment names, and nobody is given it afterwards.
        """
        kind = prepared.needs
        if not kind:
            return ()
        made = self._made[kind]
        if prepared.deletes:
            keys = next(one for one in made if not self._used[one])
            made.remove(keys)
            return keys
        seeded = self._seeded[kind]
        number = random.randrange(len(seeded) + len(made))
        keys = seeded[number] if number < len(seeded) else made[number - len(seeded)]
        self._used[keys] += 1
        return keys

    def give_back(self, prepared: Prepared, keys: Keys) -> None:
        """Note that a request is over."""
        if keys and not prepared.deletes:
            self._used[keys] -= 1
            if not self._used[keys]:
                del self._used[keys]

    def example(self, kind: str) -> Keys:
        """Return the keys of an object that nobody deletes; empty if there is none."""
        seeded = self._seeded[kind]
        return random.choice(seeded) if seeded else ()

    def made(self, kind: str, keys: Keys) -> None:
        """Note an object that a request made."""
        if keys not in self._made[kind]:
            self._made[kind].append(keys)

    def reference(self, kind: str) -> str:
        """Return the last key of an object that nobody deletes; "" if there is none."""
        seeded = self._seeded[kind]
        return seeded[-1][-1] if seeded else ""
