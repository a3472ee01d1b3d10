"""An app that calls out: its faults are found end to end, its oddities are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model.event import Channel
from harness.model.finding import Finding
from harness.model.progress import silent
from harness.model.result import Result
from harness.model.verdict import Outcome
from harness.run import Order, isolation, mutants
from harness.settings import Settings
from tests.targets.outgoing_app.faults import FAULTS, ODDITIES

ROOT = Path(__file__).parents[2]
ASK = "POST /assistant/messages"


def settings(runs: Path, hosting: str) -> Settings:
    return Settings.model_validate(
        {
            "target": "tests.targets.outgoing:target",
            "postgres": "embedded",
            "machine": False,
            "hosting": hosting,
            "runs": runs,
        }
    )


def results(runs: Path, names: list[str], *, hosting: str) -> dict[str, Result]:
    order = Order(settings(runs, hosting), "", ROOT, silent)
    outcomes = mutants(order, names)
    assert [one.error for one in outcomes if one.error] == []
    return {one.name: one.result for one in outcomes if one.result is not None}


def shown(result: Result, operation: str, shape: str) -> Finding:
    """Return the finding that a request to the outside gave."""
    (finding,) = (
        one
        for one in result.findings
        if (one.oracle, one.operation, one.shape) == ("egress", operation, shape)
    )
    assert finding.channel is Channel.EGRESS
    return finding


def test_each_fault_is_found_and_told_from_the_others(tmp_path: Path) -> None:
    found = results(tmp_path, list(FAULTS), hosting="inprocess")

    assert {one.verdict.outcome for one in found.values()} == {Outcome.FAIL}
    cached = shown(found["context cached by member"], ASK, "another tenant")
    assert (cached.owner, cached.receiver) == (0, 1)
    assert "A's POST /notes body.text was sent with B's key" in cached.summary
    assert [str(step) for step in cached.script] == [f"A: {ASK}", f"B: {ASK}"]
    first = found["key of the first"]
    assert "was sent with A's key" in " ".join(one.summary for one in first.findings)
    (limits,) = found["limits of the last"].findings
    assert (limits.oracle, limits.operation) == ("canary", "GET /assistant/limits")
    assert limits.what == "rate limit at the provider"
    hooks = shown(found["hooks of all"], "egress sink", "another tenant")
    assert "was sent to an address of" in hooks.summary
    assert hooks.owner != hooks.receiver
    assert shown(found["key in the hook"], "egress sink", "secret").owner == 0
    shown(found["common key, context cached by member"], ASK, "two tenants")


def test_what_only_looks_wrong_stays_silent(tmp_path: Path) -> None:
    quiet = results(tmp_path, list(ODDITIES), hosting="inprocess")

    assert {name: one.findings for name, one in quiet.items()} == dict.fromkeys(
        ODDITIES, ()
    )
    assert {one.verdict.outcome for one in quiet.values()} == {Outcome.PASS}


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("hooks of all", Outcome.FAIL),
        ("late hooks", Outcome.PASS),
    ],
)
def test_a_served_app_is_judged_the_same(
    tmp_path: Path, name: str, outcome: Outcome
) -> None:
    result = results(tmp_path, [name], hosting="served")[name]

    assert result.verdict.outcome is outcome
    assert bool(result.findings) is (outcome is Outcome.FAIL)


def test_the_app_as_it_is_passes_with_its_egress_watched(tmp_path: Path) -> None:
    order = Order(settings(tmp_path, "inprocess"), "", ROOT, silent)

    result = isolation(order)

    assert result.verdict.outcome is Outcome.PASS
    assert Channel.EGRESS in result.coverage.channels
    counted = {one.name: one.value for one in result.measurements}
    assert counted["provider_calls"] > 0
    # It makes its assistants on first use.
    assert counted["provider_calls_per_boot"] == 0
