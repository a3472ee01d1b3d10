from __future__ import annotations

from dataclasses import replace

import pytest

import harness
from harness.errors import Inconclusive, UsageError
from harness.exploring.scenario import Scenario
from harness.model.coverage import Gap
from harness.run.explore import Exploration, explorer
from tests.reports.orders import TOKEN, a_race, an_exploration
from tests.reports.results import a_result
from tests.targets.first_use import target, two_at_once

pytest_plugins = ["pytester"]


def test_one_world_serves_several_explorations(
    server_dsn: str, tmp_path: object
) -> None:
    settings = {"dsn": server_dsn, "tenants": 2, "runs": tmp_path}

    with explorer(target, **settings) as explore:
        first = explore(two_at_once, schedules=3)
        second = explore(two_at_once, schedules=2).check()

    assert first.verdict.outcome == "pass", str(first)
    assert [one.schedules for one in first.explored] == [3]
    assert [one.schedules for one in second.explored] == [2]
    assert "first_use.py:two_at_once --schedules 2" in second.result.command


def test_a_race_fails_the_check_with_its_diagram_and_its_token(
    server_dsn: str, tmp_path: object
) -> None:
    found = harness.explore(
        target,
        two_at_once,
        schedules=2,
        only_first=True,
        variant="racing",
        dsn=server_dsn,
        tenants=2,
        runs=tmp_path,
    )

    with pytest.raises(AssertionError) as raised:
        found.check()

    message = str(raised.value)
    assert any(one.what for one in found.findings)
    assert "●  " in message
    assert "harness replay r1." in message


async def test_it_refuses_to_run_within_a_loop() -> None:
    with pytest.raises(UsageError, match="from a coroutine"):
        harness.explore(target, two_at_once)


def test_what_saw_too_little_does_not_pass_the_check() -> None:
    gap = Gap("scenario two_at_once", "stood still", floor=True)

    with pytest.raises(Inconclusive, match="stood still"):
        Exploration(a_result(gaps=(gap,))).check()


def test_what_holds_passes_the_check_and_reads_as_the_report() -> None:
    quiet = Exploration(
        replace(a_result(), exercise="races", explored=(an_exploration(),))
    )

    assert quiet.check() is quiet
    assert "EXPLORED" in str(quiet)


def test_a_hand_written_race_reads_with_its_token() -> None:
    assert f"harness replay {TOKEN}" in str(Exploration(a_result(a_race())))


def test_what_users_need_is_exported() -> None:
    assert isinstance(harness.scenario(two_at_once.act), Scenario)
    assert harness.Stage.__name__ == "Stage"


PROJECT = """
[tool.harness]
target = "tests.targets.first_use:target"
variant = "racing"
tenants = 2
"""

TESTS = """
from tests.targets.first_use import two_at_once


def test_races(explore):
    explore(two_at_once, schedules=2)


def test_looks(explore, harness_worlds):
    found = explore(two_at_once, schedules=2, check=False)
    assert found.findings
    assert harness_worlds.of("") is harness_worlds.of("")


def test_other(capsys):
    print("said")
    assert capsys.readouterr().out == "said\\n"
"""


def test_the_fixture_fails_a_test_that_races_and_leaves_others_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server_dsn: str
) -> None:
    pytester.makefile(".toml", pyproject=PROJECT)
    pytester.makepyfile(TESTS)
    monkeypatch.setenv("HARNESS_DSN", server_dsn)

    done = pytester.runpytest_subprocess(
        "-p", "harness.pytest_plugin", "-p", "no:asyncio", "-W", "error"
    )

    done.assert_outcomes(failed=1, passed=2)
    done.stdout.fnmatch_lines(["*harness replay r1.*"])
    assert "arrive GET /notes" in done.stdout.str()


def test_a_session_that_explores_nothing_loads_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_light():\n"
        "    assert 'harness.run' not in sys.modules\n"
        "    assert 'asyncpg' not in sys.modules\n"
    )

    done = pytester.runpytest_subprocess("-p", "harness.pytest_plugin")

    done.assert_outcomes(passed=1)
