"""The model provider on loopback: started, controlled and looked at from here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import final

from harness.environment.loopback import on_loopback
from harness.environment.provider_stub.calls import Call, CallLog
from harness.environment.provider_stub.faults import Control
from harness.environment.provider_stub.keys import AnyKeys, Keys
from harness.environment.provider_stub.service import Listener, ProviderService


@final
class ProviderStub:
    """A running provider; made by `provider_stub`.

    Attributes:
        url: Base URL for an SDK, without ``/v1``.
        control: Scripts what happens instead of an answer.
    """

    def __init__(
        self, url: str, control: Control, calls: CallLog, service: ProviderService
    ) -> None:
        self.url = url
        self.control = control
        self._calls = calls
        self._service = service

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls so far, oldest first."""
        return self._calls.since()

    @property
    def mark(self) -> int:
        """Position in the calls, to hand to `calls_since` later."""
        return self._calls.mark

    def calls_since(self, mark: int) -> Mapping[int | None, tuple[Call, ...]]:
        """Return the calls that came after a mark, by whose key they carried.

        None stands for keys that are no tenant's. What the SDK tries again is a call
        as well; ``call.retry`` tells it from a first try.
        """
        return self._calls.by_owner(mark)

    def remaining(self, key: str) -> Mapping[str, int]:
        """Return what a key has left in this minute, by kind."""
        return self._service.limit_of(key).remaining()

    def exhaust(self, key: str) -> None:
        """Use up the requests that a key has left in this minute."""
        self._service.limit_of(key).exhaust()

    @contextmanager
    def used_up(self, key: str) -> Iterator[None]:
        """Refuse every call with a key until the block ends, as one over its limit.

        The SDK is told not to try again: it would wait a minute.
        """
        limit = self._service.limit_of(key)
        limit.exhaust()
        self.control.refuse(429, key=key, retry_after=limit.retry_after, final=True)
        try:
            yield
        finally:
            self.control.clear(key=key)
            limit.renew()

    def renew(self) -> None:
        """Start a new minute for every key: nothing is used."""
        self._service.renew()


def _nobody(call: Call) -> None:
    """Hear nothing."""


@asynccontextmanager
async def provider_stub(
    keys: Keys | None = None,
    listener: Listener = _nobody,
    *,
    port: int = 0,
    keep: bool = True,
    tools: bool = True,
) -> AsyncIterator[ProviderStub]:
    """Run a provider until the block ends.

    It speaks the Messages API: whole messages, streams of events, token counts,
    models, errors, and the rate-limit headers of each key. The model repeats what
    the user said last.

    Args:
        keys: Tells whose a key is and what it may use; by default any key is
            nobody's and may use as good as anything.
        listener: Hears of each call before it is answered, on the server's thread.
        port: Where to listen; 0 for any free port.
        keep: Whether `ProviderStub.calls` holds the bodies of the calls.
        tools: Whether the model uses a tool for each question where it is free to.

    Raises:
        ResourceError: The port is in use.
    """
    control, calls = Control(), CallLog()
    service = ProviderService(
        keys or AnyKeys(), control, calls, listener, keep=keep, tools=tools
    )
    async with on_loopback(service, port=port) as url:
        yield ProviderStub(url, control, calls, service)
