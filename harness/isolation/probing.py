"""Which steps an operation is probed with: its owner first, then everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model.event import Audience, Channel, Egress, Exchange, Note, Unseen
from harness.model.step import Principal, Role, Step
from harness.provisioning.driver import Impossible
from harness.provisioning.seeding import as_owner

if TYPE_CHECKING:
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Stage
    from harness.target.operation import Operation

FIRST, SECOND = 0, 1
"""The tenants that are probed under every identity, each as the other's victim."""

FLOWS = frozenset({Channel.STREAM, Channel.SOCKET})
"""Channels on which a tenant may hear what others do."""

STIRS = 3
"""How many requests are made so that a listener hears of an object."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def in_order(operations: list[Operation]) -> list[Operation]:
    """Order operations so that what destroys comes last, the largest very last."""

    def rank(operation: Operation) -> tuple[int, int]:
        if operation.channel in FLOWS:
            return -1, 0  # they are to hear all the rest
        if operation.scraped is not None:
            return len(METHODS) + 1, 0  # and it is to have counted all the rest
        method = operation.method
        place = METHODS.index(method) if method in METHODS else len(METHODS)
        depth = operation.path.count("/")
        return place, -depth if method == "DELETE" else depth

    return sorted(operations, key=rank)


def strangers(attacker: int, victim: int, stage: Stage) -> list[Principal]:
    """Return every identity but the victim's own: other, mixed, halved, none."""
    other = [Principal(attacker, attacker)]
    if not stage.separable:
        return [*other, Principal(None, None)]
    mixed = [Principal(attacker, victim)]
    if stage.doors:
        mixed.append(Principal(attacker, victim, door=victim))
    halves = [Principal(None, victim), Principal(attacker, None)]
    return [*other, *mixed, *halves, Principal(None, None)]


def pairs(tenants: int) -> Iterator[tuple[int, int]]:
    """Yield attacker and victim: two tenants both ways, each further one once."""
    yield SECOND, FIRST
    yield FIRST, SECOND
    for further in range(2, tenants):
        yield further, FIRST


class Prober:
    """Probes one operation after the other on a running app.

    Args:
        driver: Makes the steps.
        stage: Whose app runs; its recorder learns what could not be done.
    """

    def __init__(self, driver: Driver, stage: Stage) -> None:
        self._driver = driver
        self._stage = stage
        self._recorder = stage.recorder
        self._tenants = len(driver.cast.tenants)

    async def probe(self, operation: Operation) -> bool:
        """Make an operation as its owners, and then as everybody else.

        Returns:
            Whether each owner succeeded.
        """
        if operation.audience is Audience.TENANT:
            return await self._tenants_operation(operation)
        if operation.audience is Audience.OPERATOR:
            await self._operators_operation(operation)
            return True
        return await self._open_operation(operation)

    async def revisit(self) -> None:
        """Have each owner do once more what sends something out, or streams an answer.

        What others changed since it was first done shows in a prompt, or at a webhook.
        """
        telling = self._telling()
        known = self._driver.catalogue.operations.values()
        for operation in in_order([one for one in known if one.key in telling]):
            for tenant in range(self._tenants):
                await as_owner(self._driver, operation, tenant, role=Role.CONTROL)

    def _telling(self) -> set[str]:
        """Return the operations of tenants that were seen to send out, or to stream."""
        events = self._recorder.since()
        sent = {one.exchange for one in events if isinstance(one, Egress)}
        return {
            one.operation
            for one in events
            if isinstance(one, Exchange)
            and one.audience is Audience.TENANT
            and one.role is Role.CONTROL
            and not one.operation.startswith("DELETE ")
            and not one.endless
            and (one.id in sent or one.through is Channel.STREAM)
        }

    async def _tenants_operation(self, operation: Operation) -> bool:
        worked: dict[int, list[int]] = {}
        for tenant in range(self._tenants):
            if operation.mutates:
                await self._provide(operation, tenant, anew=True)
            worked[tenant] = await self._control(operation, tenant)
        before = len(self._driver.admitted)
        for attacker, victim in pairs(self._tenants):
            for case in worked[victim]:
                await self._attack(operation, attacker, victim, case)
        await self._read_after_others(operation, worked)
        if operation.mutates:
            await self._choose(operation, worked)
        for step in self._driver.admitted[before:]:
            await self._stir(operation, step)
        return all(worked.values())

    async def _choose(self, operation: Operation, worked: dict[int, list[int]]) -> None:
        """Have owners send each value of closed sets: some may tell others of it."""
        choices = self._driver.catalogue.choices(operation.key)
        accepted: set[str] = set()
        for tenant in (FIRST, SECOND):
            for case in worked.get(tenant, [])[:1] if choices else []:
                await self._provide(operation, tenant, anew=True)
                whole = Principal(tenant, tenant)
                usual = Step(operation.key, whole, tenant, Role.CONTROL, case)
                for choice in choices:
                    made = await self._driver.make(replace(usual, chosen=choice.name))
                    if isinstance(made, Exchange) and made.succeeded:
                        accepted.add(choice.name)
                # An object that was closed or hidden meanwhile is left alone.
                await self._provide(operation, tenant, anew=True)
                if self._driver.catalogue.resources.yields(operation):
                    await self._driver.make(usual)
        refused = [one.name for one in choices if one.name not in accepted]
        if refused and any(worked.values()):
            text = f"Never accepted by {operation.key}: {', '.join(refused)}"
            self._recorder.add(Note("note", text))

    async def _stir(self, operation: Operation, step: Step) -> None:
        """Have an owner do what somebody who listens to its object would hear."""
        if step.owner is None:
            return
        if operation.socket is not None and operation.mutates:
            own = Principal(step.owner, step.owner)
            again = replace(step, principal=own, role=Role.CONTROL)
            await self._driver.make(again)
            return
        resources = self._driver.catalogue.resources
        needs = resources.needs(operation)
        changing = [
            one
            for one in self._driver.catalogue.operations.values()
            if one.mutates
            and one.method != "DELETE"
            and not one.skipped
            and one.audience is Audience.TENANT
            and needs
            and needs[-1] in resources.needs(one)
        ]
        for one in changing[:STIRS]:
            await as_owner(self._driver, one, step.owner, role=Role.CONTROL)

    async def _control(self, operation: Operation, tenant: int) -> list[int]:
        """Make an operation as its owner; return the request variants that worked.

        Readings are made with their optional parameters and without: a search may
        hide what the bare list shows, and the other way round.
        """
        pool = self._driver.catalogue.pool[operation.key]
        readings = range(min(2, len(pool))) if not operation.mutates else (0,)
        worked: list[int] = []
        for first in readings:
            step, exchange = await as_owner(
                self._driver, operation, tenant, role=Role.CONTROL, first=first
            )
            if exchange is None:
                await self._explain(operation, step)
                break
            if exchange.succeeded:
                worked.append(step.case)
                await self._differ(operation, step)
        if not operation.mutates and worked:
            await self._read_common(operation, tenant)
        return list(dict.fromkeys(worked))

    async def _read_after_others(
        self, operation: Operation, worked: dict[int, list[int]]
    ) -> None:
        """Read once more as owners: what the last to ask left behind shows now."""
        resources = self._driver.catalogue.resources
        kept_open = operation.channel in {Channel.STREAM, Channel.SOCKET}
        if operation.mutates or kept_open or resources.needs(operation):
            return  # tried above, with all that others did in between
        for tenant in (FIRST, SECOND):
            for case in worked.get(tenant, [])[:1]:
                whole = Principal(tenant, tenant)
                await self._driver.make(
                    Step(operation.key, whole, tenant, Role.CONTROL, case)
                )

    async def _read_common(self, operation: Operation, tenant: int) -> None:
        """Read what is called the same in every tenant: each sees its own."""
        again = len(self._driver.catalogue.pool[operation.key])
        whole = Principal(tenant, tenant)
        step = Step(operation.key, whole, tenant, Role.CONTROL, again, pick=-1)
        await self._driver.make(step)

    async def _differ(self, operation: Operation, step: Step) -> None:
        """Leave another state than a probe writes, where no canary would show it.

        A flag that is on already cannot be seen to be switched on.
        """
        if not operation.mutates or not self._leaves_no_canary(operation, step.case):
            return
        pool = self._driver.catalogue.pool[operation.key]
        for case in range(len(pool)):
            if case != step.case:
                await self._driver.make(replace(step, case=case))

    def _leaves_no_canary(self, operation: Operation, case: int) -> bool:
        """Whether a request writes nothing that would name its author."""
        pool = self._driver.catalogue.pool[operation.key]
        slots = pool[case % len(pool)].slots() if pool else ()
        return all(slot.kind == "reference" for slot in slots)

    async def _attack(
        self, operation: Operation, attacker: int, victim: int, case: int
    ) -> None:
        needs = self._driver.catalogue.resources.needs(operation)
        # What only marks an object (a star, an archive) shows on an unmarked one.
        anew = self._leaves_no_canary(operation, case)
        for principal in strangers(attacker, victim, self._stage):
            if principal.whole and not needs and not operation.mutates:
                continue  # nothing of the victim's is named: the control again
            if attacker > SECOND and not principal.whole:
                continue
            if operation.mutates:
                await self._provide(operation, victim, anew=anew)
            step = Step(operation.key, principal, victim, Role.PROBE, case)
            await self._driver.make(step)
        other = Principal(attacker, attacker)
        for above in range(1, len(self._driver.catalogue.resources.chain(operation))):
            # An app may look at whose the parent is, and take any child's key.
            if operation.mutates:
                await self._provide(operation, victim, anew=anew)
            step = Step(operation.key, other, victim, Role.PROBE, case, above=above)
            await self._driver.make(step)

    async def _provide(self, operation: Operation, tenant: int, *, anew: bool) -> None:
        """See to it that a tenant has an object that may be lost."""
        resources = self._driver.catalogue.resources
        needs = resources.needs(operation)
        creator = resources.creator(needs[-1]) if needs else None
        if creator is None or creator.audience is not Audience.TENANT:
            return
        if anew or self._driver.belongings.pick(tenant, needs[-1], 0) is None:
            await as_owner(self._driver, creator, tenant, role=Role.CONTROL)

    async def _open_operation(self, operation: Operation) -> bool:
        """Make a public or shared operation as tenants and as nobody."""
        done = (
            event.operation == operation.key and event.succeeded
            for event in self._recorder.since()
            if isinstance(event, Exchange)
        )
        if operation.mutates:
            # Signing up and logging in again would only make more of the same.
            if not any(done):
                await as_owner(self._driver, operation, FIRST, role=Role.CONTROL)
            return True
        for tenant in range(self._tenants):
            await as_owner(self._driver, operation, tenant, role=Role.CONTROL)
        for selector in (FIRST, SECOND, None):
            principal = Principal(None, selector)
            await self._driver.make(
                Step(operation.key, principal, selector, Role.PROBE)
            )
        return True

    async def _operators_operation(self, operation: Operation) -> None:
        """Read as a tenant, and as nobody, what is meant for the operator.

        A page of metrics is read as the operator, around what a tenant does.
        """
        if operation.scraped is not None:
            for tenant in range(self._tenants):
                whole = Principal(tenant, tenant)
                step = Step(operation.key, whole, tenant, Role.CONTROL)
                await self._driver.make(step)
            return
        if operation.mutates:
            return
        for principal in (
            Principal(FIRST, FIRST),
            Principal(SECOND, SECOND),
            Principal(None, None),
        ):
            owner = principal.credential
            await self._driver.make(Step(operation.key, principal, owner, Role.PROBE))

    async def _explain(self, operation: Operation, step: Step) -> None:
        outcome = await self._driver.make(step)
        if isinstance(outcome, Impossible):
            self._recorder.add(Unseen("unseen", operation.key, outcome.reason))
