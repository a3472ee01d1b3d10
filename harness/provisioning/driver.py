"""The driver: makes steps on the running app, and keeps what each tenant owns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.model.event import Audience, Exchange
from harness.model.step import Principal, Role, Step
from harness.model.world import Access
from harness.provisioning.accounting import Accounts
from harness.provisioning.client import Call, Client, Meaning, Reply
from harness.provisioning.composing import NOTHING, Composed, Composer, Impossible
from harness.provisioning.entering import Entrance
from harness.provisioning.ripening import ACCEPTED, PAUSES, Ripening
from harness.provisioning.scraping import REQUESTS, Scraper
from harness.provisioning.speaking import spoken
from harness.provisioning.witnesses import readings_of

if TYPE_CHECKING:
    from harness.model.canary import CanaryKey
    from harness.model.tenant import Tenant
    from harness.provisioning.addresses import Addresses
    from harness.provisioning.belongings import Belongings, Keys
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.fields import Fields
    from harness.provisioning.habits import Habits
    from harness.recording.recorder import Recorder
    from harness.target.operation import Operation
    from harness.target.selector import Selector
    from harness.target.tools import Answer

__all__ = ["Cast", "Driver", "Impossible", "Taken"]

Renew = Callable[[int], Awaitable[Access]]
Borrow = Callable[[int, int], Awaitable[Access]]
Starve = Callable[[int], AbstractContextManager[None]]
UNAUTHENTICATED = 401


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, and how they come by what authenticates them.

    Attributes:
        tenants: In the order of their index.
        credentials: Per tenant, as they are now.
        renew: Logs a tenant's user in again.
        borrow: Logs a tenant's user in at another tenant's door.
    """

    tenants: tuple[Tenant, ...]
    credentials: list[Access]
    renew: Renew
    borrow: Borrow


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was made, and the exchanges that it took.

    Attributes:
        step: The step.
        exchanges: Ids of its exchanges: the readings around it are among them.
    """

    step: Step
    exchanges: range


class Driver:
    """Makes steps on a running app.

    Attributes:
        trail: Each step made so far.
        admitted: Those by which somebody listens to what is another's.

    Args:
        client: Sends and records.
        catalogue: What can be asked.
        cast: Who takes part.
        belongings: What each tenant owns now.
        selector: How a tenant is selected.
        key: Mints canaries.
        recorder: Numbers exchanges, and learns what could not be done.
        fields: Numbers the places that canaries are planted in.
        addresses: Writes the URLs that requests carry.
        habits: What is known of how the app's operations behave.
        starve: Uses up a tenant's key at the model provider for a block.
    """

    def __init__(
        self,
        client: Client,
        catalogue: Catalogue,
        cast: Cast,
        belongings: Belongings,
        *,
        selector: Selector,
        key: CanaryKey,
        recorder: Recorder,
        fields: Fields,
        addresses: Addresses,
        habits: Habits,
        starve: Starve,
    ) -> None:
        self.catalogue = catalogue
        self.cast = cast
        self.belongings = belongings
        self.trail: list[Taken] = []
        self.admitted: list[Step] = []
        self._client = client
        self._recorder = recorder
        self._habits = habits
        self._starve = starve
        self._ripening = Ripening(habits)
        pages = [
            one for one in catalogue.operations.values() if one.scraped is not None
        ]
        self._scraper = Scraper(client, recorder, pages[0]) if pages else None
        # What was planted before and what is planted now must not coincide.
        grown = any(belongings.listed(tenant.index) for tenant in cast.tenants)
        self._composer = Composer(
            catalogue,
            cast.tenants,
            cast.credentials,
            belongings,
            selector=selector,
            key=key,
            scanner=recorder.scanner,
            fields=fields,
            addresses=addresses,
            mark="0" if grown else "",
        )
        self._addresses = addresses
        self._entrance = Entrance(cast, recorder)
        resources = catalogue.resources
        self._accounts = Accounts(resources, belongings, self._ripening)
        self._refusing: set[str] = set()

    async def make(self, step: Step) -> Exchange | Impossible:
        """Make a step, with the owner's readings around it where they tell.

        Returns:
            The exchange; or why the step cannot be made now.
        """
        first = self._recorder.next_exchange()
        starved = step.starved
        with nullcontext() if starved is None else self._starve(starved):
            outcome = await self._make(step)
        last = self._recorder.next_exchange()
        if isinstance(outcome, Exchange):
            self.trail.append(Taken(step, range(first, last)))
            if outcome.endless and outcome.succeeded and step.role is Role.PROBE:
                self.admitted.append(step)
        return outcome

    def written(self, step: Step) -> tuple[Call, Meaning] | None:
        """Return the request of a step that needs no object; None if it cannot be."""
        operation = self.catalogue.operations[step.operation]
        own = step.principal.credential
        access = NOTHING if own is None else self.cast.credentials[own]
        composed = self._composer.compose(operation, (), step, access=access)
        if isinstance(composed, Impossible):
            return None
        meaning = Meaning(
            operation=operation.key,
            principal=step.principal,
            role=step.role,
            audience=operation.audience,
            mutates=operation.mutates,
            owner=step.owner,
        )
        return composed.call, meaning

    async def once(self, step: Step, *, id_: int) -> Reply | Impossible:
        """Make a step's request alone: nothing is read around it, or tried again.

        Args:
            step: Of an operation that the app offers.
            id_: Id of the exchange.
        """
        operation = self.catalogue.operations.get(step.operation)
        if operation is None:
            return Impossible("the app no longer offers this operation")
        keys = self._keys(operation, step)
        if isinstance(keys, Impossible):
            return keys
        made = await self._attempt(operation, keys, step, id_=id_, alone=True)
        if isinstance(made, Impossible):
            return made
        values = made.composed.values
        self._accounts.account(operation, keys, step, values, made.reply)
        return made.reply

    def readdressed(self, operation: Operation) -> bool:
        """Whether a refused operation carries an address, and another sort is left."""
        carries = self.carries_address(operation)
        return carries and self._addresses.refused(operation.key)

    def carries_address(self, operation: Operation) -> bool:
        """Whether requests of an operation hold the address of something to call."""
        pool = self.catalogue.pool[operation.key]
        return any(slot.kind == "url" for case in pool for slot in case.slots())

    async def attempt(self, step: Step) -> Exchange | Impossible:
        """Make a step that is part of the app's start rather than of the trail."""
        return await self._make(step)

    async def _make(self, step: Step) -> Exchange | Impossible:
        operation = self.catalogue.operations.get(step.operation)
        if operation is None:
            return Impossible("the app no longer offers this operation")
        if operation.scraped is not None:
            return await self._compare(step)
        keys = self._keys(operation, step)
        if isinstance(keys, Impossible):
            return keys
        made = await self._patiently(operation, keys, step)
        if isinstance(made, Impossible):
            return made
        self._remember(operation, keys, step, made.reply.exchange)
        born = self._accounts.account(
            operation, keys, step, made.composed.values, made.reply
        )
        if born and made.reply.answer.status == ACCEPTED:
            await self._see_ripen(step, born)
        return made.reply.exchange

    def _remember(
        self, operation: Operation, keys: Keys, step: Step, exchange: Exchange
    ) -> None:
        """Remember a reading that works for an owner, and needs nothing."""
        plain = operation.method == "GET" and not keys and step.principal.whole
        for_tenants = operation.audience is Audience.TENANT
        if plain and for_tenants and exchange.succeeded and not exchange.endless:
            self._habits.read_plainly(operation.key)

    async def _patiently(
        self, operation: Operation, keys: Keys, step: Step
    ) -> _Made | Impossible:
        """Attempt a step; again where a new object's part may not be there yet."""
        made = await self._insist(operation, keys, step)
        needs = self.catalogue.resources.needs(operation)
        own = step.owner is not None and step.principal == Principal(
            step.owner, step.owner
        )
        if not own or not needs or operation.method != "GET":
            return made
        clock, (pause, growth, longest) = time.monotonic, PAUSES
        began, waited = clock(), False
        while isinstance(made, _Made):
            status = made.reply.answer.status
            patience = self._ripening.patience(
                operation.key, step.owner or 0, needs[-1], keys, status=status
            )
            if clock() - began >= patience:
                if waited and patience:
                    self._ripening.in_vain(operation.key)
                break
            await asyncio.sleep(pause)
            pause, waited = min(longest, pause * growth), True
            made = await self._insist(operation, keys, step)
        return made

    async def _see_ripen(self, step: Step, born: Keys) -> None:
        """Wait for what is below an object whose making was only begun."""
        made = self.catalogue.operations[step.operation]
        kind, item = (
            self.catalogue.resources.yields(made),
            self.catalogue.resources.item,
        )
        for reading in self.catalogue.operations.values():
            needs = self.catalogue.resources.needs(reading)
            below = bool(needs) and needs[-1] == kind and not item(reading)
            if reading.method != "GET" or not below or reading.skipped:
                continue
            if self._habits.endless(reading.key):
                continue
            own = Step(reading.key, step.principal, step.owner, Role.REREAD)
            await self._patiently(reading, born, own)

    async def scrape(self) -> None:
        """Read the page of metrics, if the target names one."""
        if self._scraper is not None:
            await self._scraper.scrape()

    async def _compare(self, step: Step) -> Exchange | Impossible:
        """Read the page of metrics around a few readings of one tenant's."""
        reading = self._habits.plain_reading
        if self._scraper is None:
            return Impossible("the target names no page of metrics")
        page = await self._scraper.scrape()
        if not reading or not page.succeeded:
            return page
        again = replace(step, operation=reading, role=Role.CONTROL, case=0, pick=0)
        for times in REQUESTS:
            for _ in range(times):
                await self._make(again)
            page = await self._scraper.scrape()
        return page

    def _keys(self, operation: Operation, step: Step) -> Keys | Impossible:
        """Choose the object that fills the path.

        A PUT that would create an object is pointed, by anybody but the owner, at
        one that the owner has.
        """
        needs, owner = self.catalogue.resources.needs(operation), step.owner
        item = self.catalogue.resources.item(operation)
        if step.role is Role.PROBE and item and owner is not None:
            theirs = self.belongings.pick(owner, item, step.pick)
            if theirs is not None:
                return theirs
        if not needs:
            return ()
        keys = (
            None if owner is None else self.belongings.pick(owner, needs[-1], step.pick)
        )
        return keys or Impossible(f"nothing of the kind {needs[-1]} could be made")

    def _sent(self, operation: Operation, keys: Keys, step: Step) -> Keys | Impossible:
        """Return what is put into the path: the owner's keys, or one's own above."""
        if not step.above:
            return keys
        chain = self.catalogue.resources.chain(operation)
        own = step.principal.credential
        if own is None or len(chain) <= step.above:
            return Impossible("nothing lies above what the path names")
        kind = chain[step.above - 1]
        parents = self.belongings.pick(own, kind, 0)
        if parents is None or len(parents) >= len(keys):
            return Impossible(f"nothing of the kind {kind} could be made")
        return (*parents, *keys[len(parents) :])

    async def _insist(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        *,
        precedes: int = 0,
        follows: int = 0,
    ) -> _Made | Impossible:
        """Attempt a step; once more if its session has expired or was ended."""
        made = await self._attempt(
            operation, keys, step, precedes=precedes, follows=follows
        )
        if isinstance(made, Impossible) or not self._dead(operation, step, made.reply):
            return made
        own = step.principal.credential
        if own is None or not await self._entrance.renew(own):
            return made
        again = await self._attempt(
            operation, keys, step, precedes=precedes, follows=follows
        )
        if isinstance(again, _Made) and again.reply.answer.status == UNAUTHENTICATED:
            self._refusing.add(operation.key)
        return again

    def _dead(self, operation: Operation, step: Step, reply: Reply) -> bool:
        """Whether an answer says that the credential is no longer good."""
        return (
            reply.answer.status == UNAUTHENTICATED
            and step.principal.whole
            and operation.audience is Audience.TENANT
            and operation.key not in self._refusing
        )

    async def _attempt(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        *,
        precedes: int = 0,
        follows: int = 0,
        id_: int = 0,
        alone: bool = False,
    ) -> _Made | Impossible:
        """Send a step's request, between the owner's readings if it may change."""
        access = await self._entrance.enter(step.principal)
        if isinstance(access, Impossible):
            return access
        bare = operation.socket is not None and not operation.socket.by_header
        named = self._sent(operation, keys, step)
        if isinstance(named, Impossible):
            return named
        composed = self._composer.compose(
            operation, named, step, access=Access() if bare else access
        )
        if isinstance(composed, Impossible):
            return composed
        id_ = id_ or self._recorder.next_exchange()
        probing = step.role is Role.PROBE and step.owner is not None
        watched = probing and operation.mutates and not alone
        witnesses = self._witnesses(operation, keys) if watched else []
        before = [
            await self._reread(witness, witness_keys, step, precedes=id_)
            for witness, witness_keys in witnesses
        ]
        meaning = Meaning(
            operation=operation.key,
            principal=step.principal,
            role=step.role,
            audience=operation.audience,
            mutates=operation.mutates,
            owner=step.owner,
            precedes=precedes,
            follows=follows,
            starved=step.starved,
        )
        reply = await self._send(operation, composed, meaning, id_, access)
        for (witness, witness_keys), earlier in zip(witnesses, before, strict=True):
            later = await self._reread(witness, witness_keys, step, follows=id_)
            if later != earlier:  # once more: does it always differ?
                await self._reread(witness, witness_keys, step, follows=id_)
        return _Made(reply, composed)

    def _witnesses(
        self, operation: Operation, keys: Keys
    ) -> list[tuple[Operation, Keys]]:
        """Return the readings around a probe; a stream that goes on reads nothing."""
        return [
            (reading, above)
            for reading, above in readings_of(self.catalogue, operation, keys)
            if not self._habits.endless(reading.key)
        ]

    async def _send(
        self,
        operation: Operation,
        composed: Composed,
        meaning: Meaning,
        id_: int,
        access: Access,
    ) -> Reply:
        if operation.socket is not None:
            call, says = spoken(operation.socket, composed.call, access)
            return await self._client.talk(call, says, meaning, id_=id_)

        def count(answer: Answer) -> int:
            if not 200 <= answer.status < 300:
                return -1
            return len(self._accounts.object_keys(operation, composed.values, answer))

        counted = count if self.catalogue.resources.lists(operation) else None
        return await self._client.send(composed.call, meaning, id_=id_, count=counted)

    async def _reread(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        *,
        precedes: int = 0,
        follows: int = 0,
    ) -> str:
        """Read as the owner; return the digest of what it got."""
        owner = step.owner
        own = Step(operation.key, Principal(owner, owner), owner, Role.REREAD)
        made = await self._insist(
            operation, keys, own, precedes=precedes, follows=follows
        )
        gone = isinstance(made, _Made) and made.reply.answer.status in {404, 410}
        needs = self.catalogue.resources.needs(operation)
        if gone and needs and owner is not None:
            self.belongings.remove(owner, needs[-1], keys)
        return made.reply.exchange.digest if isinstance(made, _Made) else ""


@dataclass(frozen=True, slots=True)
class _Made:
    """A request that was sent, and its answer."""

    reply: Reply
    composed: Composed
