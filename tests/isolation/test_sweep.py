"""The sweep: all operations, each on a state that is fit for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import AppFailed
from harness.isolation.sweep import Sweep
from harness.model.finding import Finding
from harness.model.step import Principal, Role
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

PROBED = ("GET /plans", "GET /stats", LIST, FLAG, READ, CREATE, SWITCH, CHANGE, REMOVE)


async def swept(desk: Staged, *, only_first: bool = False) -> list[Finding]:
    sweep = Sweep(desk.stage, check, desk.told.append, only_first=only_first)
    return await sweep.run()


def told_of(desk: Staged) -> list[str]:
    """Return the operations that progress was told of, in order."""
    return [one.detail for one in desk.told if one.detail]


async def test_a_correct_app_is_swept_on_one_boot_and_nothing_is_found(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)

    assert await swept(desk) == []

    assert desk.boots == 1
    assert desk.running == 0
    assert [one for one in told_of(desk) if one in PROBED] == list(PROBED)
    assert {(one.done, one.total) for one in desk.told} == {
        (number, len(desk.told)) for number in range(len(desk.told))
    }
    assert not desk.notes()


@pytest.mark.parametrize(
    ("operation", "effect"),
    [
        (LIST, "answered with A's POST /notes body.text"),
        (READ, "answered with A's POST /notes body.text"),
        (CREATE, "wrote into A's data"),
        (CHANGE, "wrote into A's data"),
        (SWITCH, "changed what A reads"),
        (REMOVE, "made A's object unreachable for its owner"),
    ],
)
async def test_each_operation_that_works_for_others_is_found_with_its_steps(
    tmp_path: Path, operation: str, effect: str
) -> None:
    desk = await staged(tmp_path, f"any token: {operation.partition('{')[0]}")

    findings = await swept(desk)

    access = next(one for one in findings if one.operation == operation)
    assert (access.oracle, access.shape) == ("access", "mixed")
    assert effect in access.summary
    [step] = access.script
    assert (step.operation, step.principal) == (operation, Principal(1, 0))


async def test_what_was_written_is_seen_by_readings_and_nothing_else_is_blamed(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token: PUT /notes/")

    found = {(one.oracle, one.operation, one.shape) for one in await swept(desk)}

    assert found == {
        ("access", CHANGE, "mixed"),
        ("canary", READ, "another tenant"),
        ("canary", LIST, "another tenant"),
    }


async def test_after_a_finding_the_rest_is_swept_on_a_fresh_state(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token: POST /notes")
    seeded = len(desk.stage.world.objects[0])

    assert await swept(desk)

    changed = [
        one.request
        for one in desk.exchanges()
        if one.operation == CHANGE
        and one.role is Role.CONTROL
        and one.principal == Principal(0, 0)
    ]
    # Of all the notes that were written meanwhile nothing is left.
    assert changed == [f"PUT /notes/{seeded + 1}"]
    assert [one for one in told_of(desk) if one in PROBED] == list(PROBED)


async def test_each_finding_is_made_once_and_told_at_once(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "any token")

    findings = await swept(desk)

    prints = [one.fingerprint for one in findings]
    assert len(set(prints)) == len(prints) > 5
    assert [one.finding for one in desk.told if one.finding] == [
        one.summary for one in findings
    ]
    assert all(one.script for one in findings)


async def test_it_ends_with_the_first_finding_where_one_is_enough(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "any token")

    [finding] = await swept(desk, only_first=True)

    assert finding.operation == LIST
    assert READ not in told_of(desk)


async def test_a_leak_that_takes_two_steps_is_found_with_both(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "cache")

    [finding] = await swept(desk, only_first=True)

    assert (finding.oracle, finding.operation) == ("canary", LIST)
    assert [step.principal for step in finding.script] == [
        Principal(0, 0),
        Principal(1, 1),
    ]


async def test_a_control_that_fails_on_a_used_state_is_tried_again_afresh(
    tmp_path: Path,
) -> None:
    # Nothing can be deleted by who set its flag.
    desk = await staged(tmp_path, "frozen")

    assert await swept(desk) == []

    assert told_of(desk).count(REMOVE) == desk.boots == 2
    removed = [one for one in desk.exchanges() if one.operation == REMOVE]
    controls = [one.status for one in removed if one.role is Role.CONTROL]
    assert 409 in controls
    assert controls[-3:] == [204] * 3
    assert desk.probes(REMOVE)


async def test_a_control_that_fails_afresh_too_is_given_up(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "no deletes")

    assert await swept(desk) == []

    assert told_of(desk).count(REMOVE) == desk.boots == 2
    assert not desk.probes(REMOVE)


async def test_a_control_that_fails_on_a_state_nobody_used_is_not_tried_again(
    tmp_path: Path,
) -> None:
    skip = (CREATE, CHANGE, SWITCH, REMOVE)
    desk = await staged(tmp_path, skip=skip)

    assert await swept(desk) == []

    assert desk.boots == 1
    assert told_of(desk).count(READ) == 1
    assert not set(told_of(desk)) & set(skip)


async def test_circumstances_that_do_not_show_again_are_noted_once(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "late")

    assert await swept(desk) == []

    assert len(desk.notes()) == len(set(desk.notes())) == 1
    assert "not again on a fresh state: PUT /flag" in desk.notes()[0]


async def test_an_app_that_no_longer_starts_ends_it_as_what_it_is(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)
    desk.state.copy.write_text("{")

    with pytest.raises(AppFailed, match="JSONDecodeError"):
        await swept(desk)

    assert desk.running == 0


def test_steps_read_as_sentences() -> None:
    assert str(own(LIST, 1)) == "B: GET /notes"
    assert str(foreign(READ)) == (
        "B's credential with A selected: GET /notes/{note_id} on A's object"
    )
