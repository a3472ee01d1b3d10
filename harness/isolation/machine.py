"""The state machine: Hypothesis drives the app as several tenants at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from harness.isolation.probing import FIRST, SECOND, strangers
from harness.isolation.scripts import with_proof
from harness.model.event import Audience
from harness.model.progress import Progress
from harness.model.step import Principal, Role, Step

if TYPE_CHECKING:
    from harness.isolation.scripts import Judge
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.provisioning.driver import Driver, Taken
    from harness.provisioning.stage import Stage

T = TypeVar("T")


class Leak(BaseException):
    """An example showed something new; ends Hypothesis' search at once.

    Args:
        findings: What.
        trail: The steps of the example.
    """

    def __init__(self, findings: list[Finding], trail: list[Taken]) -> None:
        super().__init__(findings[0].summary)
        self.findings = findings
        self.trail = trail


class Broken(BaseException):
    """Something failed that says nothing of the app; carried past Hypothesis.

    Args:
        error: What failed.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class Stopped(BaseException):
    """The run is being cancelled; Hypothesis lets this through."""


Done = asyncio.Future[None]


class Example:
    """One example: a fresh app, its steps, and what they show.

    The app is started, driven and stopped in one task, as context managers need.

    Args:
        stage: Boots the app.
        judge: Tells what the steps showed.
        known: Fingerprints that are found already.
    """

    def __init__(self, stage: Stage, judge: Judge, known: set[str]) -> None:
        self._stage = stage
        self._judge = judge
        self._known = known
        self._mark = stage.recorder.mark
        self._steps: asyncio.Queue[tuple[Step, Done] | None] = asyncio.Queue()
        self._pending: Done | None = None
        self._ready: Done = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        try:
            async with self._stage.boot() as driver:
                self._ready.set_result(None)
                while (item := await self._steps.get()) is not None:
                    await self._take(driver, *item)
        finally:
            if self._pending is not None and not self._pending.done():
                self._pending.set_exception(Stopped())

    async def _take(self, driver: Driver, step: Step, done: Done) -> None:
        try:
            await driver.make(step)
            fresh = self._news()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            done.set_exception(error)
        else:
            if fresh:
                done.set_exception(Leak(fresh, list(driver.trail)))
            else:
                done.set_result(None)

    def _news(self) -> list[Finding]:
        history = self._stage.history(self._stage.recorder.since(self._mark))
        return [
            finding
            for finding in self._judge(history)
            if finding.fingerprint not in self._known
        ]

    async def ready(self) -> None:
        """Wait until the app runs."""
        waiting: set[asyncio.Future[None]] = {self._task, self._ready}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def step(self, step: Step) -> None:
        """Make a step.

        Raises:
            Leak: It showed something new.
        """
        if self._task.done():
            raise Stopped
        done: Done = asyncio.get_running_loop().create_future()
        self._pending = done
        await self._steps.put((step, done))
        await done

    async def close(self) -> None:
        """Stop the app."""
        await self._steps.put(None)
        await self._task

    async def abort(self) -> None:
        """Stop the app, whatever it is doing."""
        self._task.cancel()
        await asyncio.wait({self._task})


class Bridge:
    """Lets Hypothesis' thread await what runs in the event loop.

    Args:
        loop: The event loop.
        open_example: Starts an example.
        began: Called when one begins.

    Attributes:
        leak: What the latest search came upon.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_example: Callable[[], Example],
        began: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._open_example = open_example
        self._began = began
        self._example: Example | None = None
        self._stopped = False
        self.leak: Leak | None = None

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and return what it returns."""
        if self._stopped:
            coroutine.close()
            raise Stopped
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except Leak as leak:
            self.leak = leak
            raise
        except concurrent.futures.CancelledError as error:
            raise Stopped from error
        except Exception as error:
            raise Broken(error) from error

    def open(self) -> Example:
        """Start an example and wait until its app runs."""
        self._began()
        return self.call(self._opened())

    async def _opened(self) -> Example:
        self._example = self._open_example()
        await self._example.ready()
        return self._example

    async def stop(self) -> None:
        """End the running example, and refuse further ones."""
        self._stopped = True
        if self._example is not None:
            await self._example.abort()


def _owners(stage: Stage, operation: str) -> st.SearchStrategy[Step]:
    """Return a strategy for an operation as any of its owners."""

    def own(tenant: int, case: int, pick: int) -> Step:
        whole = Principal(tenant, tenant)
        return Step(operation, whole, tenant, Role.CONTROL, case, pick)

    tenants = st.integers(0, len(stage.world.tenants) - 1)
    return st.builds(own, tenants, st.integers(0, 2), st.integers(0, 2))


def _strangers(stage: Stage, operation: str) -> st.SearchStrategy[Step]:
    """Return a strategy for an operation as anybody but its owner."""
    tried = [
        (principal, victim)
        for attacker, victim in ((SECOND, FIRST), (FIRST, SECOND))
        for principal in strangers(attacker, victim, stage)
    ]

    def other(who: tuple[Principal, int], pick: int) -> Step:
        return Step(operation, who[0], who[1], Role.PROBE, 0, pick)

    return st.builds(other, st.sampled_from(tried), st.integers(0, 2))


def _machine(stage: Stage, bridge: Bridge) -> type[RuleBasedStateMachine]:
    """Make the class of the state machine, bound to this run.

    Each operation is two rules of its own, so that Hypothesis spreads its draws
    over the operations and, example by example, leaves some of them out.
    """

    class Tenants(RuleBasedStateMachine):
        """Several tenants, each doing what it may, and what it may not."""

        def __init__(self) -> None:
            super().__init__()
            self.example = bridge.open()

        def make(self, step: Step) -> None:
            """Make a step."""
            bridge.call(self.example.step(step))

        def teardown(self) -> None:
            """Stop the app."""
            bridge.call(self.example.close())

    for number, operation in enumerate(stage.catalogue.operations.values()):
        if operation.skipped or operation.audience is Audience.OPERATOR:
            continue
        for_tenants = operation.audience is Audience.TENANT
        if operation.mutates and not for_tenants:
            continue
        rules = {f"as_owner_{number}": _owners(stage, operation.key)}
        if for_tenants:
            name = f"as_somebody_else_{number}"
            rules[name] = _strangers(stage, operation.key)
        for name, steps in rules.items():
            setattr(Tenants, name, rule(step=steps)(_named(name)))
    return Tenants


def _named(name: str) -> Callable[[Any, Step], None]:
    """Return a rule's function: Hypothesis tells rules apart by their names."""

    def make(machine: Any, step: Step) -> None:
        machine.make(step)

    make.__name__ = make.__qualname__ = name
    return make


def _search(
    stage: Stage, bridge: Bridge, *, examples: int, steps: int, seed: int
) -> Leak | None:
    """Let Hypothesis draw examples until one shows something new.

    It does not shrink: the script of a finding is shortened as a list of steps,
    for the sweep and the machine alike.
    """
    settings = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    bridge.leak = None
    machine = hypothesis.seed(seed)(_machine(stage, bridge))
    try:
        run_state_machine_as_test(machine, settings=settings)
    except (Leak, hypothesis.errors.HypothesisException):
        # An app whose state is not set back may show on a second try what it did
        # not on the first, and Hypothesis objects; the leak itself stands.
        if bridge.leak is None:
            raise
    except Broken as broken:
        raise broken.error from broken
    return bridge.leak


async def run_machine(
    stage: Stage,
    judge: Judge,
    listener: Listener,
    *,
    examples: int,
    steps: int,
    seed: int,
    known: set[str],
    only_first: bool,
) -> list[Finding]:
    """Let Hypothesis look for what the sweep did not see.

    Args:
        stage: Boots the app.
        judge: Tells what the steps showed.
        listener: Hears of progress.
        examples: How many examples to draw in all.
        steps: Steps per example, at most.
        seed: Of what is drawn.
        known: Fingerprints that are found already, and are passed over.
        only_first: Whether to stop at the first finding.

    Returns:
        What was found, each with its shortest script.
    """
    seen = set(known)
    found: list[Finding] = []
    begun = 0

    def began() -> None:
        nonlocal begun
        begun += 1
        listener(Progress("machine", min(begun, examples), examples))

    # An app's abandoned connections complain when they are collected; in the midst
    # of Hypothesis' parsing of source code, CPython 3.11 would trip over that.
    gc.collect()
    loop = asyncio.get_running_loop()
    bridge = Bridge(loop, lambda: Example(stage, judge, seen), began)
    try:
        while begun < examples and not (only_first and found):
            leak = await asyncio.to_thread(
                _search,
                stage,
                bridge,
                examples=examples - begun,
                steps=steps,
                seed=seed + len(seen),
            )
            if leak is None:
                break
            for finding in leak.findings:
                seen.add(finding.fingerprint)
                proven = await with_proof(stage, judge, finding, leak.trail)
                if proven is not None:
                    found.append(proven)
                    told = Progress("machine", begun, examples, finding=proven.summary)
                    listener(told)
    finally:
        await bridge.stop()
    return found
