"""The state machine: Hypothesis drives the app as several tenants at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from harness.errors import Inconclusive
from harness.isolation.example import Bridge, Broken, Example, Leak
from harness.isolation.probing import FIRST, SECOND, strangers
from harness.isolation.scripts import with_proof
from harness.model.event import Audience
from harness.model.progress import Progress
from harness.model.step import Principal, Role, Step

if TYPE_CHECKING:
    from harness.isolation.scripts import Judge
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.provisioning.stage import Stage


Rules = dict[str, st.SearchStrategy[Step]]


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


def _rules(stage: Stage) -> Rules:
    """Return the steps that may be drawn, by the name of their rule.

    Each operation is two rules of its own, so that Hypothesis spreads its draws
    over the operations and, example by example, leaves some of them out.
    """
    rules: Rules = {}
    for number, operation in enumerate(stage.catalogue.operations.values()):
        if operation.skipped or operation.audience is Audience.OPERATOR:
            continue
        for_tenants = operation.audience is Audience.TENANT
        if operation.mutates and not for_tenants:
            continue
        rules[f"as_owner_{number}"] = _owners(stage, operation.key)
        if for_tenants:
            name = f"as_somebody_else_{number}"
            rules[name] = _strangers(stage, operation.key)
    return rules


def _machine(rules: Rules, bridge: Bridge) -> type[RuleBasedStateMachine]:
    """Make the class of the state machine, bound to this run."""

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
    rules: Rules, bridge: Bridge, *, examples: int, steps: int, seed: int
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
    machine = hypothesis.seed(seed)(_machine(rules, bridge))
    try:
        run_state_machine_as_test(machine, settings=settings)
    except (Broken, Leak, hypothesis.errors.HypothesisException) as error:
        # An example that ends early, or does not show again what it once did, is
        # what Hypothesis may object to; but what ended it stands.
        if bridge.broken is None and bridge.leak is None:
            message = f"The state machine could not go on: {error}"
            hint = "Does the app answer otherwise each time? Try --no-machine."
            raise Inconclusive(message, hint=hint) from error
    if bridge.broken is not None:
        raise bridge.broken.error
    return bridge.leak


async def _searched(rules: Rules, bridge: Bridge, **options: int) -> Leak | None:
    """Search in a thread, and see it end: also when this is cancelled."""
    # An app's abandoned connections complain when they are collected; in the midst
    # of Hypothesis' parsing of source code, CPython 3.11 would trip over that.
    gc.collect()
    search = asyncio.create_task(asyncio.to_thread(_search, rules, bridge, **options))
    try:
        return await asyncio.shield(search)
    finally:
        if not search.done():
            await bridge.stop()
            await asyncio.wait({search})


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

    rules = _rules(stage)
    loop = asyncio.get_running_loop()
    bridge = Bridge(loop, lambda: Example(stage, judge, seen), began)
    try:
        while rules and begun < examples and not (only_first and found):
            left, fresh = examples - begun, seed + len(seen)
            leak = await _searched(
                rules, bridge, examples=left, steps=steps, seed=fresh
            )
            if leak is None:
                break
            seen |= {finding.fingerprint for finding in leak.findings}
            for proven in await _proven(stage, judge, leak):
                found.append(proven)
                told = proven.summary
                listener(Progress("machine", begun, examples, finding=told))
    finally:
        await bridge.stop()
    return found


async def _proven(stage: Stage, judge: Judge, leak: Leak) -> list[Finding]:
    """Return what an example showed and shows again, with its shortest scripts."""
    tried = [
        await with_proof(stage, judge, finding, leak.trail) for finding in leak.findings
    ]
    return [finding for finding in tried if finding is not None]
