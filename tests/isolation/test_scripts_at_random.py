"""Whatever anybody does: a correct app is not blamed, and a leak is not missed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.isolation.scripts import perform
from harness.model.step import Principal, Role, Step
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

TENANTS = st.integers(0, 2)
EACH = (CREATE, LIST, READ, CHANGE, REMOVE, FLAG, SWITCH)
Script = list[Step]

halves = st.none() | TENANTS
guests = st.permutations(range(3)).map(lambda few: Principal(few[0], few[1], few[1]))
principals = st.builds(Principal, halves, halves) | guests


@st.composite
def steps(draw: st.DrawFn) -> Step:
    who, owner = draw(principals), draw(TENANTS)
    by_owner = who.whole and who.credential == owner
    role = Role.CONTROL if by_owner else Role.PROBE
    case, pick = draw(st.integers(0, 3)), draw(st.integers(-1, 2))
    return Step(draw(st.sampled_from(EACH)), who, owner, role, case, pick)


scripts = st.lists(steps(), max_size=12)
few_apps = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


def opened(runner: asyncio.Runner, path: Path, fault: str = "") -> Staged:
    return runner.run(staged(path, fault))


def test_whatever_is_done_a_correct_app_is_not_blamed(
    runner: asyncio.Runner, tmp_path: Path
) -> None:
    desk = opened(runner, tmp_path)

    @few_apps
    @given(scripts)
    def holds(script: Script) -> None:
        performance = runner.run(perform(desk.stage, check, tuple(script)))
        assert performance.findings == ()

    holds()


def test_whatever_came_before_a_leak_is_found(
    runner: asyncio.Runner, tmp_path: Path
) -> None:
    desk = opened(runner, tmp_path, "any token: GET /notes")
    leaks = st.sampled_from([LIST, READ]).map(foreign)

    @few_apps
    @given(scripts, leaks)
    def holds(script: Script, leak: Step) -> None:
        made = (*script, own(CREATE), leak)
        performance = runner.run(perform(desk.stage, check, made))
        found = {(one.oracle, one.operation) for one in performance.findings}
        assert ("access", leak.operation) in found

    holds()
