"""The lifespan of an app: start-up and shutdown, each with a deadline."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, final

from harness.errors import AppFailed
from harness.hosting.asgi import App, Message
from harness.hosting.deadline import Overdue
from harness.hosting.failure import one_line

_ABANDON: Final = 2.0
# What the app says goes where uvicorn would have put it.
_LOGGER: Final = "uvicorn.error"


@final
class Lifespan:
    """Drives the lifespan protocol of one app.

    An app that raises before it asks for the first event has no lifespan, as the
    specification allows; one that raises after it was told to start has failed.

    Args:
        app: The app.

    Attributes:
        state: What the app put there; a copy goes into each request's scope.
    """

    def __init__(self, app: App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._phase = "startup"
        self._ended = {"startup": asyncio.Event(), "shutdown": asyncio.Event()}
        self._failures: dict[str, str] = {}
        self._asked = False
        self._abandoned = False
        self._timeout = 0.0
        self._task: asyncio.Task[None] | None = None

    async def startup(self, timeout: float) -> None:
        """Start the app.

        Raises:
            AppFailed: It raised, said that it failed, or took too long.
        """
        self.begin()
        await self._step("startup", timeout)

    async def shutdown(self, timeout: float) -> None:
        """Stop the app, if it has a lifespan that is still there.

        Raises:
            AppFailed: It raised, said that it failed, or took too long.
        """
        if self._task is None or self._task.done():
            return
        self._phase = "shutdown"
        await self._step("shutdown", timeout)

    def begin(self) -> asyncio.Task[None]:
        """Return the task that the app's lifespan runs in; it begins if it has not."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="lifespan")
        return self._task

    async def _step(self, phase: str, timeout: float) -> None:
        self._timeout = timeout
        self._events.put_nowait({"type": f"lifespan.{phase}"})
        when = "start-up" if phase == "startup" else "shutdown"
        try:
            async with asyncio.timeout(timeout):
                await self._ended[phase].wait()
        except TimeoutError:
            await self._abandon()
            raise AppFailed(
                f"The app's {when} did not end within {timeout:g} s.",
                hint=f"It hangs, or needs a longer {phase}_timeout.",
            ) from None
        except BaseException:
            await self._abandon()
            raise
        if phase in self._failures:
            await self._abandon()
            raise AppFailed(f"The app's {when} failed: {self._failures[phase]}")

    async def _abandon(self) -> None:
        """Cancel what is left; an app may ignore even that."""
        self._abandoned = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_ABANDON)

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except asyncio.CancelledError:
            raise
        except (Exception, Overdue, SystemExit) as error:  # noqa: BLE001 - the app's
            self._note_failure(error)
        finally:
            for ended in self._ended.values():
                ended.set()

    def _note_failure(self, error: BaseException) -> None:
        if isinstance(error, Overdue):
            blocked = f"it blocked the event loop for {self._timeout:g} s."
            self._failures[self._phase] = blocked
        elif self._phase in self._failures:
            return
        elif self._asked and not isinstance(error, _NotLifespan):
            self._failures[self._phase] = one_line(error)
            self._log("Exception in 'lifespan' protocol\n", error)

    def _log(self, text: str, error: BaseException | None = None) -> None:
        if not self._abandoned:
            logging.getLogger(_LOGGER).error(text, exc_info=error)

    async def _receive(self) -> Message:
        self._asked = True
        return await self._events.get()

    async def _send(self, message: Message) -> None:
        kind = str(message["type"])
        if kind == f"lifespan.{self._phase}.failed":
            text = str(message.get("message", ""))
            lines = [line for line in text.splitlines() if line.strip()]
            said = lines[-1].strip() if lines else "it did not say why."
            self._failures[self._phase] = said
            if text:
                self._log(text)
        elif kind != f"lifespan.{self._phase}.complete":
            raise _NotLifespan(f"Unexpected ASGI message {kind!r} in lifespan.")
        self._ended[self._phase].set()


class _NotLifespan(RuntimeError):
    """The app took the lifespan for a request."""
