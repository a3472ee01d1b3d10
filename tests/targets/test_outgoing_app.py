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
COUNT = "GET /assistant/greeting"


class Runs:
    """Runs of the sweep on the server that all tests share."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self._dsn = dsn
        self._directory = directory

    def order(
        self, hosting: str = "inprocess", *, tenants: int = 2, target: str = "target"
    ) -> Order:
        settings = {
            "target": f"tests.targets.outgoing:{target}",
            "postgres": "dsn",
            "dsn": self._dsn,
            "machine": False,
            "together": 4,
            "tenants": tenants,
            "hosting": hosting,
            "runs": self._directory,
        }
        return Order(Settings.model_validate(settings), "", ROOT, silent)

    def of(
        self,
        variant: str,
        hosting: str = "inprocess",
        *,
        tenants: int = 2,
        target: str = "target",
    ) -> Result:
        order = self.order(hosting, tenants=tenants, target=target)
        (outcome,) = mutants(order, [variant])
        assert outcome.error == ""
        assert outcome.result is not None
        return outcome.result


@pytest.fixture
def runs(server_dsn: str, tmp_path: Path) -> Runs:
    return Runs(server_dsn, tmp_path)


def shown(result: Result, operation: str, shape: str) -> Finding:
    """Return the finding that a request to the outside gave."""
    assert result.verdict.outcome is Outcome.FAIL
    (finding,) = (
        one
        for one in result.findings
        if (one.oracle, one.operation, one.shape) == ("egress", operation, shape)
    )
    assert finding.channel is Channel.EGRESS
    return finding


def test_a_context_under_anothers_key_is_found(runs: Runs) -> None:
    cached = shown(runs.of("context cached by member"), ASK, "another tenant")

    assert (cached.owner, cached.receiver) == (0, 1)
    assert "A's POST /notes body.text was sent with B's key" in cached.summary
    assert [str(step) for step in cached.script] == [f"A: {ASK}", f"B: {ASK}"]


def test_two_tenants_in_one_prompt_are_found_though_one_key_serves_all(
    runs: Runs,
) -> None:
    mixed = shown(runs.of("common key, context cached by member"), ASK, "two tenants")

    assert mixed.owner == 0
    assert "A's POST /notes body.text" in mixed.summary


def test_data_under_a_key_that_all_use_are_found(runs: Runs) -> None:
    first = runs.of("key of the first")

    assert "was sent with A's key" in " ".join(one.summary for one in first.findings)


def test_a_call_without_data_under_the_key_of_an_earlier_step_is_found(
    runs: Runs,
) -> None:
    counted = shown(
        runs.of("tokens counted by the first"), COUNT, "another tenant's key"
    )

    assert (counted.owner, counted.receiver) == (0, 1)
    assert [str(step) for step in counted.script] == [
        f"A: {COUNT}",
        f"B: {COUNT}",
        f"B: {COUNT}, while A's key is used up",
    ]


def test_a_rate_limit_of_one_key_that_stops_another_is_found(runs: Runs) -> None:
    stopped = shown(runs.of("limits of all"), ASK, "another tenant's key")

    assert "status 429" in stopped.evidence[0].text
    assert [str(step) for step in stopped.script] == [
        f"B: {ASK}",
        f"A: {ASK}, while A's key is used up",
        f"B: {ASK}, while A's key is used up",
    ]


def test_a_rate_limit_that_is_told_to_another_is_found(runs: Runs) -> None:
    (limits,) = runs.of("limits of the last").findings

    assert (limits.oracle, limits.operation) == ("canary", "GET /assistant/limits")
    assert limits.what == "rate limit at the provider"


@pytest.mark.parametrize("hosting", ["inprocess", "served"])
def test_a_webhook_that_is_delivered_to_another_is_found(
    runs: Runs, hosting: str
) -> None:
    hooks = shown(runs.of("hooks of all", hosting), "egress sink", "another tenant")

    assert "was sent to an address of" in hooks.summary
    assert hooks.owner != hooks.receiver


def test_a_key_in_a_webhook_is_found(runs: Runs) -> None:
    assert shown(runs.of("key in the hook"), "egress sink", "secret").owner == 0


@pytest.mark.parametrize("name", ODDITIES)
def test_what_only_looks_wrong_stays_silent(runs: Runs, name: str) -> None:
    quiet = runs.of(name)

    assert quiet.findings == ()
    assert quiet.verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("tokens counted by the first", Outcome.FAIL), ("late hooks", Outcome.PASS)],
)
def test_a_served_app_is_judged_the_same(
    runs: Runs, name: str, outcome: Outcome
) -> None:
    result = runs.of(name, "served")

    assert result.verdict.outcome is outcome
    assert bool(result.findings) is (outcome is Outcome.FAIL)


def test_each_fault_has_a_test_of_its_own() -> None:
    told = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in FAULTS if f'"{name}"' not in told] == []


def test_the_app_as_it_is_passes_with_its_egress_watched(runs: Runs) -> None:
    result = isolation(runs.order(tenants=3))

    assert result.verdict.outcome is Outcome.PASS
    assert Channel.EGRESS in result.coverage.channels
    counted = {one.name: one.value for one in result.measurements}
    assert counted["provider_calls"] > 0
    # It makes its assistants on first use.
    assert counted["provider_calls_per_boot"] == 0


@pytest.mark.parametrize("hosting", ["inprocess", "served"])
def test_a_start_that_asks_the_provider_twice_is_found_where_once_is_allowed(
    runs: Runs, hosting: str
) -> None:
    result = runs.of("keys tried twice", hosting, target="one_call")

    (finding,) = result.findings
    assert (finding.oracle, finding.shape) == ("lifecycle", "called too often")
    assert "2 times with " in finding.summary
    assert finding.summary.endswith("'s key; the target allows 1")


@pytest.mark.parametrize(
    ("variant", "target"),
    [("keys tried once", "one_call"), ("keys tried twice", "target")],
)
def test_a_start_may_ask_the_provider_as_often_as_the_target_allows(
    runs: Runs, variant: str, target: str
) -> None:
    result = runs.of(variant, target=target)

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    counted = {one.name: one.value for one in result.measurements}
    asked = 1 if variant == "keys tried once" else 2
    assert counted["provider_calls_per_tenant"] == asked
