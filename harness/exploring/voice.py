"""Voices: who asks on a stage, with which credential."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, final
from urllib.parse import urlsplit

from harness.errors import UsageError
from harness.exploring.ask import NOBODY, Ask
from harness.exploring.readiness import note_counted
from harness.model.race import ActorRole, Removed, Saw, Wrote
from harness.model.step import Principal, Role, Step
from harness.model.world import Access
from harness.provisioning.client import Call, Meaning
from harness.provisioning.speaking import spoken
from harness.target.selector import Selection
from harness.target.socket import Socket
from harness.target.tools import Answer

if TYPE_CHECKING:
    from harness.exploring.stage import Stage
    from harness.model.tenant import Tenant
    from harness.provisioning.tools import HookTools
    from harness.target.generations import Generations

_T = TypeVar("_T")


@final
class Voice:
    """Asks in a tenant's name, or in nobody's.

    Args:
        stage: The stage.
        index: Of the tenant; None for nobody.
    """

    def __init__(self, stage: Stage, index: int | None) -> None:
        self._stage = stage
        self._index = index

    @property
    def tenant(self) -> Tenant:
        """Whose voice it is.

        Raises:
            UsageError: Nobody's.
        """
        if self._index is None:
            raise UsageError("The stage's `anybody` is no tenant.")
        return self._stage.props.world.tenants[self._index]

    def get(self, path: str, *, leaves: bool = False) -> Ask:
        """Ask for a page; see `request`."""
        return self.request("GET", path, leaves=leaves)

    def post(self, path: str, *, json: Any = None, leaves: bool = False) -> Ask:
        """Post something; see `request`."""
        return self.request("POST", path, json=json, leaves=leaves)

    def request(
        self, method: str, path: str, *, json: Any = None, leaves: bool = False
    ) -> Ask:
        """Ask something of the app, with the tenant's credential and selector.

        Args:
            method: Upper case.
            path: With its query, if any.
            json: Body, as JSON.
            leaves: Whether the client may go away at any moment: schedules try.
        """
        call, meaning = self._call(method, path, json), self._meaning(method, path)

        async def make(exchange: int) -> Answer:
            client = self._stage.props.client
            return (await client.send(call, meaning, id_=exchange)).answer

        return self._stage.ask(f"{method} {path}", self._index, make, leaves=leaves)

    def asks_readiness(self) -> Ask:
        """Ask whether the app is ready; what its answer counts is noted.

        Raises:
            UsageError: The target does not say where.
        """
        index, props = self._index, self._stage.props
        path = props.scene.target.ready
        if not path:
            raise UsageError(
                "The target does not say where its app tells that it is ready.",
                hint="Set Target.ready, or mark the scenario as @scenario(ready=True), "
                "and it is left out where there is none.",
            )
        call, meaning = self._call("GET", path, None), self._meaning("GET", path)

        async def make(exchange: int) -> Answer:
            reply = await props.client.send(call, meaning, id_=exchange)
            note_counted(props, exchange, reply.answer)
            return reply.answer

        return self._stage.ask(f"GET {path}", index, make)

    def read(self, which: int = 0, *, leaves: bool = False) -> Ask:
        """Ask for something that any tenant can read and that needs no object.

        Args:
            which: Which of the readings that the app offers, modulo their number.
            leaves: Whether the client may go away at any moment: schedules try.
        """
        index, props = self._index, self._stage.props
        operation = props.reads[which % len(props.reads)]

        async def make(exchange: int) -> Answer:
            step = Step(operation, Principal(index, index), index, Role.CONTROL)
            written = props.driver.written(step)
            if written is None:
                whose = "anybody" if index is None else self.tenant.alias
                raise UsageError(f"{operation} cannot be asked by {whose}.")
            call, meaning = written
            return (await props.client.send(call, meaning, id_=exchange)).answer

        return self._stage.ask(operation, index, make, leaves=leaves)

    def listens(self, which: int = 0, *, leaves: bool = False) -> Ask:
        """Open something that stays open; see `stream`.

        Args:
            which: Of the streams and sockets that the app is known to have, modulo
                their number.
            leaves: Whether the client may go away at any moment: schedules try.

        Raises:
            UsageError: None is known.
        """
        index, props = self._index, self._stage.props
        if not props.flows:
            raise UsageError(
                "No stream or socket of the app's is known that stays open.",
                hint="Mark the scenario as @scenario(flows=True), and it is left out.",
            )
        operation = props.flows[which % len(props.flows)]
        socket = props.driver.catalogue.operations[operation].socket

        async def make(exchange: int) -> Answer:
            step = Step(operation, Principal(index, index), index, Role.CONTROL)
            written = props.driver.written(step)
            if written is None:
                whose = "anybody" if index is None else self.tenant.alias
                raise UsageError(f"{operation} cannot be asked by {whose}.")
            call, meaning = written
            says = None
            if socket is not None:
                call, says = spoken(socket, call, self._access())
            reply = await props.holder.hold(call, meaning, id_=exchange, says=says)
            return reply.answer

        return self._stage.ask(operation, index, make, leaves=leaves)

    def stream(self, path: str, *, leaves: bool = False) -> Ask:
        """Open a stream, which stays open until the app, or its shutdown, ends it.

        What is awaited is its beginning; what comes then is scanned. An answer that
        does not stream is one like any other.

        Args:
            path: With its query, if any.
            leaves: Whether the client may go away at any moment: schedules try.
        """
        call, meaning = self._call("GET", path, None), self._meaning("GET", path)

        async def make(exchange: int) -> Answer:
            holder = self._stage.props.holder
            return (await holder.hold(call, meaning, id_=exchange)).answer

        return self._stage.ask(f"GET {path}", self._index, make, leaves=leaves)

    def socket(
        self, path: str, *, says: Sequence[Any] = (), leaves: bool = False
    ) -> Ask:
        """Open a WebSocket, which stays open as a `stream` does.

        Args:
            path: With its query, if any. If `Target.sockets` has it, the credential
                goes along as is said there; else with the headers.
            says: What is said once it is open: JSON values, or texts.
            leaves: Whether the client may go away at any moment: schedules try.
        """
        bare = urlsplit(path).path
        known = self._stage.props.scene.target.sockets
        socket = next((one for one in known if one.path == bare), Socket(bare))
        call = self._call("GET", path, list(says))
        access = self._access()
        if not socket.by_header:
            own = set(access.headers)
            call = replace(call, headers=tuple(h for h in call.headers if h not in own))
        call, said = spoken(socket, call, access)
        meaning = self._meaning("GET", path)

        async def make(exchange: int) -> Answer:
            holder = self._stage.props.holder
            return (await holder.hold(call, meaning, id_=exchange, says=said)).answer

        return self._stage.ask(f"GET {path}", self._index, make, leaves=leaves)

    def logs_in(self) -> Ask:
        """Log the tenant's user in, for what is asked from then on."""
        cast, index = self._stage.props.driver.cast, self.tenant.index

        async def make(_: int) -> Answer:
            cast.credentials[index] = await cast.renew(index)
            return NOBODY

        # It changes nothing that others could find.
        return self._stage.ask("GET a login", index, make, role=ActorRole.OPERATOR)

    def does(self, action: str, *, for_good: bool = False) -> Ask:
        """Do to the tenant what the target knows how to do.

        Args:
            action: Name in `Target.actions`.
            for_good: Whether the tenant is gone then, and does not come back: what is
                open for it has to be closed once nobody uses it any more.

        Raises:
            UsageError: There is none of this name.
        """
        tenant = self.tenant
        run = _named(self._stage.props.scene.target.actions, action, "actions")

        async def make(_: int) -> Answer:
            await run(self._tools(), tenant)
            if for_good:
                props = self._stage.props
                now = props.scene.recorder.now()
                gone = Removed("removed", now, props.schedule, tenant.index)
                props.scene.recorder.add(gone)
            return NOBODY

        return self._stage.ask(action, tenant.index, make, role=ActorRole.OPERATOR)

    def writes(self, subject: str, generation: int) -> Ask:
        """Write a generation of something.

        Args:
            subject: Name in `Target.generations`.
            generation: Higher than those that were written before, from 1.
        """
        of, tenant = self._of(subject), self.tenant

        async def make(actor: str) -> None:
            await of.write(self._tools(), tenant, self._sends(), generation)
            props = self._stage.props
            event = Wrote(
                "wrote",
                props.scene.recorder.now(),
                props.schedule,
                0,
                tenant.index,
                subject,
                generation,
                actor,
            )
            props.scene.recorder.add(event)

        return self._stage.operate(f"PUT {subject} {generation}", tenant.index, make)

    def sees(self, subject: str) -> Ask:
        """Look which generation of something is shown.

        Args:
            subject: Name in `Target.generations`.
        """
        of, tenant = self._of(subject), self.tenant

        async def make(actor: str) -> None:
            seen = await of.read(self._tools(), tenant, self._sends())
            props = self._stage.props
            event = Saw(
                "saw",
                props.scene.recorder.now(),
                props.schedule,
                0,
                tenant.index,
                subject,
                seen,
                of.fresh,
                actor,
            )
            props.scene.recorder.add(event)

        return self._stage.operate(f"GET {subject}", tenant.index, make)

    def _of(self, subject: str) -> Generations:
        return _named(
            self._stage.props.scene.target.generations, subject, "generations"
        )

    def _tools(self) -> HookTools:
        props = self._stage.props
        return props.scene.tools(props.client, self.tenant, Role.PROVISION)

    def _sends(self) -> Mapping[str, str]:
        cast = self._stage.props.driver.cast
        return dict(cast.credentials[self.tenant.index].headers)

    def _access(self) -> Access:
        if self._index is None:
            return Access()
        return self._stage.props.driver.cast.credentials[self._index]

    def _meaning(self, method: str, path: str) -> Meaning:
        bare = urlsplit(path).path
        return Meaning(
            operation=f"{method} {bare}",
            principal=Principal(self._index, self._index),
            role=Role.CONTROL,
            audience=self._stage.props.scene.target.audience(method, bare),
            mutates=method not in {"GET", "HEAD"},
            owner=self._index,
        )

    def _call(self, method: str, path: str, json: Any) -> Call:
        index, props = self._index, self._stage.props
        tenant = None if index is None else props.world.tenants[index]
        selection = props.scene.target.selector.select(tenant) or Selection()
        return Call(
            method=method,
            path=selection.prefix + path,
            headers=(*selection.headers, *self._access().headers),
            host=selection.host,
            body=b"" if json is None else json_.dumps(json).encode(),
            content_type="" if json is None else "application/json",
        )


def _named(known: Mapping[str, _T], name: str, field: str) -> _T:
    if name not in known:
        raise UsageError(
            f"The target has no {name!r} among its {field}.",
            hint=f"It has: {', '.join(known) or 'none'}. Mark the scenario as "
            f"@scenario({field}=({name!r},)), and it is left out where there is none.",
        )
    return known[name]
