"""The sweep: each operation as its owner, then under every other identity."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from harness.isolation.probing import Prober, in_order
from harness.isolation.scripts import with_proof
from harness.model.progress import Progress

if TYPE_CHECKING:
    from harness.isolation.scripts import Judge
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.model.step import Step
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Stage
    from harness.target.operation import Operation


class Sweep:
    """Goes through all operations once, and at last again through those that tell.

    Args:
        stage: Boots the app.
        judge: Tells what a stretch of history shows.
        listener: Hears of progress.
        only_first: Whether to stop at the first finding.
    """

    def __init__(
        self, stage: Stage, judge: Judge, listener: Listener, *, only_first: bool
    ) -> None:
        self._stage = stage
        self._judge = judge
        self._listener = listener
        self._only_first = only_first
        self._found: list[Finding] = []
        self._seen: set[str] = set()
        self._done = 0
        self._listening: list[Step] = []
        operations = stage.catalogue.operations.values()
        self._queue = deque(in_order([one for one in operations if not one.skipped]))
        self._total = len(self._queue)

    async def run(self) -> list[Finding]:
        """Sweep, on a fresh state again after each finding.

        Returns:
            What was found, each with the steps that reproduce it.
        """
        while self._queue and not (self._only_first and self._found):
            async with self._stage.boot() as driver:
                for step in self._listening:
                    await driver.make(step)
                fresh = await self._until_something(driver)
                trail = list(driver.trail)
            admitted = [one for one in driver.admitted if not one.principal.whole]
            self._listening = list(dict.fromkeys([*self._listening, *admitted]))
            for finding in fresh:
                self._seen.add(finding.fingerprint)
                proven = await with_proof(self._stage, self._judge, finding, trail)
                if proven is not None:
                    self._found.append(proven)
                    self._tell_finding(proven)
        return self._found

    async def _until_something(self, driver: Driver) -> list[Finding]:
        """Probe operations until there is a finding, or the state is spoilt."""
        prober = Prober(driver, self._stage)
        dirty, booted = False, self._stage.recorder.mark
        while self._queue:
            operation = self._queue[0]
            self._tell(operation)
            worked = await prober.probe(operation)
            fresh = self._news(booted)
            if not worked and dirty and not fresh:
                return []  # earlier steps may be to blame: once more, afresh
            self._queue.popleft()
            self._done += 1
            if not self._queue:
                await prober.revisit()
                fresh = self._news(booted)
            if fresh:
                return fresh
            dirty = dirty or operation.mutates
        return []

    def _news(self, mark: int) -> list[Finding]:
        findings = self._judge(self._stage.history(self._stage.recorder.since(mark)))
        return [one for one in findings if one.fingerprint not in self._seen]

    def _tell_finding(self, finding: Finding) -> None:
        found = finding.summary
        self._listener(Progress("sweep", self._done, self._total, finding=found))

    def _tell(self, operation: Operation) -> None:
        self._listener(Progress("sweep", self._done, self._total, operation.key))
