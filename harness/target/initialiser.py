"""What a target says of the functions that initialise a tenant's resources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialiser:
    """A function of the app that makes one tenant's resource ready.

    It may be a function, a method, a coroutine function, or return a context manager
    or something awaitable. It is watched from outside; the app stays as it is.

    Attributes:
        function: ``"package.module:Class.method"``.
        tenant: Which of its arguments tells the tenant, and how to get at a text in
            there that names it: ``"tenant.slug"``, ``"self.tenant.id"``, ``"domain"``.
            The text is compared with the tenant's slug, name, domain and facts.
        closed_by: The function that closes the resource again, if calling or leaving
            the initialiser does not: ``"package.module:Class.close"``. Where a context
            manager is returned, leaving it is the end.
        closed_tenant: As `tenant`, for `closed_by`; the same by default.
        awaited: Whether a request of the tenant has to wait until it is through.
        again: Whether it may run for a tenant whose resource it has made ready before,
            and which is still open: what it does twice harms nobody.
        exclusive: Whether it must not begin for a tenant before what it had made is
            closed, as where closing writes down what opening reads. Else the next may
            be made while the one before it is being closed.
        suspends: Whether each call certainly waits for something outside, before it is
            through, which no tap knows. Its beginning is then a point at which a
            schedule may let others go first. Without effect if it is not awaited.
    """

    function: str
    tenant: str
    closed_by: str = ""
    closed_tenant: str = ""
    awaited: bool = True
    again: bool = False
    exclusive: bool = False
    suspends: bool = False
