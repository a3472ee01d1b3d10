"""Scripts: as short as they can be, and proof where chance could explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.isolation.scripts import perform, shortest, with_proof
from harness.model.event import Channel
from harness.model.finding import Finding
from harness.model.step import Principal, Step
from harness.provisioning.driver import Taken
from harness.run.judgement import check
from tests.isolation.staging import (
    CHANGE,
    CREATE,
    FLAG,
    LIST,
    READ,
    REMOVE,
    SWITCH,
    Staged,
    foreign,
    own,
    staged,
)

NOISE = [own(one, tenant) for one in (READ, CREATE, FLAG, LIST) for tenant in (0, 1, 2)]
SWITCHED = [own(SWITCH, case=0), own(SWITCH, case=1)]


async def gone_through(
    desk: Staged, steps: list[Step]
) -> tuple[list[Finding], list[Taken]]:
    """Make steps on one boot; return what they showed, and the trail."""
    stage = desk.stage
    mark = stage.recorder.mark
    async with stage.boot() as driver:
        for step in steps:
            await driver.make(step)
    return check(stage.history(stage.recorder.since(mark))), driver.trail


async def shows(desk: Staged, script: tuple[Step, ...], fingerprint: str) -> bool:
    performance = await perform(desk.stage, check, script)
    return any(one.fingerprint == fingerprint for one in performance.findings)


async def is_minimal(desk: Staged, script: tuple[Step, ...], finding: Finding) -> bool:
    """Whether a script shows a finding, and does not without any of its steps."""
    shorter = [script[:one] + script[one + 1 :] for one in range(len(script))]
    if not await shows(desk, script, finding.fingerprint):
        return False
    return not any([await shows(desk, one, finding.fingerprint) for one in shorter])


@pytest.mark.parametrize(
    ("fault", "needed"),
    [
        ("any token", [foreign(LIST)]),
        ("any token", [own(CREATE), foreign(READ)]),
        ("cache", [own(LIST), own(LIST, 1)]),
        ("draft", [own(CHANGE), own(SWITCH, 1), own(LIST, 1)]),
    ],
)
@pytest.mark.parametrize("spread", [0, 1, 12])
async def test_no_step_of_a_shortened_script_can_be_left_out(
    tmp_path: Path, fault: str, needed: list[Step], spread: int
) -> None:
    desk = await staged(tmp_path, fault)
    # What the needed steps say may not be said, or unsaid, by another step.
    noise = [step for step in NOISE if step.operation in {READ, FLAG}] * 2
    steps = [one for step in needed for one in (*noise[:spread], step)]
    findings, trail = await gone_through(desk, steps)
    finding = next(one for one in findings if one.operation == needed[-1].operation)

    script = await shortest(desk.stage, check, finding, trail)

    assert set(script) <= set(needed)
    assert await is_minimal(desk, script, finding)


async def test_rehearsals_leave_no_trace(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "cache")
    [finding, *_], trail = await gone_through(desk, [own(LIST), own(LIST, 1)])
    before = desk.stage.recorder.since()

    assert await shortest(desk.stage, check, finding, trail)

    assert desk.stage.recorder.since() == before
    assert desk.running == 0


async def test_what_came_after_the_evidence_is_never_in_the_script(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token")
    findings, trail = await gone_through(desk, [foreign(LIST), *NOISE])

    [script] = [await shortest(desk.stage, check, one, trail) for one in findings]

    assert script == (foreign(LIST),)


async def test_what_does_not_show_again_has_no_script(tmp_path: Path) -> None:
    leaky, right = tmp_path / "leaky", tmp_path / "right"
    leaky.mkdir()
    right.mkdir()
    desk = await staged(leaky, "any token")
    [finding], trail = await gone_through(desk, [own(CREATE), foreign(LIST)])
    mended = await staged(right)

    assert await shortest(mended.stage, check, finding, trail) == ()
    assert await shortest(desk.stage, check, finding, trail) == (foreign(LIST),)
    assert await shortest(desk.stage, check, finding, []) == ()


async def test_a_proven_finding_is_kept_even_if_it_does_not_show_again(
    tmp_path: Path,
) -> None:
    leaky, right = tmp_path / "leaky", tmp_path / "right"
    leaky.mkdir()
    right.mkdir()
    desk = await staged(leaky, "any token")
    [finding], trail = await gone_through(desk, [foreign(LIST)])
    mended = await staged(right)

    proven = await with_proof(mended.stage, check, finding, trail)

    assert proven == finding
    assert not mended.notes()


async def circumstances(desk: Staged, steps: list[Step]) -> tuple[Finding, list[Taken]]:
    findings, trail = await gone_through(desk, steps)
    [finding] = findings
    assert finding.circumstantial
    return finding, trail


async def test_circumstances_that_show_again_are_a_finding_with_its_last_step(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token: PUT /flag")
    steps = [*NOISE, *SWITCHED, foreign(SWITCH)]
    finding, trail = await circumstances(desk, steps)

    proven = await with_proof(desk.stage, check, finding, trail)

    assert proven is not None
    assert proven.fingerprint == finding.fingerprint
    assert not desk.notes()
    [step] = proven.script
    assert (step.operation, step.principal) == (SWITCH, Principal(1, 0))
    assert await is_minimal(desk, proven.script, finding)


async def test_a_probe_that_writes_what_a_fresh_state_holds_is_varied(
    tmp_path: Path,
) -> None:
    # Seeding wrote variant 0: once more, it changes nothing.
    desk = await staged(tmp_path, "any token: PUT /flag")
    finding, trail = await circumstances(desk, [*SWITCHED, foreign(SWITCH)])
    assert not await shows(desk, (foreign(SWITCH),), finding.fingerprint)

    proven = await with_proof(desk.stage, check, finding, trail)

    assert proven is not None
    assert [step.case for step in proven.script] == [1]


async def test_circumstances_that_do_not_show_again_are_dropped_with_a_note(
    tmp_path: Path,
) -> None:
    # The owner's own writing comes late, while another's is refused.
    desk = await staged(tmp_path, "late")
    finding, trail = await circumstances(desk, [*SWITCHED, foreign(SWITCH)])

    assert await with_proof(desk.stage, check, finding, trail) is None

    [note] = desk.notes()
    assert note == f"Seen once, and not again on a fresh state: {finding.summary}"


async def test_a_performance_says_what_its_steps_showed_and_which_failed(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token: GET /notes")
    script = (own(REMOVE, pick=1), foreign(REMOVE), foreign(LIST))
    good = await perform(desk.stage, check, script)
    bad = await perform(desk.stage, check, (own("GET /gone"), own(SWITCH), *script))

    assert [one.channel for one in good.findings] == [Channel.BODY]
    assert good.obstacles == ()
    assert bad.findings
    assert [one.partition(": ")[0] for one in bad.obstacles] == ["A"]
    assert "no longer offers" in bad.obstacles[0]


async def test_each_performance_begins_on_the_same_state(tmp_path: Path) -> None:
    desk = await staged(tmp_path)
    script = (own(REMOVE), own(CREATE), own(READ))
    asked = []
    await perform(desk.stage, check, ())
    for _ in range(2):
        mark = desk.stage.recorder.mark
        await perform(desk.stage, check, script)
        asked.append([one.request for one in desk.exchanges(mark)])

    assert asked[0] == asked[1]
    assert len(asked[0]) == len(script)
