"""Scripts: steps that reproduce a finding, made as short as they can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model.event import Note
from harness.model.step import Role
from harness.provisioning.driver import Impossible

if TYPE_CHECKING:
    from harness.model.finding import Finding
    from harness.model.history import History
    from harness.model.step import Step
    from harness.provisioning.driver import Taken
    from harness.provisioning.stage import Stage

Judge = Callable[["History"], list["Finding"]]
Script = tuple["Step", ...]

CONFIRMATIONS = 2
"""How often circumstantial evidence must show again."""
REHEARSALS = 24
"""How often a script is tried, at most, to make it shorter."""


@dataclass(frozen=True, slots=True)
class Performance:
    """How a script went.

    Attributes:
        findings: What its steps showed.
        obstacles: Why steps could not be made, or failed as their own owner.
    """

    findings: tuple[Finding, ...]
    obstacles: tuple[str, ...]


async def perform(stage: Stage, judge: Judge, script: Script) -> Performance:
    """Make a script's steps on a fresh state and judge what happened."""
    mark = stage.recorder.mark
    obstacles = []
    async with stage.boot() as driver:
        for step in script:
            outcome = await driver.make(step)
            if isinstance(outcome, Impossible):
                obstacles.append(f"{step}: {outcome.reason}")
            elif step.role is Role.CONTROL and not outcome.succeeded:
                failure = outcome.failure or f"status {outcome.status}"
                obstacles.append(f"{step}: {failure}")
    findings = judge(stage.history(stage.recorder.since(mark)))
    return Performance(tuple(findings), tuple(obstacles))


async def _reproduces(
    stage: Stage, judge: Judge, script: Script, fingerprint: str
) -> bool:
    """Whether a script shows a finding; leaves no trace in the history."""
    mark = stage.recorder.mark
    try:
        performance = await perform(stage, judge, script)
    finally:
        stage.recorder.forget(mark)
    return any(one.fingerprint == fingerprint for one in performance.findings)


async def with_proof(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Finding | None:
    """Give a finding the steps that reproduce it.

    What chance could explain must show again, each time, when nothing but its last
    step is made on a fresh state: nothing earlier can then have come late.

    Returns:
        The finding; None if it was circumstantial and did not show again.
    """
    if not finding.circumstantial:
        script = await shortest(stage, judge, finding, trail)
        return finding.with_script(script)
    script = _until_evidence(finding, trail)[-1:]
    for _ in range(CONFIRMATIONS):
        if not await _reproduces(stage, judge, script, finding.fingerprint):
            text = f"Seen once, and not again on a fresh state: {finding.summary}"
            stage.recorder.add(Note("note", text))
            return None
    return finding.with_script(script)


async def shortest(
    stage: Stage, judge: Judge, finding: Finding, trail: list[Taken]
) -> Script:
    """Cut a trail down to the steps without which the finding is not made.

    Steps are dropped in halves, quarters, … and at last one by one, as delta
    debugging does (Zeller and Hildebrandt, 2002), within a bounded number of
    tries.

    Returns:
        The steps; none if the trail does not reproduce the finding.
    """
    script = _until_evidence(finding, trail)
    for guess in _guesses(script):
        if await _reproduces(stage, judge, guess, finding.fingerprint):
            script = guess
            break
    else:
        return ()
    tries, size = REHEARSALS, max(1, len(script) // 2)
    while len(script) > 1 and tries > 0:
        for start in range(0, len(script), size):
            shorter = script[:start] + script[start + size :]
            tries -= 1
            if shorter and await _reproduces(
                stage, judge, shorter, finding.fingerprint
            ):
                script = shorter
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
        size = min(size, max(1, len(script) // 2))
    return script


def _until_evidence(finding: Finding, trail: list[Taken]) -> Script:
    """Return the steps up to the one that gave the first evidence."""
    seen = finding.evidence[0].exchange if finding.evidence else 0
    last = next(
        (i for i, taken in enumerate(trail) if seen in taken.exchanges), len(trail) - 1
    )
    return tuple(taken.step for taken in trail[: last + 1])


def _guesses(script: Script) -> list[Script]:
    """Return likely scripts, the shortest first, the whole one last.

    Most often the last step is enough, or it and the last few of the same
    operation.
    """
    if not script:
        return []
    last = script[-1]
    related = tuple(step for step in script if step.operation == last.operation)
    guesses = [script[-1:], related[-2:], script[-2:], related, script]
    return list(dict.fromkeys(guesses))
