"""What was asked: a request, in whose name, and of whose objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model.step import Principal

if TYPE_CHECKING:
    from harness.model.prepared import Prepared
    from harness.swarm.crew.account import Account
    from harness.swarm.crew.form import Form, Written


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, in whose name, and of whose objects.

    Attributes:
        form: What it was written from.
        written: The request.
        by: The tenant whose credential it carries, and who gets the answer.
        at: The tenant that it selects.
        owner: Index of the tenant whose object it names.
        due: When it was due, on the monotonic clock.
    """

    form: Form
    written: Written
    by: Account
    at: Account
    owner: int
    due: float

    @property
    def prepared(self) -> Prepared:
        """What was prepared of it."""
        return self.form.prepared

    @property
    def stray(self) -> bool:
        """Whether it is for something that is not its sender's."""
        own = self.by.tenant.index
        return self.at is not self.by or self.owner != own

    @property
    def principal(self) -> Principal:
        """In whose name it was made."""
        own = self.by.tenant.index
        # Where nothing but the credential selects a tenant, that one was selected.
        apart = self.at.address != self.by.address
        return Principal(own, self.at.tenant.index if apart else own, self.by.door)

    def headers(self) -> dict[str, str]:
        """Return all headers."""
        return {**self.written.headers, **self.at.selecting(), **self.by.identifying()}
