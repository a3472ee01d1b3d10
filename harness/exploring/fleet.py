"""The processes of the app in one schedule: they start and stop one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, final

from harness.errors import AppFailed
from harness.model.boot import Phase

if TYPE_CHECKING:
    from harness.exploring.app import GatedApp


@final
class Fleet:
    """All processes of the app.

    Args:
        apps: One for each process; the first one starts, and stops, first.

    Attributes:
        apps: They.
        on_phase: Hears how far all of them have come.
    """

    def __init__(self, apps: Sequence[GatedApp]) -> None:
        self.apps = tuple(apps)
        self.on_phase: Callable[[Phase], None] = lambda _: None

    @property
    def is_running(self) -> bool:
        """Whether all were started, and none stopped again."""
        return all(app.is_running for app in self.apps)

    async def start(self, *, leaves: bool = False) -> None:
        """Start all.

        Args:
            leaves: Whether the start of the first may be cancelled at any moment.

        Raises:
            AppFailed: One did not start; those before it are stopped.
        """
        for place, app in enumerate(self.apps):
            try:
                await app.start(leaves=leaves and place == 0)
            except AppFailed:
                for earlier in self.apps[:place]:
                    await earlier.stop()
                raise
        self.on_phase(Phase.STARTED)

    async def stop(self) -> None:
        """Stop all that have not been, once each has answered what it was asked.

        Raises:
            AppFailed: One did not stop; it is the last to be told of.
        """
        if all(app.is_stopped for app in self.apps):
            return
        failure: AppFailed | None = None
        for app in self.apps:
            try:
                await app.stop()
            except AppFailed as error:
                failure = error
        if failure is not None:
            raise failure
        self.on_phase(Phase.STOPPED)

    async def restart(self) -> None:
        """Stop all, and start them again with nothing in their memory.

        Raises:
            AppFailed: One did not stop, or not start.
        """
        await self.stop()
        for app in self.apps:
            app.renew()
        await self.start()

    async def drained(self) -> None:
        """Wait until nothing is being served any more."""
        for app in self.apps:
            await app.drained()
