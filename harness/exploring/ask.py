"""Something that is asked on a stage, by an actor of its own."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, final

from harness.errors import ProvisioningError
from harness.hosting.hosted import ConnectionDropped
from harness.model.race import ActorCame, ActorRole, ActorWent
from harness.scheduling.actors import ACTOR, Actor
from harness.target.tools import Answer

if TYPE_CHECKING:
    from harness.exploring.stage import Stage

NOBODY: Final = Answer(0, (), b"")
"""What a request is answered whose client went away, or that was dropped."""


@final
class Ask:
    """Something that is asked of the app; it begins when it is awaited, or gathered.

    It has an actor of its own: a schedule decides when it arrives. Who awaits it again
    gets the same answer.
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
        self._task: asyncio.Task[Answer] | None = None

    def __await__(self) -> Generator[Any, None, Answer]:
        return self.begin().__await__()

    def begin(self) -> asyncio.Task[Answer]:
        """Start it, unless it has begun; return what will have the answer."""
        if self._task is None:
            context = contextvars.copy_context()
            context.run(ACTOR.set, self._actor.name)
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), context=context)
        return self._task

    async def _run(self) -> Answer:
        props = self._stage.props
        if self._number in props.skipped:
            return NOBODY
        props.kernel.actors[self._actor.name] = self._actor
        recorder = props.scene.recorder
        # What an operator does takes any number of requests.
        asks = self._role is ActorRole.REQUEST
        exchange = recorder.next_exchange() if asks else 0
        self._actor.exchange = exchange
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
                process=props.process,
            )
        )
        try:
            return await self._make(exchange)
        except ConnectionDropped:
            return NOBODY
        except ProvisioningError as error:
            # An action met an answer that it had not expected.
            props.refusals.append(f"{self._actor.about}: {error.message}")
            return NOBODY
        finally:
            recorder.add(
                ActorWent(
                    kind="actor went",
                    at=recorder.now(),
                    schedule=props.schedule,
                    actor=self._actor.name,
                )
            )
