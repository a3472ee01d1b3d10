"""Guests: users who log in at another tenant's door, where nobody should know them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

from harness.model.world import Access
from harness.swarm.crew.account import Account

if TYPE_CHECKING:
    from harness.model.canary import CanaryKey
    from harness.swarm.crew.form import Form, Written


@final
class Guests:
    """Whoever was tried at another's door; nobody is tried at one twice.

    Args:
        key: Mints canaries.
    """

    def __init__(self, key: CanaryKey) -> None:
        self._key = key
        self._known: dict[tuple[int, int], Account] = {}

    def of(self, person: Account, host: Account) -> Account | None:
        """Return a tenant's user as whom another's door makes of it.

        Its access is empty until it was let in.

        Args:
            person: Whose user it is.
            host: At whose door.

        Returns:
            None where that cannot be tried: there is one door for all, or the other
            tenant has the same user.
        """
        tenant, door = person.tenant, host.tenant
        one_door = person.address == host.address
        if one_door or tenant.email == door.email:
            return None
        pair = (tenant.index, door.index)
        if pair not in self._known:
            self._known[pair] = Account(
                *(tenant, person.address, Access(), ()), key=self._key, door=door.index
            )
        return self._known[pair]

    def login(self, entry: Form, guest: Account, host: Account) -> Written:
        """Return the request that asks to let a guest in."""
        person = guest.tenant
        # All but the person is the host's, as in a form on its own page.
        mixed = replace(host.tenant, email=person.email, password=person.password)
        account = Account(mixed, host.address, Access(), (), key=self._key)
        return entry.write(account, (), "")
