"""A scenario is an async function of a stage; what is wrong with it is said."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import UsageError
from harness.exploring.scenario import ensure_distinct, scenario
from harness.exploring.stage import Stage


async def visit(stage: Stage) -> None:
    """Somebody comes.

    And goes again.
    """


def test_its_name_and_its_first_line_are_those_of_the_function() -> None:
    made = scenario(visit)

    assert (made.name, made.about) == ("visit", "Somebody comes.")
    assert (made.tenants, made.started, made.faults) == (1, True, 0)


def test_options_are_kept() -> None:
    made = scenario(tenants=3, started=False, actions=("evict",), faults=2)(visit)

    assert (made.tenants, made.started, made.faults) == (3, False, 2)
    assert made.actions == ("evict",)
    assert (made.ready, made.flows, made.processes) == (False, False, 1)


def plain(stage: Stage) -> None:
    """Is no coroutine function."""


async def alone() -> None:
    """Takes no stage."""


async def crowded(stage: Stage, tenant: int) -> None:
    """Takes too much."""


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (plain, "plain is no async function"),
        (alone, "alone must take one argument"),
        (crowded, "crowded must take one argument"),
        (3, "3 is no async function"),
    ],
)
def test_what_is_no_async_function_of_one_stage_is_refused(
    act: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        scenario(act)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"tenant": 2}, "unknown option 'tenant'", "'tenants'"),
        ({"name": "x"}, "unknown option 'name'", ""),
        ({"strategies": "lazy"}, "strategies='lazy', which is no tuple", "one"),
        ({"tenants": "2"}, "tenants='2', which is no int", ""),
        ({"tenants": 0}, "tenants=0; the least is 1", ""),
        ({"faults": -1}, "faults=-1; the least is 0", ""),
        ({"started": None}, "started=None, which is no bool", ""),
    ],
)
def test_a_wrong_option_is_refused(
    options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        scenario(**options)(visit)
    assert hint in refusal.value.hint


def test_two_of_one_name_are_refused() -> None:
    ensure_distinct([scenario(visit)])
    with pytest.raises(UsageError, match="Two scenarios are called 'visit'"):
        ensure_distinct([scenario(visit), scenario(tenants=2)(visit)])
