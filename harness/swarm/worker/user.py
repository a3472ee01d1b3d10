"""A user of a tenant, simulated by Locust."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, ClassVar, Final

import gevent
from locust.contrib.fasthttp import FastHttpUser

from harness.swarm.crew.renewal import access_of
from harness.swarm.crew.reply import Reply
from harness.swarm.worker.hooks import crew_of, tell_of_leak

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.swarm.crew.account import Account
    from harness.swarm.crew.form import Form, Written
    from harness.swarm.crew.gathering import Crew

MARGIN: Final = 5.0
"""Seconds before its end at which a credential is renewed."""
PATIENCE: Final = 5.0
"""Most seconds that a user waits because an answer asked it to."""
_NOT_YET: Final = 0.05
_UNAUTHENTICATED: Final = 401
_TOO_MANY: Final = 429


class TenantUser(FastHttpUser):
    """A user who asks as a tenant, and whose answers are looked at.

    Subclass it in a locustfile, and in its tasks call `read` and `write`, or `ask`.

    Attributes:
        visit: Requests after which the user is one of another tenant; 0 for never.
        due: When the next request is due, on the monotonic clock; 0 where nobody
            knows, as with a ``wait_time`` that is not from `harness.swarm.worker`.
        schedule: When the last one was due that was planned.
        account: The tenant that the user belongs to now.
    """

    abstract = True
    visit: ClassVar[int] = 20
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

        Where a tenant has more objects than enough, one of them is deleted.
        """
        account = self.account
        forms = [
            form
            for form in self.crew.forms.values()
            if form.prepared.mutates and account.can(form.prepared)
        ]
        crowded = [
            form
            for form in forms
            if form.prepared.deletes and account.crowded(form.prepared)
        ]
        forms = crowded or forms
        return self.ask(random.choice(forms)) if forms else self.read()

    def ask(self, form: Form) -> bool:
        """Make a request in the name of the user's tenant.

        Args:
            form: One of the crew's `forms`.

        Returns:
            Whether it succeeded.
        """
        self._change_sides()
        due, self.due = self.due or time.monotonic(), 0.0
        account, prepared = self.account, form.prepared
        expires = account.access.expires_at
        if expires and time.time() > expires - MARGIN:
            self._renew(account)
        keys = account.take(prepared)
        try:
            written = form.write(account, keys, self.crew.unique())
            reply = self._insist(form, written, due)
            if reply.succeeded and prepared.yields:
                self._note_made(form, written, keys, reply)
        finally:
            account.give_back(prepared, keys)
        if reply.status == _TOO_MANY:
            gevent.sleep(_retry_after(reply))
        return reply.succeeded

    def _change_sides(self) -> None:
        """Become a user of another tenant after enough requests."""
        if self.visit and self._asked and self._asked % self.visit == 0:
            self.account = self.crew.next_account()
        self._asked += 1

    def _insist(self, form: Form, written: Written, due: float) -> Reply:
        """Send a request; again while nobody is there yet, or if logged out."""
        account, crew = self.account, self.crew
        crew.counts.tenant(account.tenant.index).arrive()
        reply = self._send(form, written, due)
        while reply.refused and not crew.answered:
            crew.refused(_users(self.environment))
            gevent.sleep(_NOT_YET)
            # Nobody could have been slow: the schedule begins anew.
            self.schedule = time.monotonic()
            reply = self._send(form, written, self.schedule)
        if reply.status == _UNAUTHENTICATED and self._renew(account):
            return self._send(form, written, due)
        return reply

    def _renew(self, account: Account) -> bool:
        """Log the user in again; say whether that worked."""
        entry, form = self.crew.world.entry, self.crew.entry
        if entry is None or form is None:
            return False
        written = form.write(account, (), "")
        reply = self._send(form, written, time.monotonic())
        access = access_of(entry, reply) if reply.succeeded else None
        if access is None:
            return False
        account.access = access
        return True

    def _send(self, form: Form, written: Written, due: float) -> Reply:
        """Send a request once, note what came of it, and look at the answer."""
        crew, account, prepared = self.crew, self.account, form.prepared
        headers = {**written.headers, **account.headers()}
        started = time.monotonic()
        # Entered below, and not at all if nobody was there yet.
        response = self.client.request(
            prepared.method,
            written.path,
            name=prepared.operation.partition(" ")[2],
            data=written.body,  # type: ignore[arg-type] # bytes are what it sends
            headers=headers,
            catch_response=True,
        )
        ended = time.monotonic()
        pairs = tuple(response.headers.items()) if response.headers else ()
        reply = Reply(
            status=response.status_code,
            body=response.content or b"" if response.status_code else b"",
            headers=pairs,
            error=getattr(response, "error", None),
            seconds=ended - started,
        )
        if reply.refused and not crew.answered:
            return reply
        crew.answered = True
        with response:
            if self._count(prepared.operation, reply, ended, ended - due):
                response.success()
            else:
                response.failure(reply.failure)
        self._look(form, written, reply)
        return reply

    def _count(self, operation: str, reply: Reply, now: float, seconds: float) -> bool:
        """Note what came of a request; say whether it counts as a success."""
        counts = self.crew.counts
        tenant = counts.tenant(self.account.tenant.index)
        both = (tenant, counts.operation(operation))
        counts.total.requests += 1
        if reply.status == _TOO_MANY:
            counts.total.throttled += 1
            for count in both:
                count.requests += 1
                count.throttled += 1
            return True
        if reply.succeeded:
            microseconds = int(seconds * 1e6)
            for count in both:
                count.succeeded(microseconds, now)
            return True
        counts.total.failures += 1
        for count in both:
            count.failed(reply.failure)
        return False

    def _look(self, form: Form, written: Written, reply: Reply) -> None:
        crew, account, prepared = self.crew, self.account, form.prepared
        index = account.tenant.index
        found = crew.watch.foreign(index, prepared, reply)
        if found:
            crew.leaked(account, prepared, written, reply, found)
            tell_of_leak(self.environment)
        count = crew.counts.tenant(index)
        if not count.sighted and reply.succeeded and not prepared.mutates:
            count.sighted += crew.watch.sights(index, reply.body)

    def _note_made(
        self, form: Form, written: Written, keys: tuple[str, ...], reply: Reply
    ) -> None:
        key = form.key_of(written) or form.key_from(reply)
        if key:
            self.account.made(form.prepared.yields, (*keys, key))


def _users(environment: Environment) -> int:
    return environment.runner.user_count if environment.runner else 0


def _retry_after(reply: Reply) -> float:
    """Return the seconds that an answer asks to wait, within reason."""
    try:
        asked = float(reply.header("retry-after"))
    except ValueError:
        asked = 1.0
    return min(max(asked, 0.05), PATIENCE)
