"""Belongings: which objects each tenant owns, and the keys that lead to them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from harness.model.world import SeededObject

Keys = tuple[str, ...]


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
