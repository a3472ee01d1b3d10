"""The second tier from end to end: found only there, labelled, and replayed there."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.exploring.proving import BRIEFLY, STEPS
from harness.model.progress import silent
from harness.model.verdict import Outcome
from harness.run.explore import Exploration, explore
from harness.run.order import Order
from harness.run.orders import replay_orders
from harness.scheduling.token import decode
from harness.settings import Settings
from tests.targets.first_use import MAIN, target, two_at_once

stepping = replace(target, app=f"{MAIN}:stepping", variants={})


@pytest.fixture
def settings(server_dsn: str, tmp_path: Path) -> dict[str, Any]:
    return {"dsn": server_dsn, "tenants": 2, "runs": tmp_path}


def explored(
    app: object, settings: dict[str, Any], *, steps: bool, schedules: int = 12
) -> Exploration:
    return explore(
        app,  # type: ignore[arg-type]
        two_at_once,
        schedules=schedules,
        only_first=True,
        task_steps=steps,
        **settings,
    )


def test_a_race_between_steps_is_no_finding_of_the_first_tier(
    settings: dict[str, Any],
) -> None:
    found = explored(stepping, settings, steps=False)

    assert found.verdict.outcome is Outcome.PASS, str(found)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_is_found_in_the_second_tier_labelled_and_replayed_there(
    settings: dict[str, Any],
) -> None:
    found = explored(stepping, settings, steps=True)

    assert found.findings
    shown = found.findings[0]
    assert shown.summary.endswith(f"({BRIEFLY})")
    assert shown.interleaving is not None
    assert "task steps; such an order may be rarer" in str(found)
    token = shown.interleaving.token
    assert decode(token).inputs[STEPS] is True
    assert any(line.text.startswith("step ") for line in shown.interleaving.lines)

    again = replay_orders(
        Order(
            Settings(target=f"{__name__}:stepping", **settings),
            "",
            Path(__file__).parents[2],
            silent,
        ),
        {token: shown.fingerprint},
        files=["tests/targets/first_use.py"],
    )

    assert [one.fingerprint for one in again.result.findings] == [shown.fingerprint]
    assert again.orders[0].granularity
    # The pool that the race leaks is not to be taken for the next test's.
    gc.collect()


def test_correct_code_is_silent_in_the_second_tier(settings: dict[str, Any]) -> None:
    found = explored(target, settings, steps=True)

    assert found.verdict.outcome is Outcome.PASS, str(found)
