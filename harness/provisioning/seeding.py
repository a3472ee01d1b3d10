"""Seeding: gives each tenant objects of each kind, full of its canaries."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from harness.model.event import Audience, Exchange
from harness.model.step import Principal, Role, Step
from harness.provisioning.composing import natural

if TYPE_CHECKING:
    from harness.provisioning.driver import Driver
    from harness.target.operation import Operation

OBJECTS = 2
"""How many of each kind a tenant gets."""
UNACCEPTABLE = frozenset({400, 422})
"""Answers to a request whose values the app does not like."""


async def seed(
    driver: Driver, *, tenants: int, among: Container[str] | None = None
) -> None:
    """Create objects of each kind for the first tenants, parents first.

    All get the same in the same order, so that where ids are counted per tenant, the
    same ids exist in each.

    Args:
        driver: Makes the steps.
        tenants: How many tenants get objects.
        among: Keys of the operations to make; None for all.
    """

    def chosen(operations: Iterable[Operation]) -> list[Operation]:
        return [one for one in operations if among is None or one.key in among]

    owners = range(tenants)
    if not owners:
        return  # Finding out what there is to make draws requests, which takes seconds.
    for operation in chosen(creators(driver)):
        await _in_common(driver, operation, owners)
        for _ in range(OBJECTS):
            for tenant in owners:
                await as_owner(driver, operation, tenant, role=Role.SEED)
    for operation in takers(driver, among):
        await _in_common(driver, operation, owners)
        for tenant in owners:
            await as_owner(driver, operation, tenant, role=Role.SEED)
    for operation in chosen((*settings(driver), *listers(driver))):
        for tenant in owners:
            await as_owner(driver, operation, tenant, role=Role.SEED)


def naming_addresses(driver: Driver) -> frozenset[str]:
    """Return the keys of operations that name the address of something to call.

    Those are among them which need, or name, an object whose making does.
    """
    resources, pool = driver.catalogue.resources, driver.catalogue.pool
    known = [one for one in driver.catalogue.operations.values() if not one.skipped]
    direct = {one.key for one in known if driver.carries_address(one)}
    kinds = {resources.yields(one) for one in known if one.key in direct} - {""}

    def reaches(operation: Operation) -> bool:
        slots = (slot for case in pool[operation.key] for slot in case.slots())
        named = {*resources.needs(operation), *(slot.reference for slot in slots)}
        return not kinds.isdisjoint(named)

    return frozenset(direct | {one.key for one in known if reaches(one)})


async def _in_common(driver: Driver, operation: Operation, owners: range) -> None:
    """Give each tenant an object that is called the same; some apps refuse that."""
    again = len(driver.catalogue.pool[operation.key])
    for tenant in owners:
        whole = Principal(tenant, tenant)
        step = Step(operation.key, whole, tenant, Role.SEED, again)
        await driver.make(step)


def creators(driver: Driver) -> list[Operation]:
    """Return the operations that create objects, outermost collections first."""
    resources = driver.catalogue.resources
    found = [
        operation
        for operation in driver.catalogue.operations.values()
        if not operation.skipped
        and operation.audience is Audience.TENANT
        and resources.yields(operation)
    ]
    return sorted(found, key=lambda operation: len(resources.needs(operation)))


def takers(driver: Driver, among: Container[str] | None = None) -> list[Operation]:
    """Return the operations that take data in under a name, but list no objects."""
    known = {one.key for one in (*creators(driver), *settings(driver))}
    return [
        operation
        for operation in driver.catalogue.operations.values()
        if operation.key not in known
        and (among is None or operation.key in among)
        and not operation.skipped
        and operation.audience is Audience.TENANT
        and operation.method in {"POST", "PUT"}
        and not driver.catalogue.resources.needs(operation)
        and _named_text(driver, operation)
    ]


def _named_text(driver: Driver, operation: Operation) -> bool:
    """Whether a request holds a name and some other text beside it."""
    pool = driver.catalogue.pool[operation.key]
    texts = [slot for slot in pool[0].slots() if slot.kind == "text"] if pool else []
    return len(texts) > 1 and any(natural(slot) for slot in texts)


def settings(driver: Driver) -> list[Operation]:
    """Return the operations that write what a tenant has just one of."""
    readable = {
        operation.path
        for operation in driver.catalogue.operations.values()
        if operation.method == "GET"
    }
    return [
        operation
        for operation in driver.catalogue.operations.values()
        if not operation.skipped
        and operation.audience is Audience.TENANT
        and operation.method in {"PUT", "PATCH", "POST"}
        and operation.path in readable
        and not driver.catalogue.resources.needs(operation)
        and not driver.catalogue.resources.yields(operation)
    ]


def listers(driver: Driver) -> list[Operation]:
    """Return the operations that list objects which nothing creates."""
    resources = driver.catalogue.resources
    return [
        operation
        for operation in driver.catalogue.operations.values()
        if not operation.skipped
        and operation.audience is Audience.TENANT
        and resources.lists(operation)
    ]


async def as_owner(
    driver: Driver, operation: Operation, tenant: int, *, role: Role, first: int = 0
) -> tuple[Step, Exchange | None]:
    """Make an operation as the owner, trying request variants until one works.

    Args:
        driver: Makes the steps.
        operation: What to make.
        tenant: The owner.
        role: SEED or CONTROL.
        first: Which variant to begin with.

    Returns:
        The last step made, and its exchange; None if it could not be made at all.
    """
    step, made = await _through_variants(driver, operation, tenant, role, first)
    while (
        made is not None
        and made.status in UNACCEPTABLE
        and driver.readdressed(operation)
    ):
        step, made = await _through_variants(driver, operation, tenant, role, first)
    return step, made


async def _through_variants(
    driver: Driver, operation: Operation, tenant: int, role: Role, first: int
) -> tuple[Step, Exchange | None]:
    pool = driver.catalogue.pool[operation.key]
    whole = Principal(tenant, tenant)
    step = Step(operation.key, whole, tenant, role, first)
    made: Exchange | None = None
    for number in range(max(1, len(pool))):
        case = (first + number) % max(1, len(pool))
        step = Step(operation.key, whole, tenant, role, case)
        outcome = await driver.make(step)
        if not isinstance(outcome, Exchange):
            return step, made
        made = outcome
        if outcome.succeeded or outcome.status not in {*UNACCEPTABLE, 409, 415, 500}:
            break
    return step, made
