"""From a request that the app made to an event: where it went, and what it held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, final
from urllib.parse import unquote

from harness.environment.inbound import Inbound
from harness.environment.provider_stub.calls import Call
from harness.model.canary import CanaryKey
from harness.model.event import Channel, Destination, Egress, Found, Unseen
from harness.model.masking import masked
from harness.model.scanner import Hit
from harness.model.tenant import FIRST_NOBODY, STRANGER
from harness.recording.recorder import Recorder

_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "x-api-key"})


@final
class OutgoingReader:
    """Records each request that reaches the provider or the sink.

    It is called on the threads of these servers, before they answer: what an app
    waits for is recorded when its own answer comes.

    Args:
        recorder: Takes the events; its scanner tells what a request holds, and it
            knows which exchange is going on.
        key: Of the canaries, which requests are shown without.
    """

    def __init__(self, recorder: Recorder, key: CanaryKey) -> None:
        self._recorder = recorder
        self._key = key

    def call(self, call: Call) -> None:
        """Record a call of the model provider."""
        self._record(Destination.PROVIDER, call.request, retry=call.retry)

    def request(self, request: Inbound) -> None:
        """Record a request to the sink."""
        self._record(Destination.SINK, request)

    def _record(
        self, destination: Destination, request: Inbound, *, retry: int = 0
    ) -> None:
        event: Egress | Unseen
        try:
            event = self._event(destination, request, retry)
        except Exception as error:  # noqa: BLE001 - never into the app, never lost
            reason = f"{type(error).__name__}: {error}"
            event = Unseen("unseen", f"read a request to the {destination}", reason)
        self._recorder.add(event)

    def _event(self, destination: Destination, request: Inbound, retry: int) -> Egress:
        scanner = self._recorder.scanner
        url = scanner.scan_text(unquote(request.target))
        head = tuple(self._head(request))
        body = scanner.scan(request.body, request.header("content-encoding"))
        return Egress(
            kind="egress",
            at=self._recorder.now(),
            exchange=self._recorder.only_exchange,
            destination=destination,
            request=masked(f"{request.method} {request.target}", url, self._key),
            addressed=_owners(url),
            credentialed=_owners(one.hit for one in head if one.where in _CREDENTIALS),
            found=(*_placed("url", url), *head, *_placed("body", body)),
            retry=retry,
        )

    def _head(self, request: Inbound) -> Iterator[Found]:
        scanner = self._recorder.scanner
        for name, value in request.headers:
            yield from _placed(name, scanner.scan_text(value))


def _placed(where: str, hits: Iterable[Hit]) -> Iterator[Found]:
    return (Found(Channel.EGRESS, where, hit) for hit in hits)


def _owners(hits: Iterable[Hit]) -> frozenset[int]:
    """Return whose canaries they are; a stranger can set an address, too."""
    return frozenset(
        hit.owner for hit in hits if hit.owner < FIRST_NOBODY or hit.owner == STRANGER
    )
