"""A world: a provisioned target, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.model.history import Field
from harness.model.prepared import Address, Entry, Prepared
from harness.model.tenant import Tenant


@dataclass(frozen=True, slots=True)
class SeededObject:
    """An object that a tenant owns.

    Attributes:
        kind: Collection it is in, as a path with nameless parameters,
            ``"/projects/{}/tasks"``.
        keys: Values of the path parameters that lead to it, outermost first.
    """

    kind: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What goes onto a request to make it a tenant's.

    Attributes:
        headers: Lower-case name and value.
        expires_at: Unix time at which it stops working; 0 for never.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """A provisioned target. Written to ``world.json`` with mode 0600.

    Attributes:
        url: Where the app answers; "" when it runs in this process.
        key: The canary key, in hex; a secret of the run.
        tenants: In the order of their index.
        credentials: Per tenant, in the same order.
        objects: Per tenant, what it owns, oldest first.
        fields: What each field number of a canary stands for.
        addresses: Per tenant, what selects it.
        requests: What any of the tenants can ask; empty unless it was prepared.
        entry: How a user logs in again; None where only the target knows.
        deferred: Keys of operations that name addresses of a run, as webhooks do, and
            that nobody has made yet.
    """

    url: str
    key: str = field(repr=False)
    tenants: tuple[Tenant, ...]
    credentials: tuple[Access, ...]
    objects: tuple[tuple[SeededObject, ...], ...]
    fields: Mapping[int, Field]
    addresses: tuple[Address, ...] = ()
    requests: tuple[Prepared, ...] = ()
    entry: Entry | None = None
    deferred: tuple[str, ...] = ()
