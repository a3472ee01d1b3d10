"""A user of a tenant, simulated by Locust."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import gevent
from locust.contrib.fasthttp import FastHttpUser, ResponseContextManager

from harness.model.event import Audience
from harness.model.world import Access
from harness.swarm.crew.asked import Asked
from harness.swarm.crew.renewal import access_of
from harness.swarm.crew.reply import Reply
from harness.swarm.worker.hooks import crew_of, scouting, users_of
from harness.swarm.worker.listener import Holding
from harness.swarm.worker.looking import look

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.swarm.crew.account import Account
    from harness.swarm.crew.form import Form
    from harness.swarm.crew.gathering import Crew

MARGIN: Final = 5.0
"""Seconds before its end at which a credential is renewed."""
PATIENCE: Final = 5.0
"""Most seconds that a user waits because an answer asked it to."""
_NOT_YET: Final = 0.05


class TenantUser(FastHttpUser):
    """A user who asks as a tenant, and whose answers are looked at.

    Subclass it in a locustfile, and in its tasks call `read`, `write` and `stray`, or
    `ask`.

    Attributes:
        visit: Requests after which the user is one of another tenant; 0 for never.
        hold: Of so many users one holds a stream or a socket of the app's open, and
            hears it, beside what it asks; 0 for none.
        due: When the next request is due, on the monotonic clock; 0 where nobody
            knows, as with a ``wait_time`` that is not from `harness.swarm.worker`.
        schedule: When the last one was due that was planned.
        account: The tenant that the user belongs to now.
    """

    abstract = True
    visit: ClassVar[int] = 20
    hold: ClassVar[int] = 3
    network_timeout = 30.0
    connection_timeout = 10.0

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Answers must not change who asks, or where.
        self.client.client.cookiejar = None
        vars(self.client.client)["redirect_response_codes"] = frozenset()
        self.crew: Crew = crew_of(environment)
        self.account: Account = self.crew.next_account()
        self.due = self.schedule = 0.0
        self._asked = 0
        flow = self.crew.next_flow(one_in=self.hold)
        self._holding = Holding(environment, self.host or "", flow) if flow else None
        self._response: ResponseContextManager

    def read(self) -> bool:
        """Make some request that changes nothing; say whether it succeeded."""
        forms = [
            form
            for form in self.crew.forms.values()
            if not form.prepared.mutates and self.account.can(form.prepared)
        ]
        return bool(forms) and self.ask(random.choice(forms))

    def write(self) -> bool:
        """Make some request that changes something; say whether it succeeded.

        Of what was made enough already, no more is made, and one is deleted if it can.
        """
        account = self.account
        forms = [
            form
            for form in self.crew.forms.values()
            if form.prepared.mutates
            and account.can(form.prepared)
            and not account.crowded(form.prepared.yields)
        ]
        crowded = [
            form
            for form in forms
            if form.prepared.deletes and account.crowded(form.prepared.needs)
        ]
        forms = crowded or forms
        return self.ask(random.choice(forms)) if forms else self.read()

    def stray(self) -> bool:
        """Read something that is another tenant's; say whether that was answered.

        Either its object as if it were the user's own, or anything at its door, with
        the user's own credential or with one that it was given there. To be refused is
        as it should be.
        """
        account, other = self.account, self.crew.another(self.account)
        at = random.choice((account, other))
        by = self._guest(account, other) if at is other else account
        forms = [
            form
            for form in self.crew.forms.values()
            if not form.prepared.mutates
            and form.prepared.audience is Audience.TENANT
            and (other.example(form.prepared.needs) or not form.prepared.needs)
            and (form.prepared.needs or at is other)
        ]
        if not forms:
            return self.read()
        self._begin()
        form = random.choice(forms)
        keys = other.example(form.prepared.needs)
        written = form.write(at, keys, self.crew.unique())
        owner = other.tenant.index
        asked = Asked(form, written, by, at, owner, time.monotonic())
        return self._settle(*self._arrive(asked)).succeeded

    def ask(self, form: Form) -> bool:
        """Make a request in the name of the user's tenant.

        Args:
            form: One of the crew's `forms`.

        Returns:
            Whether it succeeded.
        """
        due = self._begin()
        account, prepared = self.account, form.prepared
        keys = account.take(prepared)
        try:
            written = form.write(account, keys, self.crew.unique())
            own = account.tenant.index
            reply = self._insist(Asked(form, written, account, account, own, due))
            if reply.succeeded and prepared.yields:
                key = form.key_of(written) or form.key_from(reply)
                if key:
                    account.made(prepared.yields, (*keys, key))
        finally:
            account.give_back(prepared, keys)
        if reply.throttled:
            gevent.sleep(reply.patience(most=PATIENCE))
        return reply.succeeded

    def _begin(self) -> float:
        """Get ready to ask; return when the request is due."""
        moves = self.visit and self._asked and self._asked % self.visit == 0
        if moves:
            self.account = self.crew.next_account()
        if self._holding is not None and (moves or not self._asked):
            self._holding.move(self.account, self.greenlet)
        self._asked += 1
        self.crew.counts.tenant(self.account.tenant.index).arrive()
        due, self.due = self.due or time.monotonic(), 0.0
        if self._outside(self.account.access) and self._renew(self.account, due=due):
            return time.monotonic()  # how long that took is measured apart
        return due

    def _outside(self, access: Access) -> bool:
        """Whether a user has to log in before it asks, as far as it knows."""
        expired = access.expires_at and time.time() > access.expires_at - MARGIN
        return bool(expired) or (self.crew.entry is not None and not access.headers)

    def _insist(self, asked: Asked) -> Reply:
        """Send a request, and once more if the user was logged out."""
        asked, reply = self._arrive(asked)
        key, refusing = asked.prepared.operation, self.crew.refusing
        if reply.logged_out and key not in refusing and self._renew(asked.by):
            reply = self._exchange(asked)
            if reply.logged_out:
                refusing.add(key)
        return self._settle(asked, reply)

    def _arrive(self, asked: Asked) -> tuple[Asked, Reply]:
        """Send a request; again and again while nobody is there yet."""
        reply = self._exchange(asked)
        if reply.refused and not self.crew.answered:
            return self._scout(asked)
        return asked, reply

    def _scout(self, asked: Asked) -> tuple[Asked, Reply]:
        """Wait until somebody answers, and then ask.

        One user of a worker finds out for all: that takes time of the machine, which
        the app needs to start.
        """
        self.crew.refused(users_of(self.environment))
        with scouting(self.environment):
            while not self.crew.answered:
                gevent.sleep(_NOT_YET)
                asked, reply = self._anew(asked)
                if not reply.refused:
                    return asked, reply
                self.crew.refused(users_of(self.environment))
        return self._anew(asked)

    def _anew(self, asked: Asked) -> tuple[Asked, Reply]:
        """Ask as if it were due now: nobody was there who could have been slow."""
        self.schedule = time.monotonic()
        asked = replace(asked, due=self.schedule)
        return asked, self._exchange(asked)

    def _renew(self, account: Account, *, due: float = 0.0) -> bool:
        """Log a tenant's user in again; say whether that worked.

        Args:
            account: The tenant.
            due: When that was due; 0 for now.
        """
        entry, form = self.crew.world.entry, self.crew.entry
        if entry is None or form is None:
            return False
        written, own = form.write(account, (), ""), account.tenant.index
        account.access = Access()
        due = due or time.monotonic()
        asked = Asked(form, written, account, account, own, due)
        reply = self._settle(*self._arrive(asked))
        access = access_of(entry, reply) if reply.succeeded else None
        account.access = access or Access()
        return access is not None

    def _guest(self, account: Account, host: Account) -> Account:
        """Return who goes to another's door: every second time, who was let in there.

        A door is tried once; a user who was turned away goes as it is.
        """
        guest = self.crew.guests.of(account, host) if random.random() < 0.5 else None
        entry, form = self.crew.world.entry, self.crew.entry
        if guest is None or entry is None or form is None:
            return account
        if not guest.tried:
            guest.tried = True
            written, now = self.crew.guests.login(form, guest, host), time.monotonic()
            asked = Asked(form, written, guest, host, host.tenant.index, now)
            reply = self._settle(*self._arrive(asked))
            access = access_of(entry, reply) if reply.succeeded else None
            guest.access = access or guest.access
        return guest if guest.access.headers else account

    def _exchange(self, asked: Asked) -> Reply:
        """Send a request once."""
        prepared, started = asked.prepared, time.monotonic()
        # Locust hears of it when it is settled; never of what was refused too early.
        response = self.client.request(
            prepared.method,
            asked.written.path,
            name=prepared.operation.partition(" ")[2],
            data=asked.written.body,  # type: ignore[arg-type] # bytes are what it sends
            headers=asked.headers(),
            catch_response=True,
        )
        reply = Reply(
            status=response.status_code,
            body=(response.status_code and response.content) or b"",
            headers=response.headers.items if response.headers else tuple,
            fields=dict.values(response.headers) if response.headers else (),
            error=getattr(response, "error", None),
            started=started,
            ended=time.monotonic(),
        )
        self._response = response
        self.crew.answered = self.crew.answered or not reply.refused
        self._look(asked, reply)
        return reply

    def _settle(self, asked: Asked, reply: Reply) -> Reply:
        """Note what came of a request, and let Locust know."""
        with self._response as response:
            if self.crew.counts.add(asked, reply):
                response.success()
            else:
                response.failure(reply.failure)
        return reply

    def _look(self, asked: Asked, reply: Reply) -> None:
        """Look for what is of others, and for what proves that one would see it."""
        look(self.environment, asked, reply)
        index = asked.by.tenant.index
        count = self.crew.counts.tenant(index)
        reads = reply.succeeded and not asked.prepared.mutates and not asked.stray
        if reads and not count.sighted:
            count.sighted += self.crew.watch.sights(index, reply.body)
