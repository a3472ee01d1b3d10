"""A listener: holds a stream or a socket open for a user, and looks at what comes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Final, final

import gevent

from harness.model.event import Channel
from harness.model.world import Access
from harness.swarm.crew.asked import Asked
from harness.swarm.crew.reply import Reply
from harness.swarm.flows.dialogue import open_dialogue
from harness.swarm.flows.flow import BrokenOff
from harness.swarm.flows.stream import open_stream
from harness.swarm.worker.hooks import crew_of
from harness.swarm.worker.looking import look

if TYPE_CHECKING:
    from gevent import Greenlet
    from locust.env import Environment

    from harness.swarm.crew.account import Account
    from harness.swarm.crew.form import Form
    from harness.swarm.flows.flow import Flow

PAUSE: Final = 1.0
"""Seconds until what has ended is opened again."""
LONGEST: Final = 10.0
"""Most seconds that a listener waits because an answer asked it to."""
_READY: Final = 0.1


@final
class Holding:
    """What one user holds open, in the name of one tenant after the other.

    Args:
        environment: Locust's.
        base: Where the app answers.
        form: What is held open.
    """

    def __init__(self, environment: Environment, base: str, form: Form) -> None:
        self._environment = environment
        self._base = base
        self._form = form
        self._listening: Greenlet[[], None] | None = None

    def move(self, account: Account, user: Greenlet[..., None] | None) -> None:
        """Listen for a tenant, and no longer for the one before.

        Args:
            account: The tenant.
            user: Runs the user; all ends with it.
        """
        if self._listening is None and user is not None:
            user.link(lambda _: self._end())
        self._end()
        listener = Listener(self._environment, self._base, account, self._form)
        self._listening = gevent.spawn(listener.listen)

    def _end(self) -> None:
        if self._listening is not None:
            self._listening.kill(block=False)


@final
@dataclass(frozen=True, slots=True)
class Listener:
    """Listens in the name of one tenant, until its greenlet is killed.

    Attributes:
        environment: Locust's.
        base: Where the app answers.
        account: The tenant.
        form: What is held open.
    """

    environment: Environment
    base: str
    account: Account
    form: Form

    def listen(self) -> None:
        """Open the flow and hear it to its end, again and again."""
        refused: Access | None = None
        while True:
            while not self._ready(refused):
                gevent.sleep(_READY)
            access = self.account.access
            reply = self._hold()
            if reply.logged_out:
                if refused is not None or crew_of(self.environment).entry is None:
                    return  # to log in again does not help, or cannot be done
                refused = access
                if self.account.access is access:
                    # Its user logs in before it asks next.
                    self.account.access = Access()
            gevent.sleep(reply.patience(most=LONGEST) if reply.throttled else PAUSE)

    def _ready(self, refused: Access | None) -> bool:
        """Whether there is an app, and somebody whom it may let in."""
        crew, access = crew_of(self.environment), self.account.access
        outside = crew.entry is not None and not access.headers
        there = crew.answered and self.account.can(self.form.prepared)
        return there and not outside and access is not refused

    def _hold(self) -> Reply:
        """Open the flow and hear it to its end; return how it began."""
        prepared, account = self.form.prepared, self.account
        crew, keys = crew_of(self.environment), account.take(prepared)
        flow: Flow | None = None
        try:
            written = self.form.write(account, keys, crew.unique())
            own, now = account.tenant.index, time.monotonic()
            asked = Asked(self.form, written, account, account, own, now)
            flow, reply = self._opened(asked)
            look(self.environment, asked, reply)
            if flow is None or not reply.succeeded:
                crew.counts.add(asked, reply)
                self._tell(asked, reply, reply.failure)
            else:
                self._hear(asked, reply, flow)
            return reply
        finally:
            if flow is not None:
                flow.close()
            account.give_back(prepared, keys)

    def _opened(self, asked: Asked) -> tuple[Flow | None, Reply]:
        """Ask for the flow; return it, and its beginning as an answer."""
        prepared, written = asked.prepared, asked.written
        headers = asked.headers()
        if not prepared.by_header:
            headers = {**written.headers, **asked.at.selecting()}
        started, error = time.monotonic(), None
        flow: Flow | None = None
        try:
            if prepared.channel is Channel.SOCKET:
                said = json.loads(written.body or b"[]")
                flow = open_dialogue(self.base, written.path, headers, said)
            else:
                path, body = written.path, written.body
                flow = open_stream(self.base, prepared.method, path, headers, body)
        except (OSError, HTTPException, BrokenOff) as failure:
            error = failure
        pairs = flow.headers if flow is not None else ()
        return flow, Reply(
            status=flow.status if flow is not None else 0,
            body=flow.content if flow is not None else b"",
            headers=lambda: pairs,
            fields=pairs,
            error=error,
            started=started,
            ended=time.monotonic(),
        )

    def _hear(self, asked: Asked, opening: Reply, flow: Flow) -> None:
        """Look at each message until the flow ends."""
        crew, first = (
            crew_of(self.environment),
            asked.prepared.channel is Channel.STREAM,
        )
        crew.counts.opened(asked)
        if not first:
            self._began(asked, opening)
        try:
            for message in flow.messages():
                heard = replace(
                    opening, body=message, fields=(), ended=time.monotonic()
                )
                if first:
                    self._began(asked, heard)
                    first = False
                look(self.environment, asked, heard)
                crew.sight(asked, message)
        except BrokenOff as error:
            crew.counts.broke(asked, str(error))
            self._tell(asked, opening, str(error))

    def _began(self, asked: Asked, reply: Reply) -> None:
        """Note how long it took: to the handshake, or to a stream's first message."""
        crew_of(self.environment).counts.began(asked, reply)
        self._tell(asked, reply)

    def _tell(self, asked: Asked, reply: Reply, failure: str = "") -> None:
        """Let Locust know, under a method of its own."""
        self.environment.events.request.fire(
            request_type=asked.prepared.channel.upper(),
            name=asked.prepared.operation.partition(" ")[2],
            response_time=reply.seconds * 1000,
            response_length=len(reply.body),
            exception=BrokenOff(failure) if failure else None,
            context={},
        )
