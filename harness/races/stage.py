"""The stage: what a scenario acts with."""

from __future__ import annotations

import asyncio
import contextvars
import json as json_
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlsplit

from harness.errors import ProvisioningError, UsageError
from harness.hosting.hosted import ConnectionDropped
from harness.model.race import ActorCame, ActorRole
from harness.model.step import Principal, Role, Step
from harness.provisioning.client import Call, Meaning
from harness.scheduling.actors import ACTOR, Actor
from harness.target.selector import Selection
from harness.target.tools import Answer

if TYPE_CHECKING:
    from harness.model.tenant import Tenant
    from harness.model.world import World
    from harness.provisioning.client import Client
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Scene
    from harness.races.app import GatedApp
    from harness.scheduling.kernel import Kernel

NOBODY: Answer = Answer(0, (), b"")
"""What a request is answered whose client went away, or that was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Props:
    """What all that act on one stage share.

    Attributes:
        scene: The target, and what its requests are recorded with.
        world: Who is there.
        app: The app of this schedule.
        kernel: Decides who goes on.
        client: Sends and records.
        driver: Makes steps of the world's catalogue.
        reads: Keys of readings that work for any tenant and need no object.
        schedule: Number of the schedule.
        cast: Index of the tenant that plays each part.
        skipped: Numbers of requests that are left out.
        fails: For each tenant what its initialisation may meet.
    """

    scene: Scene
    world: World
    app: GatedApp
    kernel: Kernel
    client: Client
    driver: Driver
    reads: tuple[str, ...]
    schedule: int
    cast: tuple[int, ...]
    skipped: frozenset[int] = frozenset()
    fails: dict[int | None, frozenset[str]] = field(default_factory=dict)


@final
class Ask:
    """Something that is asked of the app; it begins when it is awaited, or gathered.

    It has an actor of its own: a schedule decides when it arrives.
    """

    def __init__(
        self,
        stage: Stage,
        number: int,
        actor: Actor,
        *,
        role: ActorRole,
        tenant: int | None,
        make: Callable[[int], Coroutine[Any, Any, Answer]],
    ) -> None:
        self._stage = stage
        self._number = number
        self._actor = actor
        self._role = role
        self._tenant = tenant
        self._make = make

    def __await__(self) -> Generator[Any, None, Answer]:
        return self.begin().__await__()

    def begin(self) -> asyncio.Task[Answer]:
        """Start it; return what will have the answer."""
        context = contextvars.copy_context()
        context.run(ACTOR.set, self._actor.name)
        loop = asyncio.get_running_loop()
        return loop.create_task(self._run(), context=context)

    async def _run(self) -> Answer:
        props = self._stage.props
        if self._number in props.skipped:
            return NOBODY
        props.kernel.actors[self._actor.name] = self._actor
        recorder = props.scene.recorder
        # What an operator does takes any number of requests.
        asks = self._role is ActorRole.REQUEST
        exchange = recorder.next_exchange() if asks else 0
        recorder.add(
            ActorCame(
                kind="actor",
                at=recorder.now(),
                schedule=props.schedule,
                actor=self._actor.name,
                role=self._role,
                tenant=self._tenant,
                exchange=exchange,
                about=self._actor.about,
            )
        )
        try:
            return await self._make(exchange)
        except ConnectionDropped:
            return NOBODY
        except ProvisioningError:
            # An action met an answer that it had not expected; that is recorded.
            return NOBODY


@final
class Voice:
    """Asks in a tenant's name, or in nobody's.

    Args:
        stage: The stage.
        part: Which part the tenant plays; None for nobody.
    """

    def __init__(self, stage: Stage, part: int | None) -> None:
        self._stage = stage
        self._part = part

    @property
    def tenant(self) -> Tenant:
        """Whose voice it is.

        Raises:
            UsageError: Nobody's.
        """
        index = self._index
        if index is None:
            raise UsageError("The stage's `anybody` is no tenant.")
        return self._stage.props.world.tenants[index]

    @property
    def _index(self) -> int | None:
        if self._part is None:
            return None
        cast = self._stage.props.cast
        return cast[self._part % len(cast)]

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
        index, props = self._index, self._stage.props
        call = self._call(method, path, json)

        async def make(exchange: int) -> Answer:
            bare = urlsplit(path).path
            meaning = Meaning(
                operation=f"{method} {bare}",
                principal=Principal(index, index),
                role=Role.CONTROL,
                audience=props.scene.target.audience(method, bare),
                mutates=method not in {"GET", "HEAD"},
                owner=index,
            )
            return (await props.client.send(call, meaning, id_=exchange)).answer

        return self._stage.ask(f"{method} {path}", index, make, leaves=leaves)

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
                raise UsageError(f"{operation} cannot be asked by {self.tenant.alias}.")
            call, meaning = written
            return (await props.client.send(call, meaning, id_=exchange)).answer

        return self._stage.ask(operation, index, make, leaves=leaves)

    def _call(self, method: str, path: str, json: Any) -> Call:
        index, props = self._index, self._stage.props
        tenant = None if index is None else props.world.tenants[index]
        selection = props.scene.target.selector.select(tenant) or Selection()
        access = () if index is None else props.driver.cast.credentials[index].headers
        return Call(
            method=method,
            path=selection.prefix + path,
            headers=(*selection.headers, *access),
            host=selection.host,
            body=b"" if json is None else json_.dumps(json).encode(),
            content_type="" if json is None else "application/json",
        )


@final
class Stage:
    """What a scenario acts with: tenants that ask, the lifespan, the clock.

    Attributes:
        props: What all that act on it share.
    """

    def __init__(self, props: Props) -> None:
        self.props = props
        self._asked = 0
        self._background: list[asyncio.Task[Answer]] = []

    def tenant(self, part: int) -> Voice:
        """Return the voice of a tenant; which one plays the part is drawn."""
        return Voice(self, part)

    @property
    def anybody(self) -> Voice:
        """The voice of a client without a tenant."""
        return Voice(self, None)

    def ask(
        self,
        about: str,
        tenant: int | None,
        make: Callable[[int], Coroutine[Any, Any, Answer]],
        *,
        leaves: bool = False,
        role: ActorRole = ActorRole.REQUEST,
    ) -> Ask:
        """Return something to await that has an actor of its own."""
        self._asked += 1
        kind = "operator" if role is ActorRole.OPERATOR else "request"
        actor = Actor(f"{kind} {self._asked}", leaves=leaves, about=about)
        return Ask(self, self._asked, actor, role=role, tenant=tenant, make=make)

    def act(self, action: str, part: int = 0) -> Ask:
        """Do to a tenant what the target knows how to do.

        Args:
            action: Name in `Target.actions`.
            part: Of the tenant that it is done to.
        """
        props = self.props
        tenant = self.tenant(part).tenant
        run = props.scene.target.actions[action]

        async def make(_: int) -> Answer:
            tools = props.scene.tools(props.client, tenant, Role.PROVISION)
            await run(tools, tenant)
            return NOBODY

        return self.ask(action, tenant.index, make, role=ActorRole.OPERATOR)

    async def gather(self, *asks: Ask | Awaitable[Any]) -> list[Any]:
        """Ask several things at once; return the answers in the order of the asks.

        The first error of something that is no ask is raised once all are through.
        """
        tasks = [_begun(one) for one in asks]
        await asyncio.wait(tasks)
        return [task.result() for task in tasks]

    def meanwhile(self, *asks: Ask) -> None:
        """Ask, and go on at once; the scenario ends when these are answered, too."""
        self._background += [one.begin() for one in asks]

    async def settled(self) -> None:
        """Wait until what was asked meanwhile is answered."""
        while self._background:
            waiting, self._background = self._background, []
            await asyncio.wait(waiting)
            for task in waiting:
                task.result()

    async def start(self) -> None:
        """Start the app, unless it is started already.

        Raises:
            AppFailed: It did not start.
        """
        await self.props.app.start()

    async def shutdown(self) -> None:
        """Stop the app once it has answered all, as uvicorn does."""
        await self.props.app.stop()

    async def sleep(self, seconds: float) -> None:
        """Let time pass on the schedule's clock."""
        await asyncio.sleep(seconds)

    def may_fail(
        self, part: int | None, outcomes: Iterable[str] = ("raise", "cut off", "hang")
    ) -> None:
        """Have operations that make a tenant's resources fail: schedules try.

        Args:
            part: Of the tenant; None for whatever is not made for a single tenant.
            outcomes: ``raise``, ``cut off`` (done, but no answer) or ``hang``.
        """
        index = None
        if part is not None:
            index = self.tenant(part).tenant.index
        self.props.fails[index] = frozenset(outcomes)


def _begun(one: Ask | Awaitable[Any]) -> asyncio.Future[Any]:
    return one.begin() if isinstance(one, Ask) else asyncio.ensure_future(one)
