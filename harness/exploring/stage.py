"""The stage: what a scenario acts with."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from harness.errors import UsageError
from harness.exploring.ask import NOBODY, Ask
from harness.exploring.voice import Voice
from harness.model.race import ActorRole
from harness.provisioning.driver import Impossible
from harness.scheduling.actors import ACTOR, Actor

if TYPE_CHECKING:
    from harness.exploring.fleet import Fleet
    from harness.exploring.rounds import Round
    from harness.model.step import Step
    from harness.model.world import World
    from harness.provisioning.client import Client
    from harness.provisioning.driver import Driver
    from harness.provisioning.listeners import Listeners
    from harness.provisioning.stage import Scene
    from harness.scheduling.kernel import Kernel
    from harness.target.tools import Answer

__all__ = ["NOBODY", "Ask", "Props", "Stage", "Voice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Props:
    """What all that act on one stage share.

    Attributes:
        scene: The target, and what its requests are recorded with.
        world: Who is there, and at the end who is not there yet.
        fleet: The app of this schedule, in all its processes.
        kernel: Decides who goes on.
        client: Sends and records.
        driver: Makes steps of the world's catalogue.
        reads: Keys of readings that work for any tenant and need no object.
        flows: Keys of streams and sockets that stay open and need no object.
        listeners: Keep open what was opened to be listened to.
        holder: Opens it.
        schedule: Number of the schedule.
        cast: Index of the tenant that plays each part.
        skipped: Numbers of requests that are left out.
        rounds: What is asked at once, where that was drawn.
        fails: For each tenant what its initialisation may meet.
        refusals: Why what an operator did was refused, as it comes.
        numbers: Of what is asked, in order.
        background: What was asked meanwhile, and may go on.
        elsewhere: The same for each further process of the app.
        process: Which of them is asked, from 1.
    """

    scene: Scene
    world: World
    fleet: Fleet
    kernel: Kernel
    client: Client
    driver: Driver
    reads: tuple[str, ...]
    flows: tuple[str, ...]
    listeners: Listeners
    holder: Client
    schedule: int
    cast: tuple[int, ...]
    skipped: frozenset[int] = frozenset()
    rounds: tuple[Round, ...] = ()
    fails: dict[int | None, frozenset[str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    background: list[asyncio.Task[Answer]] = field(default_factory=list)
    elsewhere: tuple[Props, ...] = ()
    process: int = 1


@final
class Stage:
    """What a scenario acts with: tenants that ask, the lifespan, the clock.

    Attributes:
        props: What all that act on it share.
    """

    def __init__(self, props: Props) -> None:
        self.props = props

    def tenant(self, part: int) -> Voice:
        """Return the voice of a tenant; which one plays the part is drawn.

        Args:
            part: From 0; the scenario says how many `tenants` it needs.

        Raises:
            UsageError: There are not so many.
        """
        cast = self.props.cast
        if not 0 <= part < len(cast):
            raise UsageError(
                f"The scenario asks for tenant {part}, and there are {len(cast)}, "
                "from 0.",
                hint=f"Mark it as @scenario(tenants={max(part, 0) + 1}), and it is "
                "left out where there are too few.",
            )
        return Voice(self, cast[part])

    def process(self, number: int) -> Stage:
        """Return the stage on which another process of the app is asked.

        Args:
            number: From 0, which is this one; the scenario says how many `processes`
                there are. They start, and stop, together.

        Raises:
            UsageError: There are not so many.
        """
        if number == 0:
            return self
        others = self.props.elsewhere
        if not 0 < number <= len(others):
            raise UsageError(
                f"The scenario asks for process {number}, and there are "
                f"{len(others) + 1}, from 0.",
                hint=f"Mark it as @scenario(processes={max(number, 0) + 1}).",
            )
        return Stage(others[number - 1])

    @property
    def newcomer(self) -> Voice:
        """The voice of a tenant that the app does not know yet."""
        return Voice(self, len(self.props.world.tenants) - 1)

    @property
    def anybody(self) -> Voice:
        """The voice of a client without a tenant."""
        return Voice(self, None)

    def readiness(self) -> Ask:
        """Ask the app whether it is ready, as who sends it requests does.

        Raises:
            UsageError: The target does not say where.
        """
        return Voice(self, None).asks_readiness()

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
        number = next(self.props.numbers)
        kind = "operator" if role is ActorRole.OPERATOR else "request"
        actor = Actor(f"{kind} {number}", leaves=leaves, about=about)
        return Ask(self, number, actor, role=role, tenant=tenant, make=make)

    def step(self, step: Step, *, leaves: bool = False) -> Ask:
        """Return a step's request; what it makes belongs to its owner from then on.

        It is answered as nobody's where the step cannot be made now.

        Args:
            step: Of the world's catalogue.
            leaves: Whether the client may go away at any moment: schedules try.
        """

        async def make(exchange: int) -> Answer:
            made = await self.props.driver.once(step, id_=exchange)
            return NOBODY if isinstance(made, Impossible) else made.answer

        return self.ask(str(step), step.principal.credential, make, leaves=leaves)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Have what came first go first, for a block: nothing is explored in it."""
        kernel = self.props.kernel
        before, kernel.is_exploring = kernel.is_exploring, False
        try:
            yield
        finally:
            kernel.is_exploring = before

    def operate(
        self, about: str, tenant: int, make: Callable[[str], Awaitable[None]]
    ) -> Ask:
        """Return something to await that takes any number of requests.

        Args:
            about: What it does, for people; it changes nothing if it begins with GET.
            tenant: Whom it concerns.
            make: Does it; it is told the name of its actor.
        """

        async def made(_: int) -> Answer:
            await make(ACTOR.get())
            return NOBODY

        return self.ask(about, tenant, made, role=ActorRole.OPERATOR)

    def act(self, action: str, part: int = 0) -> Ask:
        """Do to a tenant what the target knows how to do; see `Voice.does`."""
        return self.tenant(part).does(action)

    async def gather(self, *asks: Ask | Awaitable[Any]) -> list[Any]:
        """Ask several things at once; return the answers in the order of the asks.

        The first error of something that is no ask is raised once all are through.
        """
        tasks = [_begun(one) for one in asks]
        if tasks:
            await asyncio.wait(tasks)
        return [task.result() for task in tasks]

    def meanwhile(self, *asks: Ask) -> None:
        """Ask, and go on at once; the scenario ends when these are answered, too."""
        self.props.background.extend(one.begin() for one in asks)

    async def settled(self) -> None:
        """Wait until what was asked meanwhile is answered."""
        while waiting := tuple(self.props.background):
            self.props.background.clear()
            await asyncio.wait(waiting)
            for task in waiting:
                task.result()

    async def start(self, *, leaves: bool = False) -> None:
        """Start the app; only for scenarios that are not ``started``.

        Args:
            leaves: Whether the start may be cancelled at any moment: schedules try.

        Raises:
            AppFailed: It did not start.
        """
        await self.props.fleet.start(leaves=leaves)

    async def shutdown(self) -> None:
        """Stop the app once it has answered all, as uvicorn does."""
        # What was asked meanwhile is on its way before.
        await asyncio.sleep(0)
        await self.props.fleet.stop()

    async def restart(self) -> None:
        """Stop the app once it has answered all, and start it again.

        Raises:
            AppFailed: It did not stop, or not start.
        """
        await self.props.fleet.restart()

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
