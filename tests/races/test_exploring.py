"""Exploration finds races, shows them again, shortens them, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.exploring.grounds import Inputs
from harness.exploring.proving import Bench
from harness.exploring.schedules import Schedules
from harness.exploring.stage import Stage
from harness.model.finding import Finding
from harness.model.progress import Progress
from harness.model.race import Movement, Scheduled
from harness.model.verdict import Outcome
from harness.run.grounds import Venue
from harness.run.judgement import check
from harness.run.order import Order
from harness.run.races import explore_at
from harness.scheduling.token import Token, decode
from tests.races import kiosk
from tests.races.conftest import Explore
from tests.races.plays import at, cold_stampede, look, look_twice

TWICE = "A was initialised twice"


@pytest.mark.parametrize("way", [kiosk.WRONG, kiosk.WINDOW])
def test_a_pool_made_twice_is_found_and_blocks_the_run(
    explore: Explore, way: str
) -> None:
    result = explore(at(way, cold_stampede), schedules=40)

    assert result.verdict.outcome is Outcome.FAIL
    assert [one.summary[: len(TWICE)] for one in result.findings] == [TWICE]
    assert result.explored[0].first
    assert result.findings[0].fingerprint in result.explored[0].findings
    assert not result.coverage.gaps


def test_a_hook_that_reads_what_nobody_wrote_leaves_the_run_inconclusive(
    explore: Explore,
) -> None:
    async def act(stage: Stage) -> None:
        await stage.tenant(0).writes("looked away", 1)
        await stage.tenant(0).sees("looked away")

    subject = ("looked away",)
    result = explore(at(kiosk.RIGHT[0], act, generations=subject), schedules=2)

    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert any("says generation 7" in str(one) for one in result.coverage.gaps)


def test_what_a_shutdown_leaves_open_is_found(explore: Explore) -> None:
    result = explore(at(kiosk.UNCLOSED, cold_stampede), schedules=3)

    assert result.verdict.outcome is Outcome.FAIL
    assert any("left open" in str(one) for one in result.findings), result.findings


@pytest.mark.parametrize("way", [way for way in kiosk.RIGHT if way != kiosk.UNOPENED])
def test_what_makes_it_once_is_silent(explore: Explore, way: str) -> None:
    result = explore(at(way, cold_stampede), schedules=25)

    assert result.findings == ()
    assert result.verdict.outcome is Outcome.PASS, result.verdict
    assert result.explored[0].distinct > 15


def test_what_waits_for_nothing_is_never_interrupted(explore: Explore) -> None:
    result = explore(at(kiosk.UNOPENED, cold_stampede), schedules=25)

    assert result.findings == ()
    assert result.explored[0].distinct > 15
    # The target names a function that is not called in this way.
    assert [gap.what for gap in result.coverage.gaps] == [
        f"initialiser {kiosk.APP}:open_pool"
    ]


def test_a_finding_is_as_short_as_it_can_be(venue: Venue, explore: Explore) -> None:
    [finding] = explore(at(kiosk.WINDOW, cold_stampede), schedules=40).findings
    shown = finding.interleaving
    assert shown is not None
    token = decode(shown.token)

    assert shown.minimal
    assert len(token.tape) == len(shown.deviations) > 0
    skipped = token.inputs["skipped"]
    for number in skipped:
        assert not any(f"request {number}" in name for name, _ in shown.actors)
    assert any(line.deviates for line in shown.lines)
    assert _shows(venue, finding, token)
    for left in range(len(token.tape)):
        tape = token.tape[:left] + token.tape[left + 1 :]
        assert not _shows(venue, finding, token, tape=tape)
    for number in {1, 2, 3}.difference(skipped):
        assert not _shows(venue, finding, token, without=number)


def _shows(
    venue: Venue,
    finding: Finding,
    token: Token,
    *,
    tape: object = None,
    without: int = 0,
) -> bool:
    inputs = Inputs(
        tuple(token.inputs["cast"]),
        token.inputs["reads"],
        frozenset(token.inputs["skipped"]) | ({without} if without else set()),
    )
    recorder = venue.scene.recorder
    mark = recorder.mark
    with venue.grounds(token.seed) as grounds:
        bench = Bench(
            schedules=Schedules(grounds),
            judge=lambda events: check(venue.stage.history(events)),
            recorder=recorder,
            variant="",
            seed=token.seed,
        )
        _, findings, unfit = bench.replay(
            at(kiosk.WINDOW, cold_stampede),
            inputs,
            token.tape if tape is None else tape,  # type: ignore[arg-type]
        )
    recorder.forget(mark)
    assert tape is not None or without or not unfit
    return any(one.fingerprint == finding.fingerprint for one in findings)


def test_the_order_that_is_shown_has_one_opening_inside_the_other(
    explore: Explore,
) -> None:
    [finding] = explore(at(kiosk.WRONG, cold_stampede), schedules=20).findings
    shown = finding.interleaving
    assert shown is not None

    openers = [line.actor for line in shown.lines if line.actor.endswith("opens A")]
    assert sorted(set(openers)) == ["request 1 opens A", "request 3 opens A"]
    first = openers.index("request 3 opens A")
    assert "request 1 opens A" in openers[first:]
    assert all(line.movement is not Movement.FAILED for line in shown.lines)


def test_what_does_not_show_again_is_no_finding_and_leaves_the_run_open(
    explore: Explore,
) -> None:
    result = explore(at(kiosk.LUCK, cold_stampede), schedules=20)

    assert result.findings == ()
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert any(
        gap.floor and "again" in gap.what and TWICE in gap.what
        for gap in result.coverage.gaps
    ), result.coverage.gaps


def test_data_that_reached_another_once_is_a_leak_though_it_does_not_show_again(
    explore: Explore,
) -> None:
    result = explore(at(kiosk.SHARED, look), schedules=20)

    assert result.verdict.outcome is Outcome.FAIL
    leak = next(one for one in result.findings if one.oracle == "canary")
    assert {leak.owner, leak.receiver} == {0, 1}
    assert "in 1 of 2 runs of one schedule" in leak.summary
    assert leak.interleaving is not None
    assert not leak.interleaving.minimal
    assert any(gap.floor and "again" in gap.what for gap in result.coverage.gaps)


def test_progress_says_how_far_it_is_and_what_was_found(
    venue: Venue, order: Order
) -> None:
    heard: list[Progress] = []
    scenarios = [at(kiosk.WRONG, cold_stampede), at("single-flight", look)]
    changed = replace(order.changed(schedules=6), listener=heard.append)

    explore_at(venue, changed, scenarios)

    assert heard[0].detail == "scenario 1 of 2, cold_stampede: 1 found"
    assert heard[0].finding.startswith(TWICE)
    assert heard[-1].detail == "scenario 2 of 2, look: 0 found"
    assert [one.finding for one in heard if one.finding] == [heard[0].finding]
    assert {(one.done, one.total) for one in heard} == {(n, 6) for n in range(1, 7)}


def test_where_one_finding_is_enough_scenarios_take_turns(explore: Explore) -> None:
    result = explore(
        at("single-flight", cold_stampede),
        at(kiosk.WRONG, look_twice),
        schedules=1000,
        only_first=True,
    )

    silent, found = result.explored
    assert len(result.findings) == 1
    assert found.first
    assert silent.schedules < 100


def test_all_that_was_run_is_counted_and_nothing_of_it_stays(
    venue: Venue, explore: Explore
) -> None:
    before = venue.scene.recorder.mark

    result = explore(at("single-flight", cold_stampede), schedules=20)

    [explored] = result.explored
    assert explored.schedules == 20
    assert sum(explored.strategies.values()) == 20
    assert venue.scene.recorder.mark == before
    assert not any(isinstance(one, Scheduled) for one in venue.scene.recorder.since())


def test_what_the_app_raises_after_an_answer_is_found_where_requests_meet(
    explore: Explore,
) -> None:
    wrong, right = kiosk.TOKENS

    found = explore(at(wrong, cold_stampede), schedules=3, only_first=True).findings
    silent = explore(at(right, cold_stampede), schedules=10)

    assert found[0].shape == "raised after its answer"
    assert "ValueError: <Token var=<ContextVar name='slug' at 0x…>" in found[0].summary
    assert silent.findings == ()
