"""A tenant: a customer of the app under test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST_NOBODY = 2**17 - 64
"""From this index on, canaries belong to no tenant: to strangers and beacons."""

STRANGER = 2**17 - 60
"""Owner of what requests without a credential write."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer, and the one user who acts for it.

    Slug, name, e-mail, password and provider key each carry a canary of this tenant.

    Attributes:
        index: Position in the world, from 0; canaries carry it.
        slug: 17 lower-case letters.
        name: Display name; a hostile tenant's holds quotes and commas.
        domain: Host name under which the tenant is reached.
        email: Of the tenant's user.
        password: Of the tenant's user.
        provider_key: For the model provider, ``sk-ant-…``; the run's own provider
            knows whose it is.
        facts: What provisioning learnt, such as an id or an API key.
        knows: (owner, field) of other tenants' canaries that were put into
            this tenant's own fields, so that seeing them again proves nothing.
    """

    index: int
    slug: str
    name: str
    domain: str
    email: str
    password: str = field(repr=False)
    provider_key: str = field(default="", repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    knows: frozenset[tuple[int, int]] = frozenset()

    @property
    def alias(self) -> str:
        """Short name for people: A, B, … Z, T26, T27, …"""
        return alias(self.index)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What an error or a report must not show."""
        return tuple(filter(None, (self.password, self.provider_key)))

    def fill(self, template: str) -> str:
        """Replace ``{slug}``, ``{name}``, … and ``{<fact>}`` in a template.

        Raises:
            KeyError: The template names something this tenant has not.
        """
        values = {
            "index": str(self.index),
            "slug": self.slug,
            "name": self.name,
            "domain": self.domain,
            "email": self.email,
            "password": self.password,
            "provider_key": self.provider_key,
            **self.facts,
        }
        return template.format_map(values)


def alias(index: int | None) -> str:
    """Return the short name that people read for a tenant's index."""
    if index is None:
        return "nobody"
    if index >= FIRST_NOBODY:
        return "a stranger"
    return chr(ord("A") + index) if index < 26 else f"T{index}"
