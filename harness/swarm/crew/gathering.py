"""The crew: what all users of one worker process share."""

from __future__ import annotations

import itertools
import logging
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from harness.errors import UsageError
from harness.model.canary import CanaryKey
from harness.model.event import Audience, Exchange
from harness.model.load import Beat
from harness.model.scanner import Scanner
from harness.model.step import Role
from harness.model.tenant import alias
from harness.swarm.crew.account import Account
from harness.swarm.crew.core import Core
from harness.swarm.crew.counting import Counts
from harness.swarm.crew.form import Form
from harness.swarm.crew.guests import Guests
from harness.swarm.crew.journal import Journal
from harness.swarm.crew.mix import Mix, uniform
from harness.swarm.crew.reading import read_world
from harness.swarm.crew.watch import Watch
from harness.swarm.variables import JOURNALS, WORLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.event import Found
    from harness.model.scanner import Hit
    from harness.model.world import World
    from harness.swarm.crew.asked import Asked
    from harness.swarm.crew.reply import Reply

    Pairs = frozenset[tuple[int, int]]

log = logging.getLogger("harness.swarm")

TOLD: Final = 20
"""Leaks of one operation that a worker tells of; more would only fill the disk."""


@final
class Crew:
    """What the users of one worker process share.

    Attributes:
        world: Who is there, and what can be asked.
        forms: What can be asked, by the operation's key.
        flows: What can be held open.
        entry: The login; None where only the target knows how.
        counts: What came of the requests so far.
        watch: Looks at answers.
        guests: Users who are tried at others' doors.
        journal: Where the worker writes what it has to say.
        answered: Whether somebody answered yet; who refuses before is not there yet.
        refusing: Operations that a fresh login does not help with.

    Args:
        world: The world.
        journal: Where to write.
    """

    def __init__(self, world: World, journal: Journal) -> None:
        self.world = world
        self.journal = journal
        ending = [one for one in world.requests if not one.endless]
        self.forms = {one.operation: Form(one) for one in ending}
        self.flows = tuple(Form(one) for one in world.requests if one.endless)
        self.entry = Form(world.entry.request) if world.entry else None
        self.counts = Counts(renewable=self.entry is not None)
        self.answered = False
        self.refusing: set[str] = set()
        self._key = CanaryKey.from_hex(world.key)
        self.watch = Watch(self._key, world.tenants)
        self.guests = Guests(self._key)
        self._scanner = Scanner(self._key)
        self._accounts: dict[int, Account] = {}
        self._mix = Mix(uniform(len(world.tenants)))
        self._number = self._listening = 0
        self._written = itertools.count(1)
        self._told: dict[str, int] = {}
        self._core = Core()

    @classmethod
    def gather(cls, world: World, environ: Mapping[str, str]) -> Crew:
        """Make a crew that writes its journal where the environment says."""
        journals = environ.get(JOURNALS, "")
        return cls(world, Journal(Path(journals) if journals else None))

    def deal(self, mix: Mix, *, number: int) -> None:
        """Deal tenants out to users by a mix.

        Args:
            mix: Which tenants.
            number: Of this worker, from 0.
        """
        self._mix = mix
        self._number = number

    def next_account(self) -> Account:
        """Return the tenant whose user comes next."""
        return self.account(self._mix.next())

    def next_flow(self, *, one_in: int) -> Form | None:
        """Return what the next user holds open beside its requests; None for nothing.

        Args:
            one_in: Of so many users one holds something open, the first among them;
                0 for none.
        """
        number = self._listening
        self._listening += 1
        if not self.flows or not one_in or number % one_in:
            return None
        # Workers do not all begin with the same.
        return self.flows[(number // one_in + self._number) % len(self.flows)]

    def another(self, account: Account) -> Account:
        """Return some other tenant."""
        step = random.randrange(1, len(self.world.tenants))
        return self.account((account.tenant.index + step) % len(self.world.tenants))

    def account(self, index: int) -> Account:
        """Return what this worker knows of a tenant."""
        account = self._accounts.get(index)
        if account is None:
            world = self.world
            account = self._accounts[index] = Account(
                world.tenants[index],
                world.addresses[index],
                world.credentials[index],
                world.objects[index],
                key=self._key,
            )
        return account

    def unique(self) -> str:
        """Return digits that end nothing else which this run has written."""
        return f"00{self._number:03d}{next(self._written)}"

    def refused(self, users: int) -> None:
        """Note that nobody listens yet; the first time is told of at once.

        Args:
            users: How many are simulated now.
        """
        self.counts.refused += 1
        if self.counts.refused == 1:
            self.beat(users)

    def sight(self, asked: Asked, message: bytes) -> None:
        """Note what was heard, if it proves that a leak would be heard."""
        index = asked.by.tenant.index
        self.counts.sight(asked, lambda: self.watch.sights(index, message))

    def leaked(self, asked: Asked, reply: Reply, found: tuple[Found, ...]) -> bool:
        """Tell of an answer that holds what belongs to another tenant.

        Returns:
            Whether it is a leak: not what the request itself said, nor the name of
            the tenant that it selected.
        """
        url = _pairs(self._scanner.scan_text(asked.written.path))
        sent = url | _pairs(self._scanner.scan(asked.written.body or b""))
        found = tuple(one for one in found if not self._may_see(asked, one.hit, sent))
        if not found:
            return False
        key = asked.prepared.operation
        self._told[key] = self._told.get(key, 0) + 1
        if self._told[key] <= TOLD:
            self.journal.write(self._exchange(asked, reply, found, url, sent))
            log.error(
                "leak: %s got %s's %s in the %s of %s",
                asked.principal,
                alias(found[0].hit.owner),
                self._label(found[0].hit),
                found[0].channel,
                key,
            )
        return True

    def _may_see(self, asked: Asked, hit: Hit, sent: Pairs) -> bool:
        field = self.world.fields.get(hit.field)
        name = field is not None and field.names_tenant
        selected = hit.owner == asked.at.tenant.index
        if asked.prepared.audience is Audience.PUBLIC:
            return (hit.owner, hit.field) in sent or selected or name
        return (hit.owner, hit.field) in sent or (selected and name)

    def _label(self, hit: Hit) -> str:
        field = self.world.fields.get(hit.field)
        return field.label if field else f"field {hit.field}"

    def _exchange(
        self,
        asked: Asked,
        reply: Reply,
        found: tuple[Found, ...],
        url: Pairs,
        sent: Pairs,
    ) -> Exchange:
        prepared = asked.prepared
        shown = f"{prepared.method} {asked.written.path}"
        for owner, number in url:
            token = self._key.mint(owner, number)
            shown = shown.replace(token, f"<{alias(owner)}.{number}>")
        return Exchange(
            kind="exchange",
            id=0,
            at=0.0,
            operation=prepared.operation,
            audience=prepared.audience,
            mutates=prepared.mutates,
            principal=asked.principal,
            role=Role.LOAD,
            owner=asked.owner,
            precedes=0,
            follows=0,
            request=shown if len(shown) <= 200 else f"{shown[:199]}…",
            sent=sent,
            sent_in_url=url,
            status=reply.status,
            failure="",
            found=found,
            digest="",
            size=len(reply.body),
            objects=-1,
            seconds=reply.seconds,
            through=prepared.channel,
        )

    def beat(self, users: int, *, last: bool = False) -> None:
        """Give a sign of life.

        Args:
            users: How many are simulated now.
            last: Whether this worker has told all.
        """
        total = self.counts.total
        self.journal.write(
            Beat(
                kind="beat",
                worker=self.journal.name,
                at=time.monotonic(),
                cpu=self._core.share(),
                users=users,
                requests=total.requests,
                failures=total.failures,
                throttled=total.throttled,
                refused=self.counts.refused,
                last=last,
            )
        )

    def end(self) -> None:
        """Tell all that was counted."""
        for tally in self.counts.tallies(self.journal.name):
            self.journal.write(tally)
        self.beat(0, last=True)


def _pairs(hits: Iterable[Hit]) -> Pairs:
    return frozenset((hit.owner, hit.field) for hit in hits)


def world_named_in(environ: Mapping[str, str]) -> World:
    """Return the world that the environment names.

    Raises:
        UsageError: It names none, or one in which nothing can be asked.
    """
    path = environ.get(WORLD, "")
    if not path:
        message = f"The variable {WORLD} does not name a world."
        hint = "Start Locust by `harness swarm`, or name a run's world.json."
        raise UsageError(message, hint=hint)
    world = read_world(Path(path))
    if not world.requests:
        message = f"The world {path} has no requests that its tenants could make."
        raise UsageError(message, hint="Take the world.json of a swarm's run.")
    return world
