"""Hears how the processes of one boot start and stop, and records it."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, final

from harness.model.boot import (
    Condition,
    Connected,
    Initialised,
    LeftOpen,
    Phase,
    Reached,
    Used,
    Watching,
)
from harness.model.masking import masked

if TYPE_CHECKING:
    from harness.environment.activity import Activity
    from harness.model.canary import CanaryKey
    from harness.model.tenant import Tenant
    from harness.observe.asyncpg.connections import Connection
    from harness.observe.resources import Use
    from harness.observe.runs import Call
    from harness.recording.recorder import Recorder
    from harness.target.initialiser import Initialiser

_LONG: Final = 8
"""Letters of a name that is looked for within other texts."""
SETTLE: Final = 2.0
"""Seconds that Postgres has to notice the connections that a shutdown closed."""


def watching_of(one: Initialiser) -> Watching:
    """Return the event that an initialiser will be watched."""
    return Watching(
        kind="watching",
        what=one.function,
        awaited=one.awaited,
        again=one.again,
        exclusive=one.exclusive,
    )


class Names:
    """Which tenant a text of the app's names.

    Args:
        tenants: The tenants; what several of them have in common names nobody.
    """

    def __init__(self, tenants: Sequence[Tenant]) -> None:
        self._owners: dict[str, int | None] = {}
        for tenant in tenants:
            texts = {tenant.slug, tenant.name, tenant.domain, *tenant.facts.values()}
            for text in texts:
                seen = text in self._owners
                self._owners[text] = None if seen else tenant.index

    def __getitem__(self, text: str) -> int | None:
        return self._owners.get(text)

    def within(self, text: str) -> int | None:
        """Return the one tenant that a text names, such as by ``tenant_acme_prod``.

        Short names, which may be part of any word, count for nothing there.
        """
        plain = _plain(text)
        owners = {
            owner
            for name, owner in self._owners.items()
            if owner is not None and len(name) >= _LONG and _plain(name) in plain
        }
        return owners.pop() if len(owners) == 1 else None


@final
class BootWatch:
    """Records one boot; implements `harness.hosting.watching.Watch`.

    Args:
        number: Of the boot.
        recorder: Where events go.
        key: Of the canaries, which are masked in what the server tells.
        names: Tells tenants by what the app calls them.
        initialisers: What is watched.
        activity: Is asked, after the shutdown, what was left open; None without a
            database.
    """

    def __init__(
        self,
        number: int,
        recorder: Recorder,
        *,
        key: CanaryKey,
        names: Names,
        initialisers: Sequence[Initialiser],
        activity: Activity | None,
    ) -> None:
        self._number = number
        self._recorder = recorder
        self._key = key
        self._names = names
        self._initialisers = tuple(initialisers)
        self._activity = activity
        self._offset = recorder.now() - time.monotonic()

    @property
    def initialisers(self) -> Sequence[Initialiser]:
        return self._initialisers

    def reached(self, worker: int, phase: Phase, at: float, memory: int) -> None:
        when = at + self._offset
        event = Reached("reached", when, self._number, worker, phase, memory)
        self._recorder.add(event)

    def called(self, worker: int, call: Call) -> None:
        tenant = self._names[call.key]
        event = Initialised(
            kind="initialised",
            at=call.at + self._offset,
            boot=self._number,
            worker=worker,
            what=call.what,
            run=call.run,
            stage=call.stage,
            tenant=tenant,
            key=self._masked(call.key) if tenant is None else "",
            exchange=call.exchange,
            closes=call.closes,
            detail=call.detail,
        )
        self._recorder.add(event)

    def connected(self, worker: int, connection: Connection) -> None:
        event = Connected(
            kind="connected",
            at=connection.at + self._offset,
            boot=self._number,
            worker=worker,
            backend=connection.backend,
            open=connection.open,
            tenant=self._names[connection.key],
            where=connection.where,
        )
        self._recorder.add(event)

    def used(self, worker: int, use: Use) -> None:
        """A pool or a connection was used."""
        tenant = self._names[use.key] if use.what else self._names.within(use.key)
        closed = use.form == "pool" and use.state is Condition.CLOSED
        if not use.what and tenant is None and not closed:
            return  # it is everybody's
        event = Used(
            kind="used",
            at=use.at + self._offset,
            boot=self._number,
            worker=worker,
            exchange=use.exchange,
            what=use.what,
            run=use.run,
            tenant=tenant if use.key else None,
            state=use.state,
            resource=use.resource,
            form=use.form,
            during=self._names[use.during] if use.during else None,
        )
        self._recorder.add(event)

    async def stopped(self, held: Collection[int] = ()) -> None:
        """Tell which connections are left; `held` are those that nobody will close."""
        if self._activity is None:
            return
        for session in await self._activity.quiet(within=SETTLE, held=held):
            event = LeftOpen(
                kind="left",
                at=self._recorder.now(),
                boot=self._number,
                backend=session.backend,
                user=self._masked(session.user),
                application=self._masked(session.application),
                state=session.state,
                query=self._masked(session.query),
            )
            self._recorder.add(event)

    def _masked(self, text: str) -> str:
        """Return a text on one line without canaries."""
        scanner = self._recorder.scanner
        shown = " ".join(masked(text, scanner.scan_text(text), self._key).split())
        # In a form that does not show where it begins, such as base64.
        return "<hidden>" if scanner.scan_text(shown) else shown


def _plain(text: str) -> str:
    """Return a text's letters and digits, as names of roles and schemas have them."""
    return "".join(letter for letter in text.lower() if letter.isalnum())
