"""Scraping: reads the page of metrics as Prometheus does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from harness.model.event import Audience, Scrape, Series
from harness.model.exposition import Sample, samples
from harness.model.step import Principal, Role
from harness.provisioning.calls import Call, Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model.event import Exchange
    from harness.provisioning.client import Client
    from harness.recording.recorder import Recorder
    from harness.target.operation import Operation

REQUESTS: Final = (3, 5)
"""How many requests of one tenant lie between scrapes that are compared."""
NOBODY: Final = Principal(None, None)


@final
class Scraper:
    """Reads the page of metrics of one running app.

    Args:
        client: Sends and records.
        recorder: Learns what the page showed.
        operation: The page.
    """

    def __init__(
        self, client: Client, recorder: Recorder, operation: Operation
    ) -> None:
        self._client = client
        self._recorder = recorder
        self._operation = operation
        self._boot = recorder.mark

    async def scrape(self) -> Exchange:
        """Read the page once."""
        page = self._operation
        call = Call("GET", page.path, headers=page.scraped or ())
        audience = Audience.OPERATOR
        meaning = Meaning(page.key, NOBODY, Role.PROVISION, audience, scraped=True)
        reply = await self._client.send(call, meaning)
        if reply.exchange.succeeded:
            page_text = reply.answer.content.decode("utf-8", "replace")
            found = list(samples(page_text))
            counters = [sample for sample in found if sample.counts]
            self._recorder.add(
                Scrape(
                    kind="scrape",
                    at=self._recorder.now(),
                    exchange=reply.exchange.id,
                    boot=self._boot,
                    samples=len(found),
                    counted=sum(sample.value for sample in counters),
                    series=tuple(_series(counters, self._recorder.names)),
                )
            )
        return reply.exchange


def _series(counters: list[Sample], names: Mapping[str, int]) -> Iterator[Series]:
    """Yield the counters that a label says to be a tenant's."""
    for sample in counters:
        for label, value in sample.labels:
            tenant = names.get(value.lower())
            if tenant is not None:
                others = ",".join(
                    f"{name}={text}"
                    for name, text in sample.labels
                    if name != label and text.lower() not in names
                )
                yield Series(sample.name, label, others, tenant, sample.value)
