"""What a tenant is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Status = Literal["active", "suspended"]


@dataclass(frozen=True, slots=True)
class NewPlace:
    """Where the rows of a tenant shall be; None where that is not its own."""

    schema: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of this service. Holds no secret, so it may be logged.

    Attributes:
        revision: Grows with each change for which what is open for the tenant, in
            whatever process, must be opened anew.
    """

    id: UUID
    slug: str
    name: str
    status: Status
    schema_name: str | None
    role_name: str | None
    revision: int = 0

    @property
    def own_schema(self) -> str:
        """Return its schema; a tenant of another storage has none.

        Raises:
            LookupError: It was onboarded under a storage without schemas.
        """
        if self.schema_name is None:
            raise LookupError("the tenant was onboarded without a schema")
        return self.schema_name

    @property
    def own_role(self) -> str:
        """Return its role; a tenant of another storage has none.

        Raises:
            LookupError: It was onboarded under a storage without roles.
        """
        if self.role_name is None:
            raise LookupError("the tenant was onboarded without a role")
        return self.role_name
